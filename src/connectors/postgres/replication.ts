import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { waitFor } from "../../lib/wait.ts";
import { hiddenFrom, secondsSince, seesAllOf } from "./backend.ts";
import type { PostgresClient, Sql } from "./client.ts";
import { Conflicts, conflictsBetween, lookAtConflicts } from "./conflicts.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Slot = z.object({
  name: z.string(),
  kind: z.string(),
  /** Of a logical slot; empty for a physical one. */
  database: z.string(),
  active: z.boolean(),
  /** Since when nobody reads from it; null: somebody does, or the server does not say (before PG 17). */
  inactiveSeconds: z.number().nullable(),
  /** WAL the slot keeps on disk, in bytes; null where it keeps none: it was never used, or it is lost. */
  retainedBytes: z.number().nullable(),
  /** What may still be written before it is lost; null: no limit, or lost. */
  safeBytes: z.number().nullable(),
  /** reserved, extended, unreserved, lost (PG 13); empty before. */
  walStatus: z.string(),
  /** Why it is lost, as the server says it (PG 17); empty: it is not, or the server does not say. */
  lostBecause: z.string(),
  /** On a standby: kept in step with one of the primary (PG 17). Nobody reads from it before a failover. */
  synced: z.boolean(),
});

const Standby = z.object({
  name: z.string(),
  address: z.string(),
  /** streaming, catchup, backup, startup; `hidden` from a role without pg_monitor. */
  state: z.string(),
  /** What `lag…` is measured by: a receiver of WAL (pg_receivewal) replays nothing, so only what it has received counts. */
  measuredBy: z.enum(["replayed", "received"]).nullable(),
  /** Null: nothing was measured lately, or it is hidden. */
  lagBytes: z.number().nullable(),
  /** Behind by what it has received and kept: what a failover to it would lose. Null: hidden; absent in recordings from before. */
  receivedBytes: z.number().nullable().optional(),
  /** Null: not measured. In step, and nothing written since: 0. */
  lagSeconds: z.number().nullable(),
  /** Since it last gave a sign of life (PG 12). */
  replySeconds: z.number().nullable(),
});

const Receiver = z.object({
  /** `absent`: no process receives WAL; otherwise as the server says it: streaming, waiting, starting …; `hidden`. */
  status: z.string(),
  /** Whether primary_conninfo names a primary; null: the bot's role may not know. */
  hasPrimary: z.boolean().nullable(),
  /** host:port it receives from; empty: none, or hidden. */
  from: z.string(),
  /** Since the last message of the primary; null: there is no receiver. */
  messageSeconds: z.number().nullable(),
  /** Age of the last commit that was replayed; null: none since the start. */
  lastCommitSeconds: z.number().nullable(),
  isPaused: z.boolean(),
  /** Seconds of WAL that has arrived and is not replayed; null: nothing arrives, so it says nothing. */
  replayDelaySeconds: z.number().nullable(),
  /** recovery_min_apply_delay: it is meant to be so far behind. Absent in recordings from before. */
  meantDelaySeconds: z.number().optional(),
});

const Commits = z.object({
  /** synchronous_standby_names. */
  names: z.string(),
  /** Standbys that count for it now. */
  standbys: z.number(),
  /** Sessions whose commit waits for one. */
  waiting: z.number(),
  /** Since the statement of the longest began; null: none waits, or it is hidden. */
  longestSeconds: z.number().nullable(),
});
export type SynchronousCommits = z.infer<typeof Commits>;

const Replication = z.object({
  slots: z.array(Slot),
  /** max_slot_wal_keep_size in bytes; null: no limit (or before PG 13, where there is none). */
  slotLimitBytes: z.number().nullable(),
  standbys: z.array(Standby),
  /** On a standby: what it gets from its primary; null on a primary. */
  receiver: Receiver.nullable(),
  /** Where commits wait for standbys; null: they do not, or this is one. Absent in recordings from before. */
  commits: Commits.nullable().optional(),
  /** Queries cancelled for replay; null on a primary, absent where they were not looked at. */
  conflicts: Conflicts.nullable().optional(),
  archiver: z.object({
    mode: z.string(),
    failedCount: z.number(),
    isFailing: z.boolean(),
    lastFailedWal: z.string(),
    /** Since the last success; null: none. Absent in recordings from before. */
    archivedSeconds: z.number().nullable().optional(),
  }),
  notSeen,
});
export type Replication = z.infer<typeof Replication>;
export type ReplicationSlot = z.infer<typeof Slot>;

/** On a standby, between the two looks at its conflicts. */
const CONFLICTS_MS = 1_000;

/** Where this server's WAL is now: what it has written, or, on a standby, what it has got. */
const NOW = `CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
  ELSE pg_current_wal_lsn() END`;

/** Bytes of WAL after this place; null where the place is. greatest() alone would make a null a zero. */
const bytesBehind = (lsn: string) =>
  `CASE WHEN ${lsn} IS NOT NULL THEN greatest(0, pg_wal_lsn_diff(${NOW}, ${lsn}))::float8 END`;

const SLOTS = `SELECT s.slot_name AS name, s.slot_type AS kind, coalesce(s.database, '') AS database, s.active,
    CASE WHEN NOT s.active THEN ${secondsSince("(to_jsonb(s) ->> 'inactive_since')::timestamptz")} END AS "inactiveSeconds",
    coalesce(to_jsonb(s) ->> 'wal_status', '') AS "walStatus", (to_jsonb(s) ->> 'safe_wal_size')::float8 AS "safeBytes",
    coalesce(to_jsonb(s) ->> 'invalidation_reason', '') AS "lostBecause",
    coalesce((to_jsonb(s) ->> 'synced')::bool, false) AS synced,
    ${bytesBehind("s.restart_lsn")} AS "retainedBytes"
  FROM pg_replication_slots s WHERE NOT s.temporary ORDER BY "retainedBytes" DESC NULLS LAST, 1 LIMIT 20`;

// A consumer that replays nothing has no replay_lsn, and its replay_lag is that of another thing; one that is in step has no
// lag, though the last measured one may still stand there.
const STANDBYS = `SELECT left(r.application_name, 80) AS name, coalesce(host(r.client_addr), 'local') AS address,
    coalesce(r.state, 'hidden') AS state,
    CASE WHEN r.replay_lsn IS NOT NULL THEN 'replayed' WHEN r.write_lsn IS NOT NULL THEN 'received' END AS "measuredBy",
    l.bytes AS "lagBytes", ${bytesBehind("r.flush_lsn")} AS "receivedBytes",
    CASE WHEN l.bytes = 0 THEN 0
      ELSE extract(epoch FROM CASE WHEN r.replay_lsn IS NOT NULL THEN r.replay_lag ELSE r.write_lag END)::float8 END AS "lagSeconds",
    ${secondsSince("(to_jsonb(r) ->> 'reply_time')::timestamptz")} AS "replySeconds"
  FROM pg_stat_replication r
  CROSS JOIN LATERAL (SELECT ${bytesBehind("coalesce(r.replay_lsn, r.write_lsn)")} AS bytes) l
  ORDER BY "lagBytes" DESC NULLS LAST, 1 LIMIT 20`;

/**
 * What retains WAL and how far standbys are behind: slots, standbys, archiver; on a standby what it gets from its primary.
 * Not applicable, not known and measured are different answers. sergas-accounts.wal-cleanup (trap pg-wal-cleanup: a
 * checkpoint frees nothing that a slot or a failing archiver holds).
 */
export const replication = read({
  name: "postgres.replication",
  title: "Replication slots, standbys and the archiver",
  input: z.object({}),
  output: Replication,
  run: async (client, _input, context) => {
    const { first, ...seen } = await client.read(context, lookAround);
    if (first === undefined) return { ...seen, conflicts: null };
    const start = performance.now();
    await waitFor(CONFLICTS_MS, context.signal);
    const after = (await client.read(context, lookAtConflicts)) ?? first;
    return { ...seen, conflicts: conflictsBetween(first, after, (performance.now() - start) / 1_000) };
  },
});

async function lookAround(sql: Sql) {
  const seesAll = await seesAllOf(sql);
  const standbys = await sql<z.infer<typeof Standby>>(STANDBYS);
  const receiver = await receiverOf(sql);
  const commits = receiver === null ? await commitsOf(sql) : null;
  const isHidden =
    receiver?.status === "hidden" || commits !== null || standbys.some(({ state }) => state === "hidden");
  const [limit] = await sql<{ bytes: number | null }>(
    `SELECT CASE WHEN setting::bigint >= 0 THEN setting::float8 * 1048576 END AS bytes
         FROM pg_settings WHERE name = 'max_slot_wal_keep_size'`,
  );
  return {
    slots: await sql<z.infer<typeof Slot>>(SLOTS),
    slotLimitBytes: limit?.bytes ?? null,
    standbys,
    receiver,
    commits,
    archiver: await sql<Replication["archiver"]>(ARCHIVER).then(
      ([row]) => row ?? { mode: "off", failedCount: 0, isFailing: false, lastFailedWal: "" },
    ),
    notSeen: isHidden ? [...hiddenFrom(seesAll)] : [],
    first: receiver === null ? undefined : await lookAtConflicts(sql),
  };
}

const ARCHIVER = `SELECT current_setting('archive_mode') AS mode, failed_count AS "failedCount",
    coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS "isFailing",
    coalesce(last_failed_wal, '') AS "lastFailedWal",
    ${secondsSince("last_archived_time")} AS "archivedSeconds" FROM pg_stat_archiver`;

const RECEIVER = `SELECT CASE WHEN w.pid IS NULL THEN 'absent' ELSE coalesce(w.status, 'hidden') END AS status,
    (SELECT s.setting <> '' FROM pg_settings s WHERE s.name = 'primary_conninfo') AS "hasPrimary",
    coalesce(to_jsonb(w) ->> 'sender_host' || ':' || (to_jsonb(w) ->> 'sender_port'), '') AS from,
    ${secondsSince("w.last_msg_receipt_time")} AS "messageSeconds",
    ${secondsSince("pg_last_xact_replay_timestamp()")} AS "lastCommitSeconds",
    pg_is_wal_replay_paused() AS "isPaused",
    CASE WHEN w.pid IS NULL THEN NULL WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
      ELSE ${secondsSince("pg_last_xact_replay_timestamp()")} END AS "replayDelaySeconds",
    coalesce((SELECT s.setting::float8 / 1000 FROM pg_settings s WHERE s.name = 'recovery_min_apply_delay'), 0) AS "meantDelaySeconds"
  FROM (SELECT) one LEFT JOIN pg_stat_wal_receiver w ON true`;

const COMMITS = `SELECT current_setting('synchronous_standby_names') AS names,
    (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'))::int AS standbys,
    count(*)::int AS waiting, max(${secondsSince("query_start")}) AS "longestSeconds"
  FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;

/** Null where commits wait for nobody. */
async function commitsOf(sql: Sql): Promise<SynchronousCommits | null> {
  const [row] = await sql<SynchronousCommits>(COMMITS);
  return row === undefined || row.names.trim() === "" ? null : row;
}

/** Null on a primary: there is nothing it could receive. */
async function receiverOf(sql: Sql): Promise<z.infer<typeof Receiver> | null> {
  const [role] = await sql<{ inRecovery: boolean }>('SELECT pg_is_in_recovery() AS "inRecovery"');
  if (role?.inRecovery !== true) return null;
  const [row] = await sql<z.infer<typeof Receiver>>(RECEIVER);
  return row ?? null;
}
