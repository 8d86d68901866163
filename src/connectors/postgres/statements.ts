import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { Backend, hiddenFrom, MAY_END, seesAllOf, utc, WHOSE } from "./backend.ts";
import type { PostgresClient, Sql } from "./client.ts";
import { maskStatement } from "./mask.ts";
import { ORDINARY_STATEMENT } from "./statement-text.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const ActiveStatement = Backend.extend({
  queryStartedAt: z.string(),
  seconds: z.number(),
  /** `Lock/transactionid`, `IO/DataFileRead`; empty: on the CPU. */
  waitsFor: z.string(),
  blockedBy: z.array(z.int()),
  /** Literals are masked. */
  statement: z.string(),
  /** An ordinary statement of a session the bot may touch. */
  mayCancel: z.boolean(),
});

export type ActiveStatement = z.infer<typeof ActiveStatement>;

/**
 * Statements running for longer than given, longest first, at most 30. Only `active` client sessions: an idle session's
 * last statement is not a running one (trap pg-idle-filter). sergas-agents.slow-queries, tektra.db-long-running-queries.
 */
export const activeStatements = read({
  name: "postgres.active-statements",
  title: "Statements running for long",
  input: z.object({ olderThanSeconds: z.number().min(0).max(1_000_000) }),
  output: z.object({ total: z.int(), statements: z.array(ActiveStatement), seesAll: z.boolean(), notSeen }),
  run: (client, { olderThanSeconds }, context) =>
    client.read(context, async (sql) => {
      const rows = await sql<z.infer<typeof ActiveStatement> & { total: number }>(
        `SELECT ${WHOSE}, ${utc("a.query_start")} AS "queryStartedAt", count(*) OVER () AS total,
           extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS seconds,
           coalesce(a.wait_event_type || '/' || a.wait_event, '') AS "waitsFor",
           pg_blocking_pids(a.pid) AS "blockedBy", left(a.query, 2000) AS statement,
           (${MAY_END} AND ${ORDINARY_STATEMENT}) AS "mayCancel"
         FROM pg_stat_activity a WHERE a.state = 'active' AND a.backend_type = 'client backend'
           AND a.pid <> pg_backend_pid() AND clock_timestamp() - a.query_start >= make_interval(secs => $1)
           AND NOT EXISTS (SELECT FROM pg_stat_replication r WHERE r.pid = a.pid)
         ORDER BY a.query_start, a.pid LIMIT 30`,
        [olderThanSeconds],
      );
      const statements = rows.map((row) => ({ ...row, statement: maskStatement(row.statement) }));
      const seesAll = await seesAllOf(sql);
      return {
        total: rows[0]?.total ?? 0,
        statements,
        seesAll,
        notSeen: [...hiddenFrom(seesAll)],
      };
    }),
});

const TopStatement = z.object({
  /** queryid of pg_stat_statements; empty: it has none. */
  id: z.string().default(""),
  statement: z.string(),
  calls: z.number(),
  /** Over its lifetime: since the last reset, or since it came to be kept. No word about now. */
  meanMs: z.number(),
  minMs: z.number(),
  maxMs: z.number(),
  /** Standard deviation: above the mean, a few calls made it. */
  deviationMs: z.number(),
  /** Between two looks within this run; null: no call ended meanwhile. */
  now: z.object({ calls: z.number(), meanMs: z.number() }).nullable(),
  totalMs: z.number(),
  /** Share of the time of all statements of this database. */
  share: z.number(),
  rowsPerCall: z.number(),
});

export type TopStatement = z.infer<typeof TopStatement>;

/**
 * Slowest statements by pg_stat_statements since its last reset: the five slowest on average (at least three calls) and
 * the five that cost most in total. Column names follow the extension's version, not the server's (trap pgss-mean-time);
 * not created and not preloaded are different answers. Left out is what asks for an advisory lock: its time is the waiting for
 * its turn. tektra.slow-db-queries, sergas-accounts.slow-queries.
 */
export const topStatements = read({
  name: "postgres.top-statements",
  title: "Slowest statements since the last reset",
  input: z.object({}),
  output: z.object({
    status: z.enum(["ready", "not-created", "not-preloaded", "forbidden"]),
    /** shared_preload_libraries as it is: a new entry is appended to it (trap pg-preload-overwrite). Empty where it is not for the role. */
    preloaded: z.string(),
    /** Since when is counted, as far as the server says it (PG 14). */
    since: z.string().nullable(),
    slowest: z.array(TopStatement),
    costliest: z.array(TopStatement),
    notSeen,
  }),
  run: (client, _input, context) => client.read(context, (sql) => readTop(sql)),
});

/** Long enough for a busy statement to be called, short enough for a look. */
const LOOK_AGAIN_MS = 1_000;

type Kept = Omit<TopStatement, "now">;

interface Extension {
  schema: string;
  exec: boolean;
  preloaded: boolean;
  allowed: boolean;
  info: boolean;
}

async function readTop(sql: Sql) {
  const [own] = await sql<{ preloaded: string }>(
    "SELECT coalesce((SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries'), '') AS preloaded",
  );
  const none = { preloaded: own?.preloaded ?? "", since: null, slowest: [], costliest: [] };
  const [extension] = await sql<Extension>(
    `SELECT quote_ident(n.nspname) AS schema, EXISTS (SELECT FROM pg_attribute
         WHERE attrelid = format('%I.pg_stat_statements', n.nspname)::regclass AND attname = 'mean_exec_time') AS exec,
       current_setting('pg_stat_statements.max', true) IS NOT NULL AS preloaded,
       has_schema_privilege(n.oid, 'USAGE') AND pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS allowed,
       to_regclass(format('%I.pg_stat_statements_info', n.nspname)) IS NOT NULL AS info
     FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`,
  );
  if (extension === undefined)
    return { status: "not-created" as const, ...none, notSeen: [UNKNOWN["not-created"]] };
  if (!extension.preloaded)
    return { status: "not-preloaded" as const, ...none, notSeen: [UNKNOWN["not-preloaded"]] };
  if (!extension.allowed) return { status: "forbidden" as const, ...none, notSeen: [UNKNOWN.forbidden] };
  const middle = extension.exec ? "_exec" : "";
  const from = `FROM ${extension.schema}.pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  const top = (order: string, atLeast: number) =>
    sql<Kept>(
      `SELECT coalesce(queryid::text, '') AS id, left(query, 2000) AS statement, calls, mean${middle}_time AS "meanMs",
         min${middle}_time AS "minMs", max${middle}_time AS "maxMs", stddev${middle}_time AS "deviationMs",
         total${middle}_time AS "totalMs",
         (total${middle}_time / greatest(sum(total${middle}_time) OVER (), 0.001))::float8 AS share,
         (rows::float8 / greatest(calls, 1)) AS "rowsPerCall"
       ${from} AND calls >= ${atLeast}
         AND query !~* 'pg_advisory_(xact_)?lock(_shared)?\\s*\\('
         AND query !~* '^\\s*(vacuum|analyze|create|alter|reindex|cluster|copy|drop|refresh|explain|begin|commit|set)\\M'
       ORDER BY ${order}${middle}_time DESC LIMIT 5`,
    );
  const sums = async (ids: readonly string[]) => {
    const rows = await sql<{ id: string; calls: number; totalMs: number }>(
      `SELECT queryid::text AS id, sum(calls)::float8 AS calls, sum(total${middle}_time)::float8 AS "totalMs"
       ${from} AND queryid::text = ANY ($1::text[]) GROUP BY 1`,
      [ids],
    );
    return new Map(rows.map(({ id, ...sum }) => [id, sum]));
  };
  const [slowest, costliest] = [await top("mean", 3), await top("total", 1)];
  const ids = [...slowest, ...costliest].map(({ id }) => id);
  const before = await sums(ids);
  if (ids.length > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  const after = await sums(ids);
  const withNow = ({ id, statement, ...row }: Kept): TopStatement => ({
    id,
    ...row,
    statement: maskStatement(statement),
    now: between(before.get(id), after.get(id)),
  });
  return {
    ...none,
    status: "ready" as const,
    since: extension.info ? await sinceOf(sql, extension.schema) : null,
    slowest: slowest.map(withNow),
    costliest: costliest.map(withNow),
  };
}

const WHAT = "which statements are slow on average";

/** Why nobody knows it, and what gives it. */
const UNKNOWN: Readonly<Record<"not-created" | "not-preloaded" | "forbidden", NotSeen>> = {
  "not-created": {
    what: WHAT,
    why: "the extension pg_stat_statements is not created in this database",
    fix: "CREATE EXTENSION pg_stat_statements (it must be in shared_preload_libraries, too)",
  },
  "not-preloaded": {
    what: WHAT,
    why: "pg_stat_statements is created, but not in shared_preload_libraries",
    fix: "add it to shared_preload_libraries and restart Postgres",
  },
  forbidden: {
    what: WHAT,
    why: "the bot's role may not read pg_stat_statements",
    fix: "GRANT pg_read_all_stats TO the bot's role, and USAGE on the extension's schema",
  },
};

interface Sum {
  readonly calls: number;
  readonly totalMs: number;
}

/** Calls that ended between two looks. A reset in between tells nothing. */
function between(before: Sum | undefined, after: Sum | undefined): TopStatement["now"] {
  const calls = (after?.calls ?? 0) - (before?.calls ?? 0);
  if (before === undefined || after === undefined || calls <= 0) return null;
  return { calls, meanMs: Math.max(0, after.totalMs - before.totalMs) / calls };
}

async function sinceOf(sql: Sql, schema: string): Promise<string | null> {
  const [info] = await sql<{ since: string | null }>(
    `SELECT to_char(stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') AS since FROM ${schema}.pg_stat_statements_info`,
  );
  return info?.since ?? null;
}
