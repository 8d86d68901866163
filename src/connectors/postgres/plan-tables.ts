import type { Sql } from "./client.ts";
import type { Column, Term } from "./plan-scans.ts";

/** A table that a plan reads whole: what is known of its columns and indexes. */
export interface PlannedTable {
  table: string;
  /** The partitioned table it is a part of; null: none. */
  root: string | null;
  rows: number;
  bytes: number;
  columns: (Column & {
    /** Share of the rows that one value has on average; null: not analyzed, or not for the bot's role. */
    share: number | null;
    /** Of the most common value. */
    most: number | null;
  })[];
  indexes: { name: string; columns: (string | null)[]; isValid: boolean; isPartial: boolean }[];
}

/** n_distinct is negative where it grows with the table (pg_stats). */
const SHARE = `(1 - s.null_frac) / CASE WHEN s.n_distinct > 0 THEN s.n_distinct
  WHEN s.n_distinct < 0 THEN greatest(1, -s.n_distinct * greatest(c.reltuples, 1)) END`;

export async function plannedTable(
  sql: Sql,
  schema: string,
  table: string,
): Promise<PlannedTable | undefined> {
  const [found] = await sql<PlannedTable>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS "table",
       CASE WHEN c.relispartition THEN (SELECT format('%I.%I', rn.nspname, r.relname) FROM pg_class r
         JOIN pg_namespace rn ON rn.oid = r.relnamespace WHERE r.oid = pg_partition_root(c.oid)) END AS root,
       greatest(c.reltuples, 0)::float8 AS rows, c.relpages::float8 * current_setting('block_size')::int AS bytes,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'quoted', quote_ident(a.attname),
           'type', format_type(a.atttypid, a.atttypmod), 'share', s.share, 'most', s.most)), '[]')
         FROM pg_attribute a LEFT JOIN LATERAL (SELECT (${SHARE})::float8 AS share, s.most_common_freqs[1]::float8 AS most FROM pg_stats s
           WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname ORDER BY s.inherited LIMIT 1) s ON true
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('name', format('%I.%I', xn.nspname, x.relname), 'isValid', i.indisvalid,
           'isPartial', i.indpred IS NOT NULL, 'columns', (SELECT jsonb_agg(a.attname ORDER BY k.nr)
             FROM unnest(i.indkey::smallint[]) WITH ORDINALITY k(attnum, nr)
             LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0
             WHERE k.nr <= i.indnkeyatts)) ORDER BY x.relname), '[]')
         FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace xn ON xn.oid = x.relnamespace
         WHERE i.indrelid = c.oid) AS indexes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, table],
  );
  return found;
}

export interface Advised {
  /** Columns of the index, those compared for equality first; empty: no index would find its rows. */
  columns: string[];
  /** Share of the table's rows that they keep on average; null: not known. */
  share: number | null;
  /** An index that begins with one of the columns. */
  existing: string | null;
  why: "missing" | "existing" | "unselective" | "wrapped" | "invalid" | "partial";
}

/** Reading the whole table is cheaper from about here on. */
const UNSELECTIVE = 0.1;
const MOST_COLUMNS = 3;

/** Which index would spare reading the whole table, or why there is none to be made. Pure. */
export function adviseIndex(terms: readonly Term[], { columns, indexes }: PlannedTable): Advised | undefined {
  const of = (kind: Term["kind"]) => [
    ...new Set(terms.flatMap((one) => (one.kind === kind ? [one.column] : []))),
  ];
  const shareOf = (name: string) => columns.find((one) => one.name === name)?.share ?? null;
  // The one that keeps fewest rows first: the index serves other statements, too.
  const all = of("equal").sort((a, b) => (shareOf(a) ?? 1) - (shareOf(b) ?? 1));
  // A flag beside a key adds nothing but size.
  const equal = all.filter((name, at) => at === 0 || (shareOf(name) ?? 0) < UNSELECTIVE);
  const wanted = [...equal, ...of("range").slice(0, 1)].slice(0, MOST_COLUMNS);
  const wrapped = of("other");
  const known = equal.map(shareOf).filter((share) => share !== null);
  const share = known.length === 0 ? null : known.reduce((all, one) => all * one, 1);
  const covering = indexes.filter(
    ({ columns: [first] }) => typeof first === "string" && wanted.includes(first),
  );
  const isUsable = ({ isValid, isPartial }: PlannedTable["indexes"][number]) => isValid && !isPartial;
  const index = covering.find(isUsable) ?? covering[0];
  const quoted = wanted.map((name) => columns.find((one) => one.name === name)?.quoted ?? name);
  const answer = { columns: quoted, share, existing: index?.name ?? null };
  if (wanted.length === 0) return wrapped.length === 0 ? undefined : wrappedIn(wrapped, columns, indexes);
  if (share !== null && share >= UNSELECTIVE) return { ...answer, why: "unselective" };
  if (index === undefined) return { ...answer, why: "missing" };
  if (!index.isValid) return { ...answer, why: "invalid" };
  return { ...answer, why: index.isPartial ? "partial" : "existing" };
}

const wrappedIn = (
  wrapped: readonly string[],
  columns: PlannedTable["columns"],
  indexes: PlannedTable["indexes"],
): Advised => ({
  columns: wrapped.map((name) => columns.find((one) => one.name === name)?.quoted ?? name),
  share: null,
  existing:
    indexes.find(({ columns: [first] }) => typeof first === "string" && wrapped.includes(first))?.name ??
    null,
  why: "wrapped",
});
