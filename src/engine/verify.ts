import type { NewStep, StepResult } from "../core/ports/run-store.ts";
import { undoCall } from "../core/words/action.ts";
import { parseDuration, sayDuration } from "../core/words/duration.ts";
import { count } from "../core/words/format.ts";
import type { Seen } from "../core/words/outcome.ts";
import type { RemedyView, RunView, StepView } from "../core/words/view.ts";
import { waitFor } from "../lib/wait.ts";
import { isBetter, plannedChecks } from "./checks.ts";
import { newStep, readStep } from "./diagnose.ts";
import { figuresOf, undoneOf } from "./figures.ts";
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
      const figures = said(house, grip, () => figuresOf(house, grip.view, remedy, seenAfter(results)));
      await conclude(house, grip, remedy, { holds, figures });
      return;
    }
    await waitFor(POLL_MS, grip.stop);
    grip.stop.throwIfAborted();
  }
}

/** Words for people: where they fail, what happened stands all the same. */
function said(house: EngineHouse, { view }: Grip, say: () => string | undefined): string | undefined {
  try {
    return say();
  } catch (error) {
    house.logger.error({ run: view.id, runbook: view.runbook, err: error }, "the figures could not be said");
    return undefined;
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
async function conclude(
  house: EngineHouse,
  grip: Grip,
  remedy: RemedyView,
  { holds, figures }: { holds: boolean; figures: string | undefined },
): Promise<void> {
  const { view, fence } = grip;
  const policy = remedy.approval?.policy;
  const undo = undoSteps(house, view, remedy);
  house.events.remedy(view.runbook, holds ? "succeeded" : "failed");
  if (holds) {
    return house.store.settleRemedy(fence, remedy.key, {
      status: "succeeded",
      note: `Verified: ${figures ?? "the cause is gone"}`,
      ...(undo.length === 0 ? {} : holdOf(view, remedy)),
    });
  }
  const note = `Not better within ${sayDuration(verifyMs(grip, remedy.key))}${figures === undefined ? "" : `: ${figures}`}`;
  if (undo.length > 0 && policy?.undo === "auto")
    return house.store.beginUndo(fence, remedy.key, undo, `${note}; it is being undone`);
  const hold =
    undo.length === 0 || policy === undefined ? {} : { hold: { ms: policy.expires, ends: "keep" as const } };
  return house.store.settleRemedy(fence, remedy.key, { status: "failed", note, ...hold });
}

/** In force for the time asked for; or it stays, and for a while a click takes it back: the run need not stay open for that. */
function holdOf(view: RunView, { plan, approval }: RemedyView) {
  if (plan?.appliedFor !== undefined && view.applyForMs !== undefined)
    return { hold: { ms: view.applyForMs, ends: "undo" as const } };
  return approval === undefined ? {} : { hold: { ms: approval.policy.expires, ends: "keep" as const } };
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
  return house.store.beginUndo(grip.fence, remedy.key, steps, `It is being undone${whyUndone(remedy)}`);
}

/** Every call was taken back: who wanted it, what that did, and what it cannot bring back. */
export async function endUndo(house: EngineHouse, grip: Grip, remedy: RemedyView): Promise<void> {
  const undone = grip.view.steps.filter(
    (step) => step.remedy === remedy.key && step.phase === "undo" && step.state === "succeeded",
  );
  const what =
    said(house, grip, () => undoneOf(house, undone)) ?? `${count(undone.length, "change")} taken back`;
  const leaves = [...new Set((remedy.plan?.calls ?? []).flatMap((call) => call.leaves ?? []))];
  const left = leaves.length === 0 ? "" : `. What cannot be brought back: ${leaves.join("; ")}`;
  await house.store.settleRemedy(grip.fence, remedy.key, {
    status: "undone",
    note: `Undone${whyUndone(remedy)}: ${what}${left}`,
  });
}

/** ` by bob`, or why it was taken back by itself. */
function whyUndone({ answers, plan, approval }: RemedyView): string {
  const asked = answers.findLast(({ answer }) => answer === "undo");
  if (asked !== undefined) return ` by ${asked.principal}`;
  if (plan?.appliedFor !== undefined) return `, as the ${plan.appliedFor} it was asked for are over`;
  return approval?.policy.undo === "auto" ? " by itself, as it did not help" : "";
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
