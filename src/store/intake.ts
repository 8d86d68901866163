import { DiagError } from "../core/errors.ts";
import { RunId, ThreadId } from "../core/ids.ts";
import type { Entry, Intake, RunRequest } from "../core/ports.ts";
import { receiveAlerts } from "./alerts.ts";
import { castAnswer } from "./answers.ts";
import type { OnCommit } from "./fence.ts";
import { noteEntry, settleEntry } from "./inbox.ts";
import { insertNotice } from "./notices.ts";
import type { Pool } from "./pool.ts";
import { actorOf, insertRun, insertThread } from "./runs.ts";
import { touchOpenThreads } from "./sweep.ts";
import { type Transaction, transact } from "./transaction.ts";
import { castVote } from "./votes.ts";
import { lockWrites } from "./write-lock.ts";

/** Named places of a door where a test may end the process (reliability.md, crash points C1 to C4 and C12). */
export const DOOR_POINTS = ["before_commit", "after_commit", "after_dispatch"] as const;
export type DoorPoint = (typeof DOOR_POINTS)[number];

/** Everything the doors write: the request and what it changes, in one transaction. */
export function createIntake({
  pool,
  onCommit,
  didNotAfterMs,
  crash = () => {},
}: {
  pool: Pool;
  onCommit: OnCommit;
  /** Shorter in tests only. */
  didNotAfterMs?: number;
  /** Does nothing outside tests. */
  crash?: (point: DoorPoint) => void;
}): Intake {
  const commit = async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
    const { value, touched } = await transact(pool, async (tx) => {
      const done = await work(tx);
      crash("before_commit");
      return done;
    });
    crash("after_commit");
    onCommit(touched);
    crash("after_dispatch");
    return value;
  };
  return {
    submitRun: (entry, request) => commit((tx) => submitRun(tx, entry, request)),
    receiveAlerts: (entry, request) => commit((tx) => receiveAlerts(tx, entry, request)),
    castVote: async (entry, request) => {
      const result = await commit((tx) => castVote(tx, entry, request));
      // A refused vote is a committed fact as well, so it is thrown only now.
      if (result instanceof DiagError) throw result;
      return result;
    },
    answer: async (entry, request) => {
      const result = await commit((tx) => castAnswer(tx, entry, request, didNotAfterMs));
      if (result instanceof DiagError) throw result;
      return result;
    },
    notice: (entry, channel, text) =>
      commit(async (tx) => {
        if ((await noteEntry(tx, entry)) === "fresh") await insertNotice(tx, channel, text);
      }),
    requestCancel: (entry, run, caller) =>
      commit(async (tx) => {
        if ((await noteEntry(tx, entry)) === "repeat") return "requested";
        const { rows } = await tx.sql.query<{ thread_id: number }>(
          `UPDATE run SET cancel_requested_at = clock_timestamp(), cancel_requested_by = $2
           WHERE id = $1 AND status IN ('queued', 'running', 'waiting') RETURNING thread_id`,
          [run, caller.principal ?? caller.name],
        );
        if (rows[0] === undefined) return "ended";
        tx.audit({ actor: actorOf(caller), event: "run.cancel-requested", run });
        tx.touch("run", run);
        tx.touch("thread", rows[0].thread_id);
        return "requested";
      }),
    freeze: (entry, { by, reason, forMs }) =>
      commit(async (tx) => {
        await noteEntry(tx, entry);
        await lockWrites(tx);
        const { rows } = await tx.sql.query<{ since: Date; until: Date | null }>(
          `INSERT INTO write_freeze (by, reason, until) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
           ON CONFLICT (only_one) DO UPDATE SET by = excluded.by, reason = excluded.reason, until = excluded.until, since = clock_timestamp()
           RETURNING since, until`,
          [by.principal ?? by.name, reason, forMs === undefined ? null : forMs / 1000],
        );
        tx.audit({ actor: actorOf(by), event: "freeze.on", payload: { reason, forMs } });
        await touchOpenThreads(tx);
        const { since = new Date(), until } = rows[0] ?? {};
        return { by: by.principal ?? by.name, reason, since, ...(until ? { until } : {}) };
      }),
    unfreeze: (entry, by) =>
      commit(async (tx) => {
        await noteEntry(tx, entry);
        const { rowCount } = await tx.sql.query("DELETE FROM write_freeze");
        if (rowCount !== 1) return false;
        tx.audit({ actor: actorOf(by), event: "freeze.off" });
        await touchOpenThreads(tx);
        return true;
      }),
  };
}

async function submitRun(tx: Transaction, entry: Entry, request: RunRequest) {
  if ((await noteEntry(tx, entry)) === "repeat") {
    const { rows } = await tx.sql.query<{ id: number; thread_id: number }>(
      "SELECT r.id, r.thread_id FROM inbox i JOIN run r ON r.id::text = i.note WHERE i.dedupe_key = $1",
      [entry.dedupeKey],
    );
    if (rows[0] === undefined) throw new DiagError("bug", "a repeated request has no run");
    return { run: RunId.parse(rows[0].id), thread: ThreadId.parse(rows[0].thread_id), repeated: true };
  }
  const thread = await insertThread(tx, request.channel);
  const run = await insertRun(tx, request, { thread });
  await settleEntry(tx, entry, "done", String(run));
  return { run, thread, repeated: false };
}
