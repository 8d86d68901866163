import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { toDiagError } from "../../core/words/errors.ts";
import { count } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { INDEX_SUMS, TABLE_SUMS } from "./bloat-sums.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Bloated = z.object({
  name: z.string(),
  table: z.string(),
  /** Of the main part, without TOAST, as of the last vacuum or analyze. */
  bytes: z.number(),
  rows: z.number(),
  /** Bytes that the rows there are do not need, by statistics: at least, and about. */
  least: z.number(),
  about: z.number(),
  /** The same, measured by pgstattuple: free and dead space; null: not measured. */
  measured: z.number().nullable(),
});
export type Bloated = z.infer<typeof Bloated>;

const Input = z.object({
  /** What is less, whatever its share, is left out. */
  minimumBytes: z.number().min(0).max(1e15).default(104_857_600),
  /** What is a smaller part of the whole is left out: half empty is nothing unusual. */
  minimumShare: z.number().min(0).max(1).default(0.5),
});

const Output = z.object({ bloated: z.array(Bloated).max(20), notSeen });
export type Bloat = z.infer<typeof Output>;

/**
 * Tables that are mostly empty, by the planner's statistics (check_postgres, pgsql-bloat-estimation), with the range of the
 * estimate. Where pgstattuple is created and may be used, the worst ones are measured (pgstattuple_approx reads what is not all
 * visible). TOAST and system catalogs are not looked at. tektra.db-maintenance; trap pg-size-not-bloat.
 */
export const tableBloat = read({
  name: "postgres.table-bloat",
  title: "Tables that are mostly empty space",
  timeoutSeconds: 20,
  input: Input,
  output: Output,
  run: (client, input, context) => bloatOf(client, context, TABLE_SUMS, input, "pgstattuple_approx"),
});

/** B-trees that are mostly empty space, in the same way; they are never measured, as that reads every page. */
export const indexBloat = read({
  name: "postgres.index-bloat",
  title: "B-tree indexes that are mostly empty space",
  timeoutSeconds: 20,
  input: Input,
  output: Output,
  run: (client, input, context) => bloatOf(client, context, INDEX_SUMS, input, undefined),
});

interface Summed extends Omit<Bloated, "measured"> {
  oid: string;
  isHidden: boolean;
}

async function bloatOf(
  client: PostgresClient,
  context: ActionContext,
  sums: string,
  { minimumBytes, minimumShare }: z.infer<typeof Input>,
  measure: "pgstattuple_approx" | undefined,
): Promise<Bloat> {
  const found = await client.read(context, (sql) =>
    sql<Summed>(
      `SELECT oid::text AS oid, name, "table", bytes, rows, "isHidden", coalesce(least, 0) AS least, coalesce(about, 0) AS about
       FROM (${sums}) s WHERE "isHidden" OR (least >= $1 AND least >= $2 * bytes) ORDER BY "isHidden", least DESC, bytes DESC, 2 LIMIT 200`,
      [minimumBytes, minimumShare],
    ),
  );
  const hidden = found.filter(({ isHidden, rows }) => isHidden && rows > 0);
  const bloated: Bloated[] = [];
  for (const { oid, isHidden, ...one } of found.slice(0, 20)) {
    if (isHidden) continue;
    const measured =
      measure !== undefined && bloated.length < MOST_MEASURED ? await measuredOf(client, context, oid) : null;
    // Measured, it is not mostly empty: the statistics were old.
    if (measured !== null && measured < Math.max(minimumBytes, minimumShare * one.bytes)) continue;
    bloated.push({ ...one, measured });
  }
  return { bloated, notSeen: unknownOf(hidden, measure !== undefined) };
}

const MOST_MEASURED = 3;
/** More is not read for it. */
const MEASURE_BYTES = 10 * 1024 ** 3;

/** Free and dead bytes of a table; null where that cannot, or should not, be measured now. */
async function measuredOf(
  client: PostgresClient,
  context: ActionContext,
  oid: string,
): Promise<number | null> {
  try {
    return await client.read({ ...context, timeoutMs: Math.min(context.timeoutMs, 5_000) }, async (sql) => {
      const [extension] = await sql<{ name: string }>(
        `SELECT quote_ident(n.nspname) || '.pgstattuple_approx' AS name FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
         WHERE e.extname = 'pgstattuple' AND has_schema_privilege(n.oid, 'USAGE')
           AND has_function_privilege(to_regprocedure(format('%I.pgstattuple_approx(regclass)', n.nspname)), 'EXECUTE')
           AND (SELECT c.relkind IN ('r', 'm') AND c.relpages::float8 * current_setting('block_size')::int <= $2
             FROM pg_class c WHERE c.oid = $1::text::oid)`,
        [oid, MEASURE_BYTES],
      );
      if (extension === undefined) return null;
      const [row] = await sql<{ bytes: number }>(
        `SELECT (approx_free_space + dead_tuple_len)::float8 AS bytes FROM ${extension.name}($1::text::oid::regclass)`,
        [oid],
      );
      return row?.bytes ?? null;
    });
  } catch (thrown) {
    if (context.signal.aborted) throw toDiagError(thrown);
    return null;
  }
}

const unknownOf = (hidden: readonly Summed[], isTables: boolean): NotSeen[] =>
  hidden.length === 0
    ? []
    : [
        {
          what: `how much of ${count(hidden.length, isTables ? "table" : "index", isTables ? "tables" : "indexes")} (${hidden[0]?.name}${hidden.length > 1 ? ", …" : ""}) is empty space`,
          why: "statistics of their columns are not for the bot's role, which may not read them, or they were never analyzed",
          fix: "ANALYZE them; GRANT SELECT on them (or pg_read_all_data, which reads rows, too) TO the bot's role",
        },
      ];
