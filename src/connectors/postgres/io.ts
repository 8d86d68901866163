import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { PostgresClient, Sql } from "./client.ts";
import { maskStatement } from "./mask.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Counters = z.object({
  /** Seconds since 1970, by the server's clock. */
  at: z.number(),
  /** Of this database, since `databaseSince`: blocks found in shared_buffers and asked of the system. */
  blocksHit: z.number(),
  blocksRead: z.number(),
  tempFiles: z.number(),
  tempBytes: z.number(),
  /** Checkpoints of the server by the clock, and because somebody or the amount of WAL asked for one. */
  timed: z.number(),
  requested: z.number(),
  /** WAL written; null: the server does not count it (before PG 14). */
  walBytes: z.number().nullable(),
});
export type IoCounters = z.infer<typeof Counters>;

const Spilling = z.object({
  statement: z.string(),
  calls: z.number(),
  /** Written to temporary files, all calls together. */
  bytes: z.number(),
  /** Building an index or the like: it has maintenance_work_mem. */
  isMaintenance: z.boolean(),
});

const Io = z.object({
  /** Two looks, two seconds apart. */
  first: Counters,
  second: Counters,
  /** When each counter began, seconds since 1970; they begin anew by a reset, a crash, or not at all. */
  databaseSince: z.number(),
  checkpointsSince: z.number(),
  walSince: z.number().nullable(),
  startedAt: z.number(),
  checkpointTimeoutSeconds: z.number(),
  maxWalBytes: z.number(),
  workMemBytes: z.number(),
  sharedBuffersBytes: z.number(),
  /** Statements that spill most, at most 5; null: pg_stat_statements is not to be had. */
  spilling: z.array(Spilling).max(5).nullable(),
  notSeen,
});
export type Io = z.infer<typeof Io>;

/** What an earlier run saw; undefined: none did, or one of another version of this action. */
export const earlierIo = (value: unknown): Io | undefined => Io.safeParse(value).data;

const LOOK_AGAIN_MS = 2_000;

/**
 * What the server reads and writes: cache, temporary files, checkpoints. Counters only, with since when they count; what they
 * come to is for whoever compares two looks. Columns follow the server's version (PG 14 counts WAL, PG 17 has
 * pg_stat_checkpointer).
 */
export const io = read({
  name: "postgres.io",
  title: "Cache, temporary files and checkpoints",
  input: z.object({}),
  output: Io,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [own] = await sql<Own>(OWN);
      if (own === undefined) throw new Error("a SELECT without FROM returns one row");
      const { version, schema, mayRead, ...settings } = own;
      const first = await countersOf(sql, version);
      const since = await sinceOf(sql, version);
      const spilling = schema !== null && mayRead ? await spillingOf(sql, schema) : null;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      // Within a transaction the server shows the same counters again, unless it is told not to.
      await sql("SELECT pg_stat_clear_snapshot()");
      return {
        ...settings,
        ...since,
        first,
        second: await countersOf(sql, version),
        spilling,
        notSeen: spilling === null && first.tempFiles > 0 ? [STATEMENTS] : [],
      };
    }),
});

interface Own
  extends Pick<
    Io,
    "startedAt" | "checkpointTimeoutSeconds" | "maxWalBytes" | "workMemBytes" | "sharedBuffersBytes"
  > {
  version: number;
  schema: string | null;
  mayRead: boolean;
}

const epoch = (of: string) => `extract(epoch FROM ${of})::float8`;

const OWN = `SELECT current_setting('server_version_num')::int AS version, ${epoch("pg_postmaster_start_time()")} AS "startedAt",
    ${epoch("current_setting('checkpoint_timeout')::interval")} AS "checkpointTimeoutSeconds",
    pg_size_bytes(current_setting('max_wal_size'))::float8 AS "maxWalBytes",
    pg_size_bytes(current_setting('work_mem'))::float8 AS "workMemBytes",
    pg_size_bytes(current_setting('shared_buffers'))::float8 AS "sharedBuffersBytes",
    (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
      WHERE e.extname = 'pg_stat_statements' AND current_setting('pg_stat_statements.max', true) IS NOT NULL
        AND has_schema_privilege(n.oid, 'USAGE')) AS schema,
    pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS "mayRead"`;

const views = (version: number) => ({
  checkpoints:
    version >= 170_000
      ? { view: "pg_stat_checkpointer", timed: "num_timed", requested: "num_requested" }
      : { view: "pg_stat_bgwriter", timed: "checkpoints_timed", requested: "checkpoints_req" },
  hasWal: version >= 140_000,
});

async function countersOf(sql: Sql, version: number): Promise<IoCounters> {
  const { checkpoints, hasWal } = views(version);
  const [row] = await sql<IoCounters>(
    `SELECT ${epoch("clock_timestamp()")} AS at, d.blks_hit::float8 AS "blocksHit", d.blks_read::float8 AS "blocksRead",
       d.temp_files::float8 AS "tempFiles", d.temp_bytes::float8 AS "tempBytes",
       c.${checkpoints.timed}::float8 AS timed, c.${checkpoints.requested}::float8 AS requested,
       ${hasWal ? "(SELECT wal_bytes::float8 FROM pg_stat_wal)" : "NULL::float8"} AS "walBytes"
     FROM pg_stat_database d, ${checkpoints.view} c WHERE d.datname = current_database()`,
  );
  if (row === undefined) throw new Error("the database has a row of counters");
  return row;
}

/** A database that was never reset counts from its first session, no later than the server's own counters. */
async function sinceOf(sql: Sql, version: number) {
  const { checkpoints, hasWal } = views(version);
  const [row] = await sql<Pick<Io, "databaseSince" | "checkpointsSince" | "walSince">>(
    `SELECT ${epoch("coalesce(d.stats_reset, c.stats_reset, pg_postmaster_start_time())")} AS "databaseSince",
       ${epoch("coalesce(c.stats_reset, pg_postmaster_start_time())")} AS "checkpointsSince",
       ${hasWal ? `(SELECT ${epoch("stats_reset")} FROM pg_stat_wal)` : "NULL::float8"} AS "walSince"
     FROM pg_stat_database d, ${checkpoints.view} c WHERE d.datname = current_database()`,
  );
  if (row === undefined) throw new Error("the database has a row of counters");
  return row;
}

async function spillingOf(sql: Sql, schema: string): Promise<NonNullable<Io["spilling"]>> {
  const rows = await sql<Omit<z.infer<typeof Spilling>, "isMaintenance">>(
    `SELECT left(query, 2000) AS statement, calls::float8 AS calls,
       temp_blks_written::float8 * current_setting('block_size')::int AS bytes
     FROM ${schema}.pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND temp_blks_written > 0 ORDER BY temp_blks_written DESC LIMIT 5`,
  );
  return rows.map(({ statement, ...row }) => ({
    ...row,
    statement: maskStatement(statement),
    isMaintenance: /^\s*(?:create|reindex|alter|cluster|refresh)\b/i.test(statement),
  }));
}

const STATEMENTS: NotSeen = {
  what: "which statements write temporary files",
  why: "pg_stat_statements is not created, not preloaded, or not for the bot's role",
  fix: "CREATE EXTENSION pg_stat_statements (in shared_preload_libraries, too) and GRANT pg_read_all_stats TO the bot's role; or log_temp_files = '10MB' and the server log",
};
