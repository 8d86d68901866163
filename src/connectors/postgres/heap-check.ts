import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { toDiagError } from "../../core/words/errors.ts";
import type { PostgresClient } from "./client.ts";

/** Larger tables take too long for a look during an incident; `pg_amcheck` by night reads those. */
const MAX_BLOCKS = 8_192;
const MAX_TABLES = 100;

export const Heaps = z.object({
  /** `no-amcheck`: the extension is not created, or older than 1.3 (PostgreSQL 14), which has no such check. */
  status: z.enum(["checked", "no-amcheck", "forbidden"]),
  checked: z.int(),
  /** Tables of at most 64 MB that there are. */
  total: z.int(),
  damaged: z.array(z.object({ table: z.string(), block: z.number().nullable(), error: z.string() })).max(10),
});
export type HeapCheck = z.infer<typeof Heaps>;

/**
 * Do the rows of tables hold together? `verify_heapam` of amcheck on tables up to 64 MB, the most written first, until the budget (ms) is
 * spent; it stops at the first fault of a table, takes the lock of a SELECT and changes nothing. It tells no content of rows.
 * tektra.db-corruption-check; Postgres manual, appendix F "amcheck".
 */
export async function checkHeaps(
  client: PostgresClient,
  budgetMs: number,
  context: ActionContext,
): Promise<HeapCheck> {
  const [extension] = await client.read(context, (sql) => sql<{ schema: string; may: boolean }>(EXTENSION));
  const none = { checked: 0, total: 0, damaged: [] };
  if (extension === undefined) return { status: "no-amcheck", ...none };
  if (!extension.may) return { status: "forbidden", ...none };
  const tables = await client.read(context, (sql) => sql<Table>(TABLES, [MAX_BLOCKS, MAX_TABLES]));
  const damaged: HeapCheck["damaged"] = [];
  const end = performance.now() + budgetMs;
  const check = `SELECT blkno::float8 AS block, msg AS error FROM ${extension.schema}.verify_heapam($1::oid::regclass, on_error_stop => true) LIMIT 1`;
  let checked = 0;
  for (const { oid, table } of tables) {
    if (performance.now() > end || damaged.length === 10) break;
    try {
      const [fault] = await client.read(context, (sql) =>
        sql<{ block: number | null; error: string }>(check, [oid]),
      );
      checked += 1;
      if (fault !== undefined) damaged.push({ table, block: fault.block, error: fault.error.slice(0, 200) });
    } catch (thrown) {
      const error = toDiagError(thrown);
      // XX001, XX002: a page that cannot even be read. Anything else (dropped meanwhile, locked) says nothing about it.
      if (error.detail?.startsWith("XX") !== true) continue;
      checked += 1;
      damaged.push({ table, block: null, error: error.message.slice(0, 200) });
    }
  }
  return { status: "checked", checked, total: tables[0]?.total ?? 0, damaged };
}

interface Table {
  oid: number;
  table: string;
  total: number;
}

// The function came with version 1.3 of the extension.
const EXTENSION = `SELECT quote_ident(n.nspname) AS schema,
    has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE') AS may
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  JOIN pg_proc p ON p.pronamespace = n.oid AND p.proname = 'verify_heapam' WHERE e.extname = 'amcheck' LIMIT 1`;

const TABLES = `SELECT c.oid::int8 AS oid, format('%I.%I', n.nspname, c.relname) AS table, count(*) OVER () AS total
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam
  LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
  WHERE m.amname = 'heap' AND c.relkind IN ('r', 'm', 't') AND c.relpersistence = 'p' AND NOT c.relisshared
    AND c.relpages <= $1
  ORDER BY (n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')) DESC,
    coalesce(s.n_tup_ins, 0) + coalesce(s.n_tup_upd, 0) + coalesce(s.n_tup_del, 0) DESC, c.oid LIMIT $2`;
