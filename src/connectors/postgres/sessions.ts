import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { count } from "../../core/words/format.ts";
import { Backend, BackendId, MAX_SIGNALS, MAY_END, WHOSE } from "./backend.ts";
import type { PostgresClient } from "./client.ts";
import { blockedSessions } from "./locks.ts";
import { sessionsLeft } from "./sessions-left.ts";
import { previewSignal, probeSignal, type SignalKind, sendSignal, signalDrift } from "./signal.ts";
import { LISTENS, ORDINARY_STATEMENT } from "./statement-text.ts";

const { read, write } = actionsOn<PostgresClient>("postgres");

/** Idle, but not unused: it holds an advisory lock (a leader, a job) or waits for notifications. */
const IS_UNUSED = `(a.state <> 'idle' OR (NOT ${LISTENS}
  AND NOT EXISTS (SELECT FROM pg_locks k WHERE k.pid = a.pid AND k.locktype = 'advisory' AND k.granted)))`;

/**
 * Sessions that have been idle, or idle in a transaction, for longer than given and that the bot may end; those that hold
 * an advisory lock or listen are in use: those in a transaction first (they hold locks and stop vacuum), then the longest idle. sergas-agents.kill-idle-connections.
 */
export const idleSessions = read({
  name: "postgres.idle-sessions",
  title: "Sessions idle for long",
  input: z.object({
    olderThanMinutes: z.number().min(0).max(100_000),
    /** Only sessions of this application name. */
    application: z.string().max(200).optional(),
  }),
  output: z.object({ total: z.int(), sessions: z.array(Backend) }),
  run: (client, { olderThanMinutes, application }, context) =>
    client.read(context, async (sql) => {
      const sessions = await sql<Backend & { total: number }>(
        `SELECT ${WHOSE}, count(*) OVER () AS total FROM pg_stat_activity a
         WHERE ${MAY_END} AND ${IS_UNUSED} AND a.state LIKE 'idle%' AND clock_timestamp() - a.state_change >= make_interval(secs => $1)
           AND ($2::text IS NULL OR a.application_name = $2)
         ORDER BY (a.state LIKE 'idle in%') DESC, a.state_change, a.pid LIMIT 100`,
        [olderThanMinutes * 60, application ?? null],
      );
      return { total: sessions[0]?.total ?? 0, sessions };
    }),
});

const Signalled = z.object({
  /** The signal was sent; that the session is gone is for `verify` to see. */
  signalled: z.array(BackendId),
  /** No longer in the approved state, or gone by itself. */
  spared: z.int(),
});

const targets = z.array(BackendId).min(1).max(MAX_SIGNALS);

const IDLE: SignalKind = {
  verb: "terminate",
  stillTrue: `${IS_UNUSED} AND a.state LIKE 'idle%' AND clock_timestamp() - a.state_change >= make_interval(secs => $4::float8)`,
  inWords: "idle for that long",
};

/**
 * Ends sessions that are still idle for at least `idleSeconds`, matched by (pid, start) in the statement that ends them.
 * Clients reconnect by themselves; an open transaction is rolled back. At most 50. Catalogue guard (d) 9, trap pg-terminate-idle.
 */
export const terminateIdleSessions = write({
  name: "postgres.terminate-idle-sessions",
  title: "Terminate idle sessions",
  class: "cas",
  risk: "high",
  input: z.object({ sessions: targets, idleSeconds: z.number().min(0).max(6_000_000) }),
  output: Signalled,
  target: () => "sessions",
  preview: (client, { sessions, idleSeconds }, context) =>
    previewSignal(client, IDLE, sessions, idleSeconds, context),
  drift: signalDrift,
  run: (client, { sessions, idleSeconds }, context) =>
    sendSignal(client, IDLE, sessions, idleSeconds, context),
  probe: (client, { sessions, idleSeconds }, _witness, context) =>
    probeSignal(client, IDLE, sessions, idleSeconds, context),
  undo: "none: clients connect again by themselves; an open transaction is rolled back",
  settled: {
    check: ({ sessions }) => ({ sessions: sessionsLeft({ sessions }) }),
    // One that went to work meanwhile was spared: it may stay.
    holds: ({ sessions: { left } }, _input, { signalled }) => !signalled.some((one) => isIn(left, one)),
    figures: ({ sessions: { left } }, { sessions }) =>
      `idle sessions of the plan ${sessions.length} → ${left.length}`,
  },
});

const isIn = (all: readonly BackendId[], { pid, startedAt }: BackendId): boolean =>
  all.some((one) => one.pid === pid && one.startedAt === startedAt);

const BLOCKING: SignalKind = {
  verb: "terminate",
  // One that waits itself is no cause: to end it would lose its work, and whoever holds things up would still be there.
  stillTrue: `EXISTS (SELECT FROM pg_stat_activity b WHERE b.wait_event_type = 'Lock' AND a.pid = ANY (pg_blocking_pids(b.pid)))
    AND cardinality(pg_blocking_pids(a.pid)) = 0`,
  inWords: "blocking others and waiting for nobody",
};

/**
 * Ends sessions that still block somebody; their transactions are rolled back, which can take as long as they ran.
 * At most 50, matched by (pid, start). sergas-agents.slow-queries (blockers), catalogue guard (d) 9.
 */
export const terminateBlockers = write({
  name: "postgres.terminate-blockers",
  title: "Terminate sessions that block others",
  class: "cas",
  risk: "high",
  input: z.object({ sessions: targets }),
  output: Signalled,
  target: () => "sessions",
  preview: (client, { sessions }, context) => previewSignal(client, BLOCKING, sessions, 0, context),
  drift: signalDrift,
  run: (client, { sessions }, context) => sendSignal(client, BLOCKING, sessions, 0, context),
  probe: (client, { sessions }, _witness, context) => probeSignal(client, BLOCKING, sessions, 0, context),
  undo: "none: their transactions are rolled back",
  settled: {
    check: () => ({ locks: blockedSessions({ waitingSeconds: 0 }) }),
    holds: ({ locks }, { sessions }) => {
      const ended = new Set(sessions.map(({ pid }) => pid));
      return locks.roots.every(({ pid }) => !ended.has(pid));
    },
    figures: ({ locks }, _input, { signalled }, before) =>
      before.locks === undefined
        ? `${count(signalled.length, "blocking session")} ended, ${locks.total} still wait`
        : `waiting sessions ${before.locks.total} → ${locks.total}`,
  },
});

const RUNNING: SignalKind = {
  verb: "cancel",
  stillTrue: `a.state = 'active' AND to_char(a.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') = w.query_started AND ${ORDINARY_STATEMENT}`,
  inWords: "running that same ordinary statement",
};

/**
 * Cancels running statements, matched by (pid, session start, statement start); the session lives on and its transaction
 * is aborted. At most 50; never DDL, VACUUM or COPY. tektra.db-long-running-queries, sergas-accounts.error-db-timeout.
 */
export const cancelStatements = write({
  name: "postgres.cancel-statements",
  title: "Cancel running statements",
  class: "cas",
  risk: "high",
  input: z.object({
    statements: z
      .array(BackendId.extend({ queryStartedAt: z.string().max(40) }))
      .min(1)
      .max(MAX_SIGNALS),
  }),
  output: Signalled,
  target: () => "sessions",
  preview: (client, { statements }, context) => previewSignal(client, RUNNING, statements, 0, context),
  drift: signalDrift,
  run: (client, { statements }, context) => sendSignal(client, RUNNING, statements, 0, context),
  probe: (client, { statements }, _witness, context) => probeSignal(client, RUNNING, statements, 0, context),
  undo: "none: whoever sent them may send them again",
  settled: {
    check: ({ statements }) => ({ statements: sessionsLeft({ sessions: statements }) }),
    holds: ({ statements: { left } }, _input, { signalled }) => !signalled.some((one) => isIn(left, one)),
    figures: ({ statements: { left } }, { statements }) =>
      `running statements of the plan ${statements.length} → ${left.length}`,
  },
});
