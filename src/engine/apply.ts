import type { NotAnnounced } from "../core/ports/run-store.ts";
import { whyForbidden } from "../core/rules/restrict.ts";
import { DiagError, toDiagError } from "../core/words/errors.ts";
import { canonical, difference } from "../core/words/json.ts";
import type { PlannedCall } from "../core/words/plan.ts";
import type { RemedyView, StepView } from "../core/words/view.ts";
import { sha256 } from "../lib/sha256.ts";
import { whyNoLonger } from "./auto.ts";
import { callWrite, lookAt, type Reached, stepError } from "./call.ts";
import { type ClaimedRun, type EngineDeps, writeAction } from "./deps.ts";
import { lockKey } from "./targets.ts";

/** What the engine does after a write was not made: look again then. */
export interface Pause {
  readonly wakeAt?: Date;
}

const NEVER = new AbortController().signal;
const BUSY_MS = 2_000;
const LIMIT_MS = 15_000;

/** One write of an approved remedy, or of its undo: at most once, and only as approved. */
export async function apply(
  deps: EngineDeps,
  claimed: ClaimedRun,
  remedy: RemedyView,
  step: StepView,
): Promise<Pause | undefined> {
  const planSha256 = remedy.planSha256 ?? "";
  if (remedy.plan === undefined || sha256(canonical(remedy.plan)) !== planSha256)
    return void (await deps.store.voidApproval(claimed.fence, remedy.key, [
      "the stored plan does not match its hash",
    ]));
  const call = step.phase === "undo" ? undoCall(deps, claimed, step) : remedy.plan.calls[step.stage];
  if (call === undefined) throw new DiagError("bug", `step ${step.name} is not in the plan`);
  if (step.phase === "apply" && isUntouched(claimed, remedy)) {
    const forbidden =
      whyForbidden(claimed.system, claimed.view.runbook, remedy.key, remedy.plan.risk) ??
      whyNoLonger(deps, claimed, remedy);
    if (forbidden !== undefined)
      return void (await deps.store.voidApproval(claimed.fence, remedy.key, [forbidden]));
    const drifted = await drift(deps, claimed, remedy.plan.calls);
    if (drifted.length > 0) return void (await deps.store.voidApproval(claimed.fence, remedy.key, drifted));
  }
  return write(deps, claimed, { remedy, step, call, planSha256 });
}

/** No call of the plan has happened, so the situation must still be the approved one: also long after, when a human has said "it did not happen". */
const isUntouched = (claimed: ClaimedRun, remedy: RemedyView): boolean =>
  !claimed.view.steps.some(
    (step) => step.remedy === remedy.key && step.phase === "apply" && step.state === "succeeded",
  );

function undoCall(deps: EngineDeps, claimed: ClaimedRun, step: StepView): PlannedCall {
  const action = writeAction(deps, step.action);
  const { face } = deps.targets.reach(claimed.system, step.on, action);
  return {
    action: step.action,
    on: step.on,
    input: step.input,
    class: action.class,
    risk: action.risk,
    target: lockKey(claimed.system, face, action.target(action.input.parse(step.input))),
    changes: [],
    witness: step.witness ?? null,
    timeoutSeconds: action.timeoutSeconds,
  };
}

/** Is the situation still the one that was approved? Asked for the whole plan before its first write. */
async function drift(
  deps: EngineDeps,
  claimed: ClaimedRun,
  calls: readonly PlannedCall[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const call of calls) lines.push(...(await driftOf(deps, claimed, call)));
  return lines.map(deps.redact);
}

async function driftOf(deps: EngineDeps, claimed: ClaimedRun, call: PlannedCall): Promise<readonly string[]> {
  try {
    const action = writeAction(deps, call.action);
    const reached = deps.targets.reach(claimed.system, call.on, action);
    const now = await lookAt(action, reached, claimed.stop, (context) =>
      action.preview(reached.client, action.input.parse(call.input), context),
    );
    const lines = now.refused === undefined ? [] : [`refused by a guard: ${now.refused}`];
    if (now.nothingToDo !== undefined) return [...lines, now.nothingToDo];
    return [
      ...lines,
      ...(action.drift?.(call.witness, now.witness) ?? difference(call.witness, now.witness)),
    ];
  } catch (error) {
    if (claimed.stop.aborted) throw error;
    // What cannot be seen cannot be said to be as it was approved.
    return [`could not look again: ${toDiagError(error, "target_error").message}`];
  }
}

interface Write {
  readonly remedy: RemedyView;
  readonly step: StepView;
  readonly call: PlannedCall;
  readonly planSha256: string;
}

async function write(
  deps: EngineDeps,
  claimed: ClaimedRun,
  { remedy, step, call, planSha256 }: Write,
): Promise<Pause | undefined> {
  const action = writeAction(deps, call.action);
  const reached = deps.targets.reach(claimed.system, call.on, action);
  const timeoutMs = call.timeoutSeconds * 1000;
  // Read before the transaction begins: whatever the commit takes is taken from the effect's time, never added to it.
  const begun = performance.now();
  const wallEnd = Date.now() + timeoutMs;
  deps.crash("before_intent");
  const attempt = await deps.store.announceWrite(claimed.fence, {
    remedy: remedy.key,
    step: step.name,
    planSha256,
    target: call.target,
    timeoutMs,
    isUndo: step.phase === "undo",
    limits: deps.catalog.limits,
  });
  if (attempt.refused !== undefined) return notAnnounced(deps, claimed, remedy, attempt);
  deps.crash("after_intent");
  const remainingMs = () => Math.min(timeoutMs - (performance.now() - begun), wallEnd - Date.now());
  deps.crash("before_effect");
  const result = await effect(deps, action.name, {
    reached,
    call,
    effectKey: attempt.effectKey,
    remainingMs,
  });
  deps.crash("after_effect");
  deps.targets.shared.forget(claimed.system.id);
  await deps.store.recordWrite({ run: claimed.fence.run, step: step.name, epoch: attempt.epoch }, result);
  deps.crash("after_result");
  return undefined;
}

/** Nothing was done: it waits, or its approval is over. */
async function notAnnounced(
  deps: EngineDeps,
  claimed: ClaimedRun,
  remedy: RemedyView,
  answer: NotAnnounced,
): Promise<Pause | undefined> {
  switch (answer.refused) {
    case "busy":
      return { wakeAt: new Date(Date.now() + BUSY_MS) };
    case "limit":
      return { wakeAt: new Date(Date.now() + LIMIT_MS) };
    case "frozen":
      return untilExpiry(remedy);
    case "expired":
      return void (await deps.store.expireApproval(claimed.fence, remedy.key, answer.why));
    case "void":
      return void (await deps.store.voidApproval(claimed.fence, remedy.key, [answer.why]));
    case "cancelled":
      return undefined;
  }
}

/** Whoever lifts the freeze wakes the run; an approval that has not begun may expire before. */
function untilExpiry({ status, approval }: RemedyView): Pause {
  return status === "approved" && approval?.executeBefore !== undefined
    ? { wakeAt: approval.executeBefore }
    : {};
}

/** `failed` only where the action proves that nothing was done; everything else that is not a success may have happened. */
async function effect(
  deps: EngineDeps,
  name: string,
  {
    reached,
    call,
    effectKey,
    remainingMs,
  }: { reached: Reached; call: PlannedCall; effectKey: string; remainingMs: () => number },
) {
  const startedAt = new Date();
  const begun = performance.now();
  const done = <T extends { outcome: "succeeded" | "failed" | "unknown" }>(result: T): T => {
    deps.events.step(name, result.outcome, performance.now() - begun);
    return result;
  };
  try {
    const options = { stop: NEVER, redact: deps.redact, effectKey, witness: call.witness, remainingMs };
    const output = await callWrite(writeAction(deps, name), call.input, reached, options);
    return done({ outcome: "succeeded", output, startedAt } as const);
  } catch (error) {
    const proven = ["target_refused", "bad_parameter"].includes(toDiagError(error, "target_error").code);
    return done({
      outcome: proven ? "failed" : "unknown",
      error: stepError(error, deps.redact),
      startedAt,
    } as const);
  }
}
