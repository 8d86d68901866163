import { z } from "zod";
import type { Entry, Intake, RunRequest } from "../core/ports/intake.ts";
import { accountOf, type Caller } from "../core/words/caller.ts";
import { DiagError } from "../core/words/errors.ts";
import { IncidentId, RunId, ThreadId } from "../core/words/ids.ts";
import { receiveAlerts } from "./alert/alerts.ts";
import { closeIncident } from "./alert/incident-ends.ts";
import { AnswerResult, castAnswer } from "./human/answers.ts";
import { FreezeResult, freeze, UnfreezeResult, unfreeze } from "./human/freezes.ts";
import { castVote, VoteResult } from "./human/votes.ts";
import { withdraw } from "./human/withdraw.ts";
import { isFirstEntry, once } from "./inbox.ts";
import type { Pool } from "./pool.ts";
import type { OnCommit } from "./run/fence.ts";
import { actorOf, insertRun, insertThread } from "./run/runs.ts";
import { refuseOverlap } from "./run/schedule.ts";
import { PATTERNS_ONLY, type Redactors, safeIntake } from "./safe-intake.ts";
import { insertNotice } from "./thread/notices.ts";
import { openThread } from "./thread/storms.ts";
import { type Transaction, transact } from "./transaction.ts";

/** Named places of a door where a test may end the process (reliability.md, crash points C1 to C4 and C12). */
export const DOOR_POINTS = ["before_commit", "after_commit", "after_dispatch"] as const;
export type DoorPoint = (typeof DOOR_POINTS)[number];

interface StoreDeps {
  readonly pool: Pool;
  readonly onCommit: OnCommit;
  /** Takes secrets out of what comes in; left out: only what looks like one. */
  readonly redactors?: Redactors;
  /** Shorter in tests only. */
  readonly didNotAfterMs?: number;
  /** Does nothing outside tests. */
  readonly crash?: (point: DoorPoint) => void;
}

/** Everything the doors write: the request and what it changes, in one transaction, without the secrets in it. */
export const createIntake = (deps: StoreDeps): Intake =>
  safeIntake(plainIntake(deps), deps.redactors ?? PATTERNS_ONLY);

function plainIntake({ pool, onCommit, didNotAfterMs, crash = () => {} }: StoreDeps): Intake {
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
  /** Once per request; a refusal is a committed fact as well, so it is thrown only now. */
  const change = async <T>(
    entry: Entry,
    shape: z.ZodType<T>,
    work: (tx: Transaction) => Promise<T | DiagError>,
  ): Promise<{ result: T; repeated: boolean }> => {
    const { result, repeated } = await commit((tx) => once(tx, entry, shape, () => work(tx)));
    if (result instanceof DiagError) throw result;
    return { result, repeated };
  };
  return {
    submitRun: async (entry, request) => {
      const { result, repeated } = await change(entry, Run, (tx) => submitRun(tx, request));
      return { ...result, repeated };
    },
    receiveAlerts: (entry, request) => commit((tx) => receiveAlerts(tx, entry, request)),
    castVote: async (entry, request) =>
      (await change(entry, VoteResult, (tx) => castVote(tx, request))).result,
    answer: async (entry, request) =>
      (await change(entry, AnswerResult, (tx) => castAnswer(tx, request, didNotAfterMs))).result,
    notice: async (entry, channel, text) => {
      await change(entry, z.null(), (tx) => insertNotice(tx, channel, text).then(() => null));
    },
    requestCancel: async (entry, run, caller) =>
      (await change(entry, z.enum(["requested", "ended"]), (tx) => requestCancel(tx, run, caller))).result,
    closeIncident: async (entry, request) =>
      (await change(entry, Closed, (tx) => closeIncident(tx, request))).result,
    openThread: async (entry, request) =>
      (await change(entry, Opened, (tx) => openThread(tx, request))).result,
    freeze: async (entry, request) => (await change(entry, FreezeResult, (tx) => freeze(tx, request))).result,
    unfreeze: async (entry, by, channels) =>
      (await change(entry, UnfreezeResult, (tx) => unfreeze(tx, by, channels))).result,
    isFirst: (entry) => isFirstEntry(pool, entry),
  };
}

const Run = z.object({ run: RunId, thread: ThreadId });
const Opened = z.object({ channel: z.string(), opened: z.boolean() });
const Closed = z.object({ incident: IncidentId, closed: z.boolean() });

async function submitRun(tx: Transaction, request: RunRequest) {
  const refused = await refuseOverlap(tx, request);
  if (refused !== undefined) return refused;
  const thread = await insertThread(tx, request.channel);
  return { run: await insertRun(tx, request, { thread }), thread };
}

async function requestCancel(tx: Transaction, run: RunId, caller: Caller): Promise<"requested" | "ended"> {
  const { rows } = await tx.sql.query<{ thread_id: number }>(
    `UPDATE run SET cancel_requested_at = clock_timestamp(), cancel_requested_by = $2
     WHERE id = $1 AND status IN ('queued', 'running', 'waiting') RETURNING thread_id`,
    [run, caller.principal ?? caller.name],
  );
  if (rows[0] === undefined) return "ended";
  const actor = actorOf(caller);
  tx.audit({ actor, event: "run.cancel-requested", run, payload: { account: accountOf(caller) } });
  // At once, not when a worker comes to it: nobody is asked to vote for what is not going to happen.
  await withdraw(tx, { run, actor, as: "cancelled", because: "The run was cancelled" });
  tx.touch("run", run);
  tx.touch("thread", rows[0].thread_id, { urgent: true });
  return "requested";
}
