import type { Claim, Fence } from "../core/ports/run-store.ts";
import { outcomeOfRun } from "../core/rules/run-outcome.ts";
import { toDiagError } from "../core/words/errors.ts";
import type { RunId } from "../core/words/ids.ts";
import { isEnded, type RunStatus } from "../core/words/outcome.ts";
import type { RunView } from "../core/words/view.ts";
import { underSignal } from "../lib/deadline.ts";
import { levelOf } from "../telemetry/level.ts";
import { apply } from "./apply.ts";
import { letPolicyAct } from "./auto.ts";
import { stepError } from "./call.ts";
import { decide, type Move } from "./decide.ts";
import { type ClaimedRun, type EngineDeps, runbookOf, systemOf } from "./deps.ts";
import { planStage, readSteps, recordDiagnosis } from "./diagnose.ts";
import { lookAgain } from "./look-again.ts";
import { lookAnew } from "./look-anew.ts";
import { propose } from "./propose.ts";
import { resolveAttempt } from "./resolve-attempt.ts";
import { giveUp, MOST_LOST, SUSPICIOUS, type SuspectSlot, suspectSlot } from "./suspects.ts";
import { beginUndo, endUndo, failed, verifyMs, verifyRemedy } from "./verify.ts";
import { watchRemedy } from "./watch.ts";

export interface EngineOptions {
  /** Name of this worker, unique among all. */
  readonly worker: string;
  /** A worker that is silent for so long has lost its runs. */
  readonly leaseMs: number;
}

export interface Engine {
  /** Moves a run as far as it goes now. Returns when it has ended, waits, or is in another worker's hands. Never throws. */
  advance(run: RunId): Promise<void>;
  /** Stops taking runs, gives reads up, lets writes finish; resolves when nothing is in hand or `graceMs` have passed. */
  stop(graceMs: number): Promise<void>;
}

/** Moves runs: claim, decide, perform, until there is nothing to do. */
export function createEngine(deps: EngineDeps, options: EngineOptions): Engine {
  const stopping = new AbortController();
  const inHand = new Set<Promise<void>>();
  const slot = suspectSlot();
  return {
    advance: async (run) => {
      if (stopping.signal.aborted) return;
      const work = advance(deps, options, { run, stopping: stopping.signal, slot }).catch(
        (error: unknown) => {
          const known = toDiagError(error);
          if (known.code === "aborted") deps.events.leaseLost();
          deps.logger[levelOf(known)](
            { run, code: known.code, err: known.code === "bug" ? known : undefined },
            known.message,
          );
        },
      );
      inHand.add(work);
      await work.finally(() => inHand.delete(work));
    },
    stop: async (graceMs) => {
      stopping.abort();
      await Promise.race([
        Promise.allSettled(inHand),
        new Promise((resolve) => setTimeout(resolve, graceMs).unref()),
      ]);
    },
  };
}

async function advance(
  deps: EngineDeps,
  options: EngineOptions,
  { run, stopping, slot }: { run: RunId; stopping: AbortSignal; slot: SuspectSlot },
): Promise<void> {
  const place = slot.take();
  const claim = await deps.store
    .claim(run, options.worker, options.leaseMs, place !== undefined)
    .catch((error: unknown) => {
      place?.leave();
      throw error;
    });
  if (claim === undefined || claim.lostLeases < SUSPICIOUS) place?.leave();
  if (claim === undefined) return;
  deps.crash("after_claim");
  const lease = keepLease(deps, claim.fence, options.leaseMs);
  try {
    const onEnded = (view: RunView) => ended(deps, view, "errored");
    if (claim.lostLeases >= MOST_LOST && (await giveUp(deps, claim.fence, onEnded))) return;
    await move(deps, claim, {
      lost: lease.lost,
      cancelled: lease.cancelled,
      stopping,
      leaseMs: options.leaseMs,
    });
  } finally {
    lease.end();
    if (claim.lostLeases >= SUSPICIOUS) place?.leave();
  }
}

/** The heartbeat. It hears that the lease is lost and that somebody has cancelled the run. */
function keepLease(deps: EngineDeps, fence: Fence, leaseMs: number) {
  const lost = new AbortController();
  const cancelled = new AbortController();
  const letGo = deps.keeper?.hold(fence) ?? (() => {});
  let lastHeld = performance.now();
  // The keeper's thread goes on while this loop is blocked.
  const sinceHeld = () => Math.min(performance.now() - lastHeld, deps.keeper?.sinceHeldMs() ?? Infinity);
  const timer = setInterval(() => {
    if (sinceHeld() > leaseMs) lost.abort();
    deps.store.renew(fence, leaseMs).then(
      (state) => {
        lastHeld = performance.now();
        if (state === "cancel") cancelled.abort();
      },
      (error: unknown) => {
        if (toDiagError(error).code === "aborted") lost.abort();
      },
    );
  }, leaseMs / 3);
  const end = () => {
    clearInterval(timer);
    letGo();
  };
  return { lost: lost.signal, cancelled: cancelled.signal, end };
}

interface Signals {
  readonly lost: AbortSignal;
  readonly cancelled: AbortSignal;
  readonly stopping: AbortSignal;
  readonly leaseMs: number;
}

/** `ended`: not ours any more; a pause: give it back until then; undefined: look again at once. */
type Ahead = "ended" | { readonly wakeAt?: Date } | undefined;

async function move(deps: EngineDeps, { fence, rev, lostLeases }: Claim, signals: Signals): Promise<void> {
  let seenRev = rev;
  const putOff: PutOff = new Map();
  for (;;) {
    const ahead = await oneMove(deps, { fence, lostLeases }, signals, putOff);
    if (ahead === "ended") return;
    if (ahead === undefined && !signals.stopping.aborted) continue;
    deps.crash("before_release");
    const as = ahead === undefined ? { status: "queued" as const } : { status: "waiting" as const, ...ahead };
    const { released, rev: newer } = await deps.store.release(fence, seenRev, as);
    if (released) return;
    seenRev = newer;
    putOff.clear();
  }
}

/** Approved remedies that could not begin, and when to try again. The others of the run go on. */
type PutOff = Map<string, Date | undefined>;

async function oneMove(
  deps: EngineDeps,
  { fence, lostLeases }: Pick<Claim, "fence" | "lostLeases">,
  signals: Signals,
  putOff: PutOff,
): Promise<Ahead> {
  const seen = await deps.store.look(fence.run);
  if (seen === undefined || isEnded(seen.view.status)) return "ended";
  const { view, now } = seen;
  try {
    const runbook = runbookOf(deps.catalog, view);
    const next = decide(view, runbook?.stages.length, now, new Set(putOff.keys()));
    if (next.move === "none") return "ended";
    if (next.move === "wait") return soonest([next.until, ...putOff.values()]);
    // What is still done for a cancelled run is the end of what has begun: the cancel must not interrupt it again.
    const cancel = view.cancelRequestedBy === undefined ? [signals.cancelled] : [];
    const claimed = { fence, view, runbook, system: systemOf(deps.catalog, view), lostLeases };
    const ahead = await underSignal({ until: [signals.lost, signals.stopping] }, (letGo) =>
      underSignal({ until: [letGo, ...cancel] }, (stop) => perform(deps, { ...claimed, stop, letGo }, next)),
    );
    if (ahead === undefined || ahead === "ended" || !mayBePutOff(next)) return ahead;
    putOff.set(next.remedy.key, ahead.wakeAt);
    return undefined;
  } catch (error) {
    return mend(deps, fence, view, signals, error);
  }
}

/** It has not begun: the others of the run need not wait for it. */
const mayBePutOff = (next: Move): next is Extract<Move, { readonly move: "apply" | "auto" }> =>
  next.move === "auto" || (next.move === "apply" && next.remedy.status === "approved");

function soonest(times: readonly (Date | undefined)[]): { readonly wakeAt?: Date } {
  const known = times.flatMap((time) => (time === undefined ? [] : [time.getTime()]));
  return known.length === 0 ? {} : { wakeAt: new Date(Math.min(...known)) };
}

/** A cancel interrupts reads: look again and decide. A lost lease or a lost Postgres ends our part. Anything else ends the run. */
async function mend(
  deps: EngineDeps,
  fence: Fence,
  view: RunView,
  signals: Signals,
  thrown: unknown,
): Promise<Ahead> {
  const error = toDiagError(thrown);
  if (error.code === "store_unavailable") throw error;
  if (signals.stopping.aborted) return undefined;
  if (signals.lost.aborted || signals.cancelled.aborted || error.code === "aborted") {
    if ((await deps.store.renew(fence, signals.leaseMs)) === "cancel") return undefined;
    throw error;
  }
  deps.logger[levelOf(error)](
    { run: view.id, runbook: view.runbook, err: thrown },
    "the run could not be moved",
  );
  await deps.store.finish(fence, "errored", stepError(error, deps.redact));
  ended(deps, view, "errored");
  return "ended";
}

const ended = (deps: EngineDeps, view: RunView, status: RunStatus): void =>
  deps.events.run(
    view.runbook,
    status,
    outcomeOfRun({ ...view, status }),
    Date.now() - view.createdAt.getTime(),
  );

/** With what the run before saw, where the runbook compares with it. */
async function withBefore(deps: EngineDeps, claimed: ClaimedRun): Promise<ClaimedRun> {
  if (claimed.runbook?.compares !== true) return claimed;
  const before = await deps.store.before(claimed.fence.run);
  return { ...claimed, view: { ...claimed.view, before } };
}

async function perform(
  deps: EngineDeps,
  claimed: ClaimedRun,
  next: Exclude<Move, { readonly move: "wait" | "none" }>,
): Promise<Ahead> {
  const { fence, view } = claimed;
  const { store } = deps;
  switch (next.move) {
    case "plan-stage":
      return void (await planStage(deps, claimed, next.stage));
    case "read":
      return void (await readSteps(deps, claimed, next.steps));
    case "diagnose": {
      const over = await recordDiagnosis(deps, await withBefore(deps, claimed));
      if (over === undefined) return undefined;
      ended(deps, over, over.status);
      return "ended";
    }
    case "look-again":
      return void (await lookAgain(deps, await withBefore(deps, claimed)));
    case "look-anew":
      return void (await lookAnew(deps, claimed));
    case "withdraw":
      deps.events.remedy(view.runbook, "void");
      return void (await store.setRemedy(fence, next.remedy.key, { status: "void", note: next.why }));
    case "propose":
      return void (await propose(deps, claimed, next.remedy));
    case "supersede":
      deps.events.remedy(view.runbook, "skipped");
      return void (await store.setRemedy(fence, next.remedy.key, {
        status: "skipped",
        note: `No longer needed: "${next.by.title}" has ended the cause`,
      }));
    case "expire":
      deps.events.remedy(view.runbook, "expired");
      return void (await store.expireApproval(fence, next.remedy.key, next.why));
    case "auto":
      return letPolicyAct(deps, claimed, next.remedy);
    case "apply":
      return apply(deps, claimed, next.remedy, next.step);
    case "resolve":
      return void (await resolveAttempt(deps, claimed, next.remedy, next.step));
    case "fail":
      return void (await failed(deps, claimed, next.remedy, next.step));
    case "begin-verify":
      deps.crash("before_verify");
      return void (await store.beginVerify(fence, next.remedy.key, verifyMs(next.remedy)));
    case "verify":
      return void (await verifyRemedy(deps, claimed, next.remedy));
    case "begin-undo":
      return void (await beginUndo(deps, claimed, next.remedy));
    case "end-hold":
      return void (await store.endHold(fence, next.remedy.key));
    case "watch":
      return void (await watchRemedy(deps, claimed, next.remedy));
    case "end-undo":
      return void (await endUndo(deps, claimed, next.remedy));
    case "cancel":
      await store.cancel(fence);
      ended(deps, view, "cancelled");
      return "ended";
    case "finish":
      await store.finish(fence, next.status);
      ended(deps, view, next.status);
      return "ended";
  }
}
