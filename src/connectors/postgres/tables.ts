import { z } from "zod";
import { actionsOn, type WriteContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { PostgresClient } from "./client.ts";
import { hasAllOf } from "./predicates.ts";

const { read, write } = actionsOn<PostgresClient>("postgres");

const ScannedTable = z.object({
  table: z.string(),
  rows: z.number(),
  bytes: z.number(),
  sequentialScans: z.number(),
  rowsPerScan: z.number(),
  indexScans: z.number(),
});

const ForeignKey = z.object({
  table: z.string(),
  columns: z.string(),
  constraint: z.string(),
  rows: z.number(),
  /** Of the table; absent in recordings from before it was asked for. */
  bytes: z.number().optional(),
  isPartitioned: z.boolean().optional(),
  /** To be run alone, outside a transaction. */
  statement: z.string(),
});

const InvalidIndex = z.object({
  index: z.string(),
  table: z.string(),
  /** What takes it away. */
  statement: z.string(),
  /**
   * Of a partitioned table (CREATE INDEX ON ONLY): it holds nothing itself, and becomes valid once each partition has its own
   * attached. Those still without, at most 5; null: an ordinary index, that a concurrent build left behind.
   */
  lacking: z.array(z.string()).nullable(),
});

const StaleTable = z.object({
  schema: z.string(),
  table: z.string(),
  rows: z.number(),
  changed: z.number(),
  lastAnalyze: z.string(),
});

const Hints = z.object({
  scanned: z.array(ScannedTable),
  foreignKeys: z.array(ForeignKey),
  invalid: z.array(InvalidIndex),
  stale: z.array(StaleTable),
});
export type IndexHints = z.infer<typeof Hints>;

/** Identifiers quoted by the server, so that a mixed-case name neither breaks nor smuggles (trap pg-size-not-bloat). */
const NAME = "format('%I.%I', n.nspname, c.relname)";
const OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')";
// Sizes from relpages, not pg_relation_size: that one waits for a table that is locked.
// n_live_tup counts twice what was inserted just before an ANALYZE; reltuples is -1 before the first one.
const ROWS = "CASE WHEN c.reltuples > 0 THEN c.reltuples::float8 ELSE s.n_live_tup::float8 END";
const BYTES = "c.relpages::float8 * current_setting('block_size')::int";

/**
 * Where an index may be missing: big tables read mostly by sequential scans (counted since the statistics were reset),
 * foreign keys without an index, indexes a failed concurrent build left invalid, and tables whose planner statistics are stale.
 * sergas-agents.missing-indexes, sergas-accounts.missing-indexes; traps pg-stat-user-tables-column, pg-stats-not-indexes,
 * pg-cic-invalid.
 */
export const indexHints = read({
  name: "postgres.index-hints",
  title: "Missing and invalid indexes, stale statistics",
  input: z.object({
    /** Smaller tables are scanned for good reason. */
    minimumRows: z.int().min(0).max(1_000_000_000).default(10_000),
  }),
  output: Hints,
  run: (client, { minimumRows }, context) =>
    client.read(context, async (sql) => ({
      scanned: await sql<z.infer<typeof ScannedTable>>(
        `SELECT ${NAME} AS table, ${ROWS} AS rows, ${BYTES} AS bytes, s.seq_scan AS "sequentialScans",
           (s.seq_tup_read::float8 / s.seq_scan) AS "rowsPerScan", coalesce(s.idx_scan, 0) AS "indexScans"
         FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE ${ROWS} >= $1 AND s.seq_scan >= 10 AND s.seq_scan > coalesce(s.idx_scan, 0)
           AND s.seq_tup_read::float8 / s.seq_scan >= $1 / 2.0 ORDER BY s.seq_tup_read DESC, 1 LIMIT 10`,
        [minimumRows],
      ),
      foreignKeys: await sql<z.infer<typeof ForeignKey>>(
        `SELECT ${NAME} AS table, k.columns, quote_ident(o.conname) AS constraint, greatest(c.reltuples, 0)::float8 AS rows,
           ${BYTES} AS bytes, c.relkind = 'p' AS "isPartitioned",
           format('CREATE INDEX CONCURRENTLY ON %s (%s)', ${NAME}, k.columns) AS statement
         FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN LATERAL (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.nr) AS columns, array_agg(quote_ident(a.attname)) AS nullable
           FROM unnest(o.conkey) WITH ORDINALITY u(attnum, nr)
           JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = u.attnum) k ON true
         WHERE o.contype = 'f' AND c.reltuples >= $1 AND ${OURS} AND NOT EXISTS (SELECT FROM pg_index i
           WHERE i.indrelid = o.conrelid AND i.indisvalid AND ${hasAllOf("k.nullable")}
             AND (string_to_array(i.indkey::text, ' ')::smallint[])[1:cardinality(o.conkey)] @> o.conkey)
         ORDER BY c.reltuples DESC, 1, 2 LIMIT 10`,
        [minimumRows],
      ),
      invalid: await sql<z.infer<typeof InvalidIndex>>(
        `SELECT format('%I.%I', n.nspname, x.relname) AS index, ${NAME} AS table,
           format(CASE WHEN x.relkind = 'I' THEN 'DROP INDEX %I.%I' ELSE 'DROP INDEX CONCURRENTLY %I.%I' END, n.nspname, x.relname)
             AS statement,
           CASE WHEN x.relkind = 'I' THEN ARRAY(SELECT format('%I.%I', pn.nspname, pc.relname) FROM pg_inherits h
             JOIN pg_class pc ON pc.oid = h.inhrelid JOIN pg_namespace pn ON pn.oid = pc.relnamespace
             WHERE h.inhparent = i.indrelid AND NOT EXISTS (SELECT FROM pg_inherits hi JOIN pg_index pi ON pi.indexrelid = hi.inhrelid
               WHERE hi.inhparent = i.indexrelid AND pi.indrelid = pc.oid AND pi.indisvalid) ORDER BY 1 LIMIT 5) END AS lacking
         FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND ${OURS}
           -- Which index is being built is hidden from a role without pg_monitor; who builds, and what it locks, is not.
           AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p JOIN pg_locks l ON l.pid = p.pid AND l.granted
             WHERE p.index_relid = i.indexrelid OR l.relation = i.indrelid)
         ORDER BY 1 LIMIT 10`,
      ),
      stale: await sql<z.infer<typeof StaleTable>>(
        `SELECT n.nspname AS schema, c.relname AS table, s.n_live_tup AS rows, s.n_mod_since_analyze AS changed,
           coalesce(to_char(greatest(s.last_analyze, s.last_autoanalyze) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), 'never')
             AS "lastAnalyze"
         FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE s.n_live_tup >= $1 AND s.n_mod_since_analyze > s.n_live_tup / 2
           AND coalesce(greatest(s.last_analyze, s.last_autoanalyze), '-infinity') < now() - interval '10 minutes'
         ORDER BY s.n_mod_since_analyze DESC, 1, 2 LIMIT 10`,
        [minimumRows],
      ),
    })),
});

const Table = z.object({ schema: z.string().min(1).max(63), table: z.string().min(1).max(63) });

interface Analyzed {
  name: string;
  kind: string;
  mayAnalyze: boolean;
  lastAnalyze: string | null;
  analyzeCount: number;
  rows: number;
}

const LOOK = `SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind AS kind, pg_has_role(current_user, c.relowner, 'USAGE')
     OR (SELECT pg_has_role(current_user, d.datdba, 'USAGE') FROM pg_database d WHERE d.datname = current_database()) AS "mayAnalyze",
   to_char(s.last_analyze AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "lastAnalyze",
   coalesce(s.analyze_count, 0) AS "analyzeCount", coalesce(s.n_live_tup, 0) AS rows
 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
 WHERE n.nspname = $1 AND c.relname = $2`;

/** Refreshes one table's planner statistics (ANALYZE: samples rows, blocks no reader or writer). tektra.query-performance, sergas-agents.missing-indexes. */
export const analyzeTable = write({
  name: "postgres.analyze-table",
  title: "Refresh a table's planner statistics",
  class: "cas",
  risk: "low",
  timeoutSeconds: 60,
  input: Table,
  output: z.object({ table: z.string() }),
  target: ({ schema, table }) => `table/${schema}.${table}`,
  preview: async (client, { schema, table }, context) => {
    const [found] = await client.read(context, (sql) => sql<Analyzed>(LOOK, [schema, table]));
    const witness = { analyzeCount: found?.analyzeCount ?? 0, lastAnalyze: found?.lastAnalyze ?? null };
    if (found === undefined)
      return { changes: [], witness, nothingToDo: `${schema}.${table} does not exist any more` };
    const changes = [
      `ANALYZE ${found.name} (${found.rows} rows, last by hand: ${found.lastAnalyze ?? "never"})`,
    ];
    if (!["r", "m", "p"].includes(found.kind))
      return { changes, witness, refused: `${found.name} is not a table` };
    // Without the right ANALYZE only warns and does nothing.
    if (!found.mayAnalyze)
      return { changes, witness, refused: `the bot's role owns neither ${found.name} nor the database` };
    return { changes, witness };
  },
  drift: () => [],
  run: (client, input, context) => runAnalyze(client, input, context),
  probe: async (client, { schema, table }, witness, context) => {
    const [found] = await client.read(context, (sql) => sql<Analyzed>(LOOK, [schema, table]));
    const before = (witness as { analyzeCount?: number } | null)?.analyzeCount ?? 0;
    const isDone = (found?.analyzeCount ?? 0) > before;
    return {
      verdict: isDone ? "done" : "not-done",
      evidence: `analyzed ${found?.analyzeCount ?? 0} times, ${before} before`,
    };
  },
  undo: "none: fresher statistics need no undo",
  settled: {
    check: () => ({ hints: indexHints() }),
    holds: ({ hints: { stale } }, { schema, table }) =>
      !stale.some((one) => one.schema === schema && one.table === table),
    figures: ({ hints: { stale } }, _input, _output, before) =>
      before.hints === undefined
        ? ""
        : `tables with stale statistics ${before.hints.stale.length} → ${stale.length}`,
  },
});

async function runAnalyze(
  client: PostgresClient,
  { schema, table }: z.infer<typeof Table>,
  context: WriteContext,
) {
  const [found] = await client.read(context, (sql) => sql<Analyzed>(LOOK, [schema, table]));
  const budgetMs = context.remainingMs() - 500;
  if (found === undefined || !found.mayAnalyze || budgetMs < 500)
    throw new DiagError(
      "target_refused",
      `Postgres: ${schema}.${table} cannot be analyzed now, nothing was done`,
    );
  // A name cannot be a bind parameter: it is the server's own quoting of what it found under the bound names.
  await client.act(context, budgetMs, `ANALYZE ${found.name}`, []);
  return { table: found.name };
}
