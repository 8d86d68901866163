import { z } from "zod";
import type { Entry, GuideRequest, Intake, RunRequest } from "../core/ports/intake.ts";
import { accountOf, type Caller } from "../core/words/caller.ts";
import { DiagError } from "../core/words/errors.ts";
import { IncidentId, RunId, ThreadId } from "../core/words/ids.ts";
import { acknowledge } from "./alert/acknowledge.ts";
import { deliveryOf } from "./alert/alerts.ts";
import { alertsTogether, type Commit } from "./alert/alerts-together.ts";
import { noteChanges } from "./alert/changes.ts";
import { openChecklist, tick } from "./alert/checklists.ts";
import { closeIncident } from "./alert/incident-ends.ts";
import { keepPostmortem } from "./alert/postmortems.ts";
import { AnswerResult, castAnswer } from "./human/answers.ts";
import { AutoSet, AutoStopped, setAuto, stopAuto } from "./human/auto.ts";
import { FreezeResult, freeze, UnfreezeResult, unfreeze } from "./human/freezes.ts";
import { freezeSystem, unfreezeSystem } from "./human/system-freezes.ts";
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

/** Does work in a transaction, and has the queue told of what it touched. */
const committing =
  ({ pool, onCommit, crash = () => {} }: StoreDeps): Commit =>
  async (work, opening = {}) => {
    const beforeCommit = <T>(done: T): T => {
      crash("before_commit");
      return done;
    };
    const { value, touched } = await transact(
      pool,
      (tx, opened) => work(tx, opened).then(beforeCommit),
      opening,
    );
    crash("after_commit");
    onCommit(touched);
    crash("after_dispatch");
    return value;
  };

function plainIntake(deps: StoreDeps): Intake {
  const { pool, didNotAfterMs } = deps;
  const commit = committing(deps);
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
  const alerts = alertsTogether(commit);
  return {
    submitRun: async (entry, request) => {
      const { result, repeated } = await change(entry, Run, (tx) => submitRun(tx, request));
      return { ...result, repeated };
    },
    submitGuide: async (entry, request) => {
      const { result, repeated } = await change(entry, Guide, (tx) => submitGuide(tx, request));
      return { ...result, repeated };
    },
    receiveAlerts: (entry, request) => alerts(deliveryOf(entry, request)),
    noteChanges: (changes) => commit((tx) => noteChanges(tx, changes)),
    castVote: async (entry, request) =>
      (await change(entry, VoteResult, (tx) => castVote(tx, request))).result,
    answer: async (entry, request) =>
      (await change(entry, AnswerResult, (tx) => castAnswer(tx, request, didNotAfterMs))).result,
    notice: async (entry, channel, text) => {
      await change(entry, z.null(), (tx) => insertNotice(tx, channel, text).then(() => null));
    },
    requestCancel: async (entry, run, caller, all = false) =>
      (await change(entry, z.enum(["requested", "ended"]), (tx) => requestCancel(tx, run, caller, all)))
        .result,
    closeIncident: async (entry, request) =>
      (await change(entry, Closed, (tx) => closeIncident(tx, request))).result,
    acknowledge: async (entry, request) =>
      (await change(entry, Acknowledged, (tx) => acknowledge(tx, request))).result,
    openChecklist: async (entry, request) =>
      (await change(entry, ChecklistOpened, (tx) => openChecklist(tx, request))).result,
    tick: async (entry, request) => (await change(entry, Ticked, (tx) => tick(tx, request))).result,
    keepPostmortem: async (entry, request) =>
      (await change(entry, z.object({ n: z.int() }), (tx) => keepPostmortem(tx, request))).result,
    openThread: async (entry, request) =>
      (await change(entry, Opened, (tx) => openThread(tx, request))).result,
    freeze: async (entry, request) => (await change(entry, FreezeResult, (tx) => freeze(tx, request))).result,
    unfreeze: async (entry, by, channels) =>
      (await change(entry, UnfreezeResult, (tx) => unfreeze(tx, by, channels))).result,
    freezeSystem: async (entry, request) =>
      (await change(entry, FreezeResult, (tx) => freezeSystem(tx, request))).result,
    unfreezeSystem: async (entry, system, by, channels) =>
      (await change(entry, UnfreezeResult, (tx) => unfreezeSystem(tx, system, by, channels))).result,
    setAuto: async (entry, request) => (await change(entry, AutoSet, (tx) => setAuto(tx, request))).result,
    stopAuto: async (entry, request) =>
      (await change(entry, AutoStopped, (tx) => stopAuto(tx, request))).result,
    isFirst: (entry) => isFirstEntry(pool, entry),
  };
}

const Run = z.object({ run: RunId, thread: ThreadId });
const Guide = z.object({ runs: z.array(RunId), thread: ThreadId });
const Opened = z.object({ channel: z.string(), opened: z.boolean() });
const Acknowledged = z.object({
  incident: IncidentId,
  state: z.enum(["yours", "taken", "over"]),
  by: z.string(),
});
const ChecklistOpened = z.object({ incident: IncidentId, opened: z.boolean() });
const Ticked = z.object({ incident: IncidentId, text: z.string(), changed: z.boolean() });
const Closed = z.object({ incident: IncidentId, closed: z.boolean() });

async function submitRun(tx: Transaction, request: RunRequest) {
  const refused = await refuseOverlap(tx, request);
  if (refused !== undefined) return refused;
  const thread = await insertThread(tx, request.channel);
  return { run: await insertRun(tx, request, { thread }), thread };
}

async function submitGuide(tx: Transaction, { guide, channel, runs }: GuideRequest) {
  const thread = await insertThread(tx, channel, guide);
  const ids: RunId[] = [];
  for (const run of runs) ids.push(await insertRun(tx, run, { thread }));
  return { runs: ids, thread };
}

async function requestCancel(
  tx: Transaction,
  run: RunId,
  caller: Caller,
  all: boolean,
): Promise<"requested" | "ended"> {
  const { rows } = await tx.sql.query<{ id: RunId; thread_id: number }>(
    `UPDATE run SET cancel_requested_at = clock_timestamp(), cancel_requested_by = $2
     WHERE id IN (SELECT id FROM run WHERE (id = $1 OR $3 AND thread_id = (SELECT thread_id FROM run WHERE id = $1))
       AND status IN ('queued', 'running', 'waiting') ORDER BY id FOR UPDATE) RETURNING id, thread_id`,
    [run, caller.principal ?? caller.name, all],
  );
  if (rows[0] === undefined) return "ended";
  const actor = actorOf(caller);
  for (const { id } of rows) {
    tx.audit({ actor, event: "run.cancel-requested", run: id, payload: { account: accountOf(caller) } });
    // At once, not when a worker comes to it: nobody is asked to vote for what is not going to happen.
    await withdraw(tx, { run: id, actor, as: "cancelled", because: "The run was cancelled" });
    tx.touch("run", id);
  }
  tx.touch("thread", rows[0].thread_id, { urgent: true });
  return "requested";
}
