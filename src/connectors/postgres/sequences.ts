import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { count } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Sequence = z.object({
  sequence: z.string(),
  /** `public.orders.id`; empty: no column takes its values from it. */
  column: z.string(),
  /** Of the column, or of the sequence where there is none: smallint, integer, bigint. */
  type: z.string(),
  /** What ends it: the sequence's own maximum (or minimum), or the type of the column. */
  boundBy: z.enum(["sequence", "column"]),
  last: z.number(),
  limit: z.number(),
  /** Share of its numbers that is used. */
  ratio: z.number(),
  /** Calls of nextval until it fails. */
  left: z.number(),
});
export type Sequence = z.infer<typeof Sequence>;

// A serial column of a table is bound by whichever is less: the sequence, or the type of the column it is the default of. A
// sequence made before PG 10 goes to 2^63 though its column ends at 2^31. Those that CYCLE have no end.
const NEAR_END = `WITH columns AS (
    SELECT d.refobjid AS seq, t.adrelid AS relid, t.adnum AS attnum FROM pg_depend d JOIN pg_attrdef t ON t.oid = d.objid
      WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
    UNION SELECT d.objid, d.refobjid, d.refobjsubid FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0),
  bound AS (
    SELECT s.seqrelid, s.seqincrement::numeric AS step, s.seqmin::numeric AS low, s.seqmax::numeric AS high, s.seqtypid,
      format('%I.%I', n.nspname, c.relname) AS sequence, a.atttypid,
      -- An identifier that is NULL is an error of format(): most sequences of their own have no column.
      CASE WHEN a.attnum IS NULL THEN '' ELSE format('%I.%I.%I', tn.nspname, tc.relname, a.attname) END AS column_name,
      CASE a.atttypid WHEN 21 THEN 32767 WHEN 23 THEN 2147483647 WHEN 20 THEN 9223372036854775807 END::numeric AS most,
      CASE a.atttypid WHEN 21 THEN -32768 WHEN 23 THEN -2147483648 WHEN 20 THEN -9223372036854775808 END::numeric AS lowest
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN columns o ON o.seq = s.seqrelid AND EXISTS (SELECT FROM pg_class r WHERE r.oid = o.relid AND r.relkind IN ('r', 'p', 'f'))
    LEFT JOIN pg_attribute a ON a.attrelid = o.relid AND a.attnum = o.attnum AND a.atttypid IN (20, 21, 23)
    LEFT JOIN pg_class tc ON tc.oid = a.attrelid LEFT JOIN pg_namespace tn ON tn.oid = tc.relnamespace
    WHERE NOT s.seqcycle AND c.relpersistence <> 't'),
  ends AS (
    SELECT *, has_sequence_privilege(seqrelid, 'SELECT, USAGE') AS may,
      CASE WHEN step > 0 THEN least(high, coalesce(most, high)) ELSE greatest(low, coalesce(lowest, low)) END AS bound_at
    FROM bound),
  read AS (
    SELECT *, CASE WHEN may THEN pg_sequence_last_value(seqrelid)::numeric END AS last FROM ends)
  SELECT sequence, column_name AS "column", format_type(coalesce(atttypid, seqtypid), NULL) AS type, may,
    CASE WHEN bound_at = CASE WHEN step > 0 THEN high ELSE low END THEN 'sequence' ELSE 'column' END AS "boundBy",
    last::float8 AS last, bound_at::float8 AS "limit",
    (abs(last - CASE WHEN step > 0 THEN low ELSE high END)
      / greatest(abs(bound_at - CASE WHEN step > 0 THEN low ELSE high END), 1))::float8 AS ratio,
    greatest(0, floor(abs(bound_at - last) / abs(step)))::float8 AS "left"
  FROM read`;

/** Sequences by how much of their numbers is used, at most 10; those below are left out. */
const NEAR = `${NEAR_END} WHERE may AND last IS NOT NULL`;
/** A bigint at one a microsecond lasts for 290,000 years: only the smaller ones are missed. */
const UNREAD = `SELECT count(*) AS n, min(sequence) AS one FROM (${NEAR_END}) s WHERE NOT may AND s."limit" < 9e15`;

/**
 * Sequences near their end, by what ends them first: their own maximum or the type of the column they fill. After it nextval,
 * or the INSERT, fails (SQLSTATE 2200H, 22003). Of the connection's database only.
 */
export const sequences = read({
  name: "postgres.sequences",
  title: "Sequences near their end",
  input: z.object({ ratio: z.number().min(0).max(1).default(0.8) }),
  output: z.object({ near: z.array(Sequence), notSeen }),
  run: (client, { ratio }, context) =>
    client.read(context, async (sql) => {
      const [unread] = await sql<{ n: number; one: string | null }>(UNREAD);
      const near = await sql<Sequence>(
        `SELECT s.sequence, s."column", s.type, s."boundBy", s.last, s."limit", least(s.ratio, 1) AS ratio, s."left"
         FROM (${NEAR}) s WHERE s.ratio >= $1 ORDER BY s.ratio DESC, s.sequence LIMIT 10`,
        [ratio],
      );
      return { near, notSeen: notRead(unread?.n ?? 0, unread?.one ?? "") };
    }),
});

const notRead = (n: number, one: string): NotSeen[] =>
  n === 0
    ? []
    : [
        {
          what: `how far ${count(n, "sequence")} (${n === 1 ? one : `${one}, …`}) ${n === 1 ? "is" : "are"}`,
          why: "the bot's role may not read the position of sequences",
          fix: "GRANT SELECT ON ALL SEQUENCES IN SCHEMA <schema> TO the bot's role (positions only, no rows)",
        },
      ];
