import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { count } from "../../core/words/format.ts";
import { BackendId, MAX_SIGNALS, utc } from "./backend.ts";
import type { PostgresClient } from "./client.ts";
import { blockedSessions } from "./locks.ts";
import { previewSignal, probeSignal, type SignalKind, sendSignal, signalDrift } from "./signal.ts";

const { write } = actionsOn<PostgresClient>("postgres");

/**
 * It waits for a lock, has done so since the same moment, and others wait behind it. Never CONCURRENTLY: that works in several
 * transactions, and what is left of it (an invalid index) is somebody's to clean up.
 */
const QUEUED: SignalKind = {
  verb: "cancel",
  stillTrue: `a.state = 'active' AND ${utc("a.query_start")} = w.query_started AND a.wait_event_type = 'Lock'
    AND cardinality(pg_blocking_pids(a.pid)) > 0 AND a.query !~* 'concurrently'
    AND EXISTS (SELECT FROM pg_stat_activity b WHERE b.wait_event_type = 'Lock' AND a.pid = ANY (pg_blocking_pids(b.pid)))`,
  inWords: "waiting for a lock in that same statement with others behind it",
};

/**
 * Cancels statements that wait for a lock themselves and that others queue behind, matched by (pid, session start, statement
 * start): what they waited for is left alone, those behind go through. Of a transaction that had begun before, all of it is
 * rolled back. At most 50. sergas-agents.slow-queries (blockers); Postgres manual, "Server Signaling Functions".
 */
export const cancelQueued = write({
  name: "postgres.cancel-queued",
  title: "Cancel waiting statements that others queue behind",
  class: "cas",
  risk: "high",
  input: z.object({
    statements: z
      .array(BackendId.extend({ queryStartedAt: z.string().max(40) }))
      .min(1)
      .max(MAX_SIGNALS),
  }),
  output: z.object({ signalled: z.array(BackendId), spared: z.int() }),
  target: () => "sessions",
  preview: (client, { statements }, context) => previewSignal(client, QUEUED, statements, 0, context),
  drift: signalDrift,
  run: (client, { statements }, context) => sendSignal(client, QUEUED, statements, 0, context),
  probe: (client, { statements }, _witness, context) => probeSignal(client, QUEUED, statements, 0, context),
  undo: "none: whoever sent it may send it again; it had only waited, and what its transaction did before is rolled back",
  settled: {
    check: () => ({ locks: blockedSessions({ waitingSeconds: 0 }) }),
    // Whether it waits itself, not only whether it makes the longest queue: another one may be longer by now. The same session
    // may try again: that is another statement.
    holds: ({ locks }, { statements }) =>
      ![...locks.blocked, ...(locks.queue?.makers ?? [])].some((waiter) =>
        statements.some(
          ({ pid, queryStartedAt }) => pid === waiter.pid && queryStartedAt === waiter.queryStartedAt,
        ),
      ),
    figures: ({ locks }, _input, { signalled }, before) =>
      before.locks === undefined
        ? `${count(signalled.length, "waiting statement")} cancelled, ${locks.total} sessions still wait`
        : `waiting sessions ${before.locks.total} → ${locks.total}`,
  },
});
