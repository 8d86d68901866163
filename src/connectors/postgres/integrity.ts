import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { toDiagError } from "../../core/words/errors.ts";
import type { PostgresClient } from "./client.ts";
import { checkHeaps, Heaps } from "./heap-check.ts";

const { read } = actionsOn<PostgresClient>("postgres");

/** Larger indexes take too long for a look during an incident; `pg_amcheck` by night reads those. */
const MAX_BLOCKS = 8_192;
const MAX_INDEXES = 200;

const Integrity = z.object({
  /** `no-amcheck`: the extension is not created in this database. */
  status: z.enum(["checked", "no-amcheck", "forbidden"]),
  checked: z.int(),
  /** B-tree indexes of at most 64 MB that there are. */
  total: z.int(),
  damaged: z.array(z.object({ index: z.string(), table: z.string(), error: z.string() })).max(10),
  /** The rows of tables. Absent in recordings from before. */
  tables: Heaps.optional(),
});
export type Integrity = z.infer<typeof Integrity>;

/**
 * Does what the indexes say hold? `bt_index_check` of amcheck on B-trees up to 64 MB, catalogs and the most used first, until
 * the budget is spent. It takes the lock of a SELECT and changes nothing. Planner statistics say nothing about corruption
 * (trap pg-stats-not-corruption). tektra.db-corruption-check; Postgres manual, appendix F "amcheck".
 */
export const checkIndexes = read({
  name: "postgres.check-indexes",
  title: "Check the order of B-tree indexes and the rows of tables",
  timeoutSeconds: 10,
  input: z.object({ budgetMs: z.int().min(100).max(8_000).default(2_000) }),
  output: Integrity,
  run: async (client, { budgetMs }, context) => {
    const [extension] = await client.read(context, (sql) => sql<{ schema: string; may: boolean }>(EXTENSION));
    const end = performance.now() + Math.min(budgetMs, context.timeoutMs - 1_000);
    const none = { checked: 0, total: 0, damaged: [] };
    if (extension === undefined) return { status: "no-amcheck" as const, ...none };
    if (!extension.may) return { status: "forbidden" as const, ...none };
    const indexes = await client.read(context, (sql) => sql<Index>(INDEXES, [MAX_BLOCKS, MAX_INDEXES]));
    const damaged: z.infer<typeof Integrity>["damaged"] = [];
    let checked = 0;
    for (const { oid, index, table } of indexes) {
      if (performance.now() > end || damaged.length === 10) break;
      const check = `SELECT ${extension.schema}.bt_index_check($1::oid::regclass)`;
      try {
        await client.read(context, (sql) => sql(check, [oid]));
        checked += 1;
      } catch (thrown) {
        const error = toDiagError(thrown);
        // XX001, XX002: damaged. Anything else (dropped meanwhile, locked for longer than a second) says nothing about it.
        if (error.detail?.startsWith("XX") !== true) continue;
        checked += 1;
        damaged.push({ index, table, error: error.message.slice(0, 200) });
      }
    }
    // As long again for tables, where the time of the step allows it.
    const left = Math.min(budgetMs, end + budgetMs - performance.now(), context.timeoutMs - 1_000);
    const tables = await checkHeaps(client, left, context);
    return { status: "checked" as const, checked, total: indexes[0]?.total ?? 0, damaged, tables };
  },
});

interface Index {
  oid: number;
  index: string;
  table: string;
  total: number;
}

const EXTENSION = `SELECT quote_ident(n.nspname) AS schema,
    has_schema_privilege(n.oid, 'USAGE')
      AND has_function_privilege(format('%I.bt_index_check(regclass)', n.nspname)::regprocedure, 'EXECUTE') AS may
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'`;

// Only complete indexes of permanent tables can be checked.
const INDEXES = `SELECT x.oid::int8 AS oid, format('%I.%I', n.nspname, x.relname) AS index,
    format('%I.%I', n.nspname, c.relname) AS table, count(*) OVER () AS total
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = x.relnamespace JOIN pg_am m ON m.oid = x.relam
  LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = x.oid
  WHERE m.amname = 'btree' AND x.relkind = 'i' AND x.relpersistence = 'p' AND i.indisready AND i.indisvalid
    AND x.relpages <= $1 AND NOT c.relisshared
  ORDER BY (n.nspname = 'pg_catalog' AND c.relname IN ('pg_class', 'pg_attribute', 'pg_proc', 'pg_type')) DESC,
    (n.nspname NOT IN ('pg_catalog', 'pg_toast')) DESC, s.idx_scan DESC NULLS LAST, x.oid LIMIT $2`;
