import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import type { PostgresClient, Sql } from "../client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

/** A table by its name as the server quotes it, with its schema, and the column that says how old a row is. */
export const Rows = z.object({
  table: z.string().min(3).max(300),
  column: z.string().min(1).max(63),
  /** Rows before this time are old; UTC. */
  before: z.iso.datetime(),
});
export type Rows = z.infer<typeof Rows>;

/** More are not counted. */
export const MOST_COUNTED = 1_000_000;

const Old = z.object({
  /** Null: there is no such table, or no such column of a time in it. */
  table: z
    .object({
      /** Quoted by the server, as is `column`. */
      name: z.string(),
      column: z.string(),
      /** The column has a time zone: then times are compared as they are, otherwise as UTC. */
      hasZone: z.boolean(),
      isPartitioned: z.boolean(),
      inRecovery: z.boolean(),
      rows: z.number(),
      bytes: z.number(),
      /** A valid B-tree that begins with the column; null: none. */
      index: z.string().nullable(),
      /** Tables whose foreign keys point at it, at most 5. */
      referencedBy: z.array(z.string()),
      /** Triggers that see a row go, at most 5. */
      triggers: z.array(z.string()),
      hasRowSecurity: z.boolean(),
      /** Tables that inherit from it and hold rows of it (old partitions, chunks of TimescaleDB), at most 5. */
      children: z.array(z.string()).default([]),
      /** Rules that turn a DELETE into something else, at most 5. */
      rules: z.array(z.string()).default([]),
      /** Publications that send its deletes to subscribers, at most 5. */
      publications: z.array(z.string()).default([]),
      /** It has what subscribers know a row by; without it a published table refuses every DELETE. */
      hasIdentity: z.boolean().default(true),
      mayDelete: z.boolean(),
      /** Days between `before` and the server's clock. */
      days: z.number(),
    })
    .nullable(),
  /** Rows before that time, at most a million; null: not counted, as no index finds them. */
  old: z.number().nullable(),
  /** Of the oldest row, UTC; null: there is none, or it was not looked for. */
  oldest: z.string().nullable(),
});
export type OldRows = z.infer<typeof Old>;

const FACTS = `SELECT format('%I.%I', n.nspname, c.relname) AS name, quote_ident(a.attname) AS "column", t.typname = 'timestamptz' AS "hasZone", c.relkind = 'p' AS "isPartitioned",
    pg_is_in_recovery() AS "inRecovery", greatest(c.reltuples, 0)::float8 AS rows,
    c.relpages::float8 * current_setting('block_size')::int AS bytes,
    (SELECT format('%I.%I', xn.nspname, x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
      JOIN pg_namespace xn ON xn.oid = x.relnamespace JOIN pg_am m ON m.oid = x.relam AND m.amname = 'btree'
      WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = a.attnum ORDER BY x.oid LIMIT 1) AS index,
    ARRAY(SELECT o.conrelid::regclass::text FROM pg_constraint o WHERE o.contype = 'f' AND o.confrelid = c.oid ORDER BY 1 LIMIT 5)
      AS "referencedBy",
    ARRAY(SELECT quote_ident(t.tgname) FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
      AND t.tgtype & 8 <> 0 ORDER BY 1 LIMIT 5) AS triggers,
    c.relrowsecurity AS "hasRowSecurity",
    ARRAY(SELECT h.inhrelid::regclass::text FROM pg_inherits h WHERE h.inhparent = c.oid AND c.relkind = 'r' ORDER BY 1 LIMIT 5)
      AS children,
    ARRAY(SELECT quote_ident(w.rulename) FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type = '4' AND w.ev_enabled <> 'D'
      ORDER BY 1 LIMIT 5) AS rules,
    ARRAY(SELECT quote_ident(p.pubname) FROM pg_publication p JOIN pg_publication_tables pt ON pt.pubname = p.pubname
      WHERE p.pubdelete AND pt.schemaname = n.nspname AND pt.tablename = c.relname ORDER BY 1 LIMIT 5) AS publications,
    c.relreplident IN ('f', 'i') OR (c.relreplident = 'd' AND EXISTS (SELECT FROM pg_index k WHERE k.indrelid = c.oid AND k.indisprimary))
      AS "hasIdentity",
    has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'DELETE') AS "mayDelete",
    extract(epoch FROM clock_timestamp() - $3::timestamptz)::float8 / 86400 AS days
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = $2
  JOIN pg_type t ON t.oid = a.atttypid AND t.typname IN ('timestamptz', 'timestamp', 'date')
  WHERE format('%I.%I', n.nspname, c.relname) = $1 AND c.relkind IN ('r', 'p')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema')`;

/** Of tables that inherit from it no row: a place (ctid) is that of a row in one table, and of another row in each of the others. */
export const rowsOf = ({
  name,
  isPartitioned,
}: {
  readonly name: string;
  readonly isPartitioned: boolean;
}) => (isPartitioned ? name : `ONLY ${name}`);

/** A time without a zone is read as UTC; the session's own zone plays no part. */
export const isOld = ({ column, hasZone }: { readonly column: string; readonly hasZone: boolean }): string =>
  `${column} < ${hasZone ? "$1::timestamptz" : "($1::timestamptz AT TIME ZONE 'UTC')"}`;

/** The names are the server's own quoting of what it found under the bound names. */
export async function oldRowsOf(sql: Sql, { table, column, before }: Rows): Promise<OldRows> {
  const [found] = await sql<NonNullable<OldRows["table"]>>(FACTS, [table, column, before]);
  if (found === undefined) return { table: null, old: null, oldest: null };
  // Without an index to count them is to read all of it.
  if (found.index === null || !found.mayDelete || found.children.length > 0)
    return { table: found, old: null, oldest: null };
  const [counted] = await sql<{ old: number; oldest: string | null }>(
    `SELECT (SELECT count(*)::int FROM (SELECT FROM ${rowsOf(found)} WHERE ${isOld(found)} LIMIT ${MOST_COUNTED}) o) AS old,
       (SELECT to_char(min(${found.column}), 'YYYY-MM-DD HH24:MI') FROM ${rowsOf(found)} WHERE ${isOld(found)}) AS oldest`,
    [before],
  );
  return { table: found, old: counted?.old ?? 0, oldest: counted?.oldest ?? null };
}

/** How many rows of a table are older than a time, and what stands in the way of deleting them. sergas-accounts.audit-log-retention. */
export const oldRows = read({
  name: "postgres.old-rows",
  title: "Rows older than a time",
  timeoutSeconds: 30,
  input: Rows,
  output: Old,
  run: (client, input, context) => client.read(context, (sql) => oldRowsOf(sql, input)),
});
