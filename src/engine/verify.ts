import { undoCall } from "../core/action.ts";
import { parseDuration, sayDuration } from "../core/duration.ts";
import type { Seen } from "../core/outcome.ts";
import type { NewStep, StepResult } from "../core/run-store.ts";
import type { RemedyView, RunView, StepView } from "../core/view.ts";
import { waitFor } from "../lib/wait.ts";
import { isBetter, plannedChecks } from "./checks.ts";
import { newStep, readStep } from "./diagnose.ts";
import { type EngineHouse, executable, type Grip, writeAction } from "./house.ts";

const POLL_MS = 750;

export const verifyMs = (grip: Grip, key: string): number =>
  parseDuration(executable(grip, key).verify.within) ?? 30_000;

/** Asks until it is better or the time is over; then the remedy has succeeded or failed, and a failed one may be undone. */
export async function verifyRemedy(house: EngineHouse, grip: Grip, remedy: RemedyView): Promise<void> {
  const checks = remedy.plan?.verify ?? plannedChecks(house, grip, remedy.key, remedy.plan?.calls ?? []);
  const steps = checks.map((check) =>
    newStep(house, grip.view, {
      name: `${remedy.key}/verify/${check.name}`,
      call: check,
      phase: "verify",
      stage: 0,
      remedy: remedy.key,
    }),
  );
  for (;;) {
    const results = await Promise.all(
      steps.map(async (step) => ({ ...step, result: await readStep(house, grip, step) })),
    );
    const holds = isBetter(house, grip, remedy, seenAfter(results));
    const now = await house.store.now();
    const isOver = remedy.verifyUntil === undefined || now >= remedy.verifyUntil;
    if (holds || isOver) {
      await house.store.recordCheck(grip.fence, results);
      await conclude(house, grip, remedy, holds);
      return;
    }
    await waitFor(POLL_MS, grip.stop);
    grip.stop.throwIfAborted();
  }
}

function seenAfter(results: readonly (NewStep & { result: StepResult })[]): Record<string, Seen<unknown>> {
  const shortName = (name: string) => name.slice(name.lastIndexOf("/verify/") + "/verify/".length);
  return Object.fromEntries(
    results.map(({ name, result }) => [
      shortName(name),
      result.outcome === "succeeded"
        ? { ok: true as const, value: result.output }
        : { ok: false as const, error: result.error ?? { code: result.outcome, message: result.outcome } },
    ]),
  );
}

/** Better: it stays, or stays for the time it was approved for. Not better: taken back, by policy at once or when a human says so. */
async function conclude(house: EngineHouse, grip: Grip, remedy: RemedyView, holds: boolean): Promise<void> {
  const { view, fence } = grip;
  const policy = remedy.approval?.policy;
  const undo = undoSteps(house, view, remedy);
  house.events.remedy(view.runbook, holds ? "succeeded" : "failed");
  if (holds) {
    const lease = remedy.plan?.appliedFor !== undefined && undo.length > 0 ? view.applyForMs : undefined;
    const hold = lease === undefined ? {} : { hold: { ms: lease, ends: "undo" as const } };
    return house.store.settleRemedy(fence, remedy.key, {
      status: "succeeded",
      note: "Verified: the cause is gone",
      ...hold,
    });
  }
  const note = `Not better within ${sayDuration(verifyMs(grip, remedy.key))}`;
  if (undo.length > 0 && policy?.undo === "auto")
    return house.store.beginUndo(fence, remedy.key, undo, `${note}; it is being undone`);
  const hold =
    undo.length === 0 || policy === undefined ? {} : { hold: { ms: policy.expires, ends: "keep" as const } };
  return house.store.settleRemedy(fence, remedy.key, { status: "failed", note, ...hold });
}

/** A call was refused and surely did nothing. What the calls before it did stays, and may be taken back by a human. */
export async function failed(
  house: EngineHouse,
  { view, fence }: Grip,
  remedy: RemedyView,
  step: StepView,
): Promise<void> {
  const why = step.error?.message ?? "the target refused";
  const calls = view.steps.filter(({ remedy: of, phase }) => of === remedy.key && phase === step.phase);
  const done = calls.filter(({ state }) => state === "succeeded").length;
  const undo = step.phase === "apply" && done > 0 ? undoSteps(house, view, remedy) : [];
  const keep = undo.length > 0 ? remedy.approval?.policy.expires : undefined;
  house.events.remedy(view.runbook, "failed");
  await house.store.settleRemedy(fence, remedy.key, {
    status: "failed",
    note:
      done === 0 ? `Nothing was done: ${why}` : `Only ${done} of ${calls.length} changes were made: ${why}`,
    ...(keep === undefined ? {} : { hold: { ms: keep, ends: "keep" as const } }),
  });
}

/** The time in force is over, or somebody said "undo now". */
export async function beginUndo(house: EngineHouse, grip: Grip, remedy: RemedyView): Promise<void> {
  const steps = undoSteps(house, grip.view, remedy);
  if (steps.length === 0) return house.store.endHold(grip.fence, remedy.key);
  return house.store.beginUndo(grip.fence, remedy.key, steps, "It is being undone");
}

/** Each applied call's own undo, last first; empty where the remedy or an action cannot be undone. */
export function undoSteps(house: EngineHouse, view: RunView, remedy: RemedyView): NewStep[] {
  if (remedy.plan?.undo !== "actions") return [];
  const applied = view.steps.filter(
    (step) => step.remedy === remedy.key && step.phase === "apply" && step.state === "succeeded",
  );
  return applied.toReversed().flatMap((step, index) => {
    const call = undoOf(house, step);
    const part = {
      name: `${remedy.key}/undo/${index + 1}`,
      phase: "undo" as const,
      stage: index,
      remedy: remedy.key,
    };
    return call === undefined
      ? []
      : [newStep(house, view, { ...part, call: { ...call, on: call.on ?? step.on } })];
  });
}

function undoOf(house: EngineHouse, step: StepView) {
  return undoCall(writeAction(house, step.action), step.input, step.witness ?? null, step.output);
}
