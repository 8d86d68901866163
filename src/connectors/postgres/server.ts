import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

/**
 * A session from scratch: name, TCP, login, ten `SELECT 1`, each timed. The error names the stage or SQLSTATE that failed.
 * tektra.startup-db-connection, tektra.db-connection-test, sergas-accounts.db-connection-failed.
 */
export const checkConnection = read({
  name: "postgres.check-connection",
  title: "Connect, log in and answer",
  timeoutSeconds: 12,
  input: z.object({}),
  output: z.object({
    dnsMs: z.number().nullable(),
    tcpMs: z.number().nullable(),
    loginMs: z.number(),
    pingMedianMs: z.number(),
    pingWorstMs: z.number(),
  }),
  run: (client, _input, context) => client.dial(context),
});

const ServerState = z.object({
  version: z.string(),
  inRecovery: z.boolean(),
  /** Transactions are read-only by default. */
  isReadOnly: z.boolean(),
  startedAt: z.string(),
  uptimeSeconds: z.number(),
  /** Transactions until the oldest database must be vacuumed or the server stops taking writes: 2^31 minus its age. */
  transactionsLeft: z.number(),
  oldestDatabase: z.string(),
  /** Pages whose checksum did not match, all databases. */
  checksumFailures: z.int(),
  /** Changed in the configuration, but only a restart applies them. Not those given on the command line, which win over any file. */
  pendingRestart: z.array(z.string()),
  seesAll: z.boolean(),
});

/** What the server says of itself: role, age, wraparound, checksums. tektra.database-health, tektra.db-corruption-check (counter only). */
export const serverState = read({
  name: "postgres.server-state",
  title: "State of the server",
  input: z.object({}),
  output: ServerState,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [row] = await sql<z.infer<typeof ServerState>>(
        `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS "inRecovery",
           current_setting('default_transaction_read_only')::bool AS "isReadOnly",
           to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS "startedAt",
           extract(epoch FROM now() - pg_postmaster_start_time())::float8 AS "uptimeSeconds",
           (SELECT 2147483648 - max(age(datfrozenxid))::bigint FROM pg_database) AS "transactionsLeft",
           (SELECT datname FROM pg_database ORDER BY age(datfrozenxid) DESC, datname LIMIT 1) AS "oldestDatabase",
           (SELECT coalesce(sum((to_jsonb(d) ->> 'checksum_failures')::bigint), 0) FROM pg_stat_database d) AS "checksumFailures",
           ARRAY(SELECT name FROM pg_settings WHERE pending_restart AND source <> 'command line' ORDER BY name LIMIT 20) AS "pendingRestart",
           pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS "seesAll"`,
      );
      if (row === undefined) throw new Error("a SELECT without FROM returns one row");
      return row;
    }),
});

/**
 * Can the server still write a file? Sorts about 2 MB with the smallest work_mem, so that it must spill to its temporary
 * files: a full disk answers 53100, nothing is left behind, and it works on a standby too.
 */
export const checkTemporaryFile = read({
  name: "postgres.check-temporary-file",
  title: "Write a temporary file of 2 MB",
  input: z.object({}),
  output: z.object({ rows: z.int() }),
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      await sql("SET LOCAL work_mem = '64kB'");
      const [row] = await sql<{ rows: number }>(
        `SELECT count(*) AS rows FROM (SELECT g, repeat('x', 100) AS filler FROM generate_series(1, 20000) g
         ORDER BY md5(g::text) OFFSET 1) sorted`,
      );
      return { rows: row?.rows ?? 0 };
    }),
});

const Slot = z.object({
  name: z.string(),
  kind: z.string(),
  active: z.boolean(),
  /** WAL the slot keeps on disk, in bytes; null where it keeps none. */
  retainedBytes: z.number().nullable(),
  /** reserved, extended, unreserved, lost (PG 13); empty before. */
  walStatus: z.string(),
});

const Standby = z.object({
  name: z.string(),
  address: z.string(),
  state: z.string(),
  lagBytes: z.number().nullable(),
  lagSeconds: z.number().nullable(),
});

const Replication = z.object({
  slots: z.array(Slot),
  standbys: z.array(Standby),
  /** On a standby: seconds since the last replayed commit while there is WAL to replay; null on a primary. */
  replayDelaySeconds: z.number().nullable(),
  archiver: z.object({
    mode: z.string(),
    failedCount: z.number(),
    isFailing: z.boolean(),
    lastFailedWal: z.string(),
  }),
});
export type Replication = z.infer<typeof Replication>;
export type ServerState = z.infer<typeof ServerState>;

/**
 * What retains WAL and how far standbys are behind: slots, standbys, archiver; on a standby its own delay.
 * sergas-accounts.wal-cleanup (trap pg-wal-cleanup: a checkpoint frees nothing that a slot or a failing archiver holds).
 */
export const replication = read({
  name: "postgres.replication",
  title: "Replication slots, standbys and the archiver",
  input: z.object({}),
  output: Replication,
  run: (client, _input, context) =>
    client.read(context, async (sql) => ({
      slots: await sql<z.infer<typeof Slot>>(
        `SELECT s.slot_name AS name, s.slot_type AS kind, s.active, coalesce(to_jsonb(s) ->> 'wal_status', '') AS "walStatus",
           pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
             s.restart_lsn)::float8 AS "retainedBytes"
         FROM pg_replication_slots s WHERE NOT s.temporary ORDER BY 5 DESC NULLS LAST, 1 LIMIT 20`,
      ),
      standbys: await sql<z.infer<typeof Standby>>(
        `SELECT left(r.application_name, 80) AS name, coalesce(host(r.client_addr), 'local') AS address,
           coalesce(r.state, '') AS state, extract(epoch FROM r.replay_lag)::float8 AS "lagSeconds",
           pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
             r.replay_lsn)::float8 AS "lagBytes"
         FROM pg_stat_replication r ORDER BY 5 DESC NULLS LAST, 1 LIMIT 20`,
      ),
      ...(await sql<{ replayDelaySeconds: number | null }>(
        `SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL
           WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
           ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 END AS "replayDelaySeconds"`,
      ).then(([row]) => ({ replayDelaySeconds: row?.replayDelaySeconds ?? null }))),
      archiver: await sql<{ mode: string; failedCount: number; isFailing: boolean; lastFailedWal: string }>(
        `SELECT current_setting('archive_mode') AS mode, failed_count AS "failedCount",
           coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS "isFailing",
           coalesce(last_failed_wal, '') AS "lastFailedWal" FROM pg_stat_archiver`,
      ).then(([row]) => row ?? { mode: "off", failedCount: 0, isFailing: false, lastFailedWal: "" }),
    })),
});
