import type { NewStep, StepResult } from "../core/ports/run-store.ts";
import { autoRuleOf, isByPolicy } from "../core/rules/auto.ts";
import { undoCall } from "../core/words/action.ts";
import { parseDuration } from "../core/words/duration.ts";
import { count } from "../core/words/format.ts";
import type { Seen } from "../core/words/outcome.ts";
import type { AnySeen } from "../core/words/runbook.ts";
import type { RemedyView, RunView, StepView } from "../core/words/view.ts";
import { waitFor } from "../lib/wait.ts";
import { judge, plannedChecks, type Verdict } from "./checks.ts";
import { newStep } from "./conclude.ts";
import { type ClaimedRun, type EngineDeps, writeAction } from "./deps.ts";
import { readStep } from "./diagnose.ts";
import { figuresOf, undoneOf } from "./figures.ts";
import { sayVerdict } from "./say-verdict.ts";

const POLL_MS = 750;
/** Between two looks at what is watched. */
export const LOOK_MS = 60_000;

/** How long it is watched once it was seen to help; 0: not, as with everything that people approved. */
export function watchMs({ view, system }: ClaimedRun, { key, approval }: RemedyView): number {
  const rule = autoRuleOf(system, view.runbook, key);
  return approval !== undefined && isByPolicy(approval) ? (rule?.watch ?? 0) : 0;
}

/** The time its plan gives it. */
export const verifyMs = ({ plan }: RemedyView): number => parseDuration(plan?.verifyWithin ?? "") ?? 30_000;

/** Asks until it is better or the time is over; then the remedy has succeeded or failed, and a failed one may be undone. */
export async function verifyRemedy(deps: EngineDeps, claimed: ClaimedRun, remedy: RemedyView): Promise<void> {
  for (;;) {
    const results = await lookAt(deps, claimed, remedy);
    const verdict = judge(deps, claimed, remedy, seenAfter(results));
    const now = await deps.store.now();
    const isOver = remedy.verifyUntil === undefined || now >= remedy.verifyUntil;
    if (ENDS[verdict] !== "failed" || isOver) {
      await deps.store.recordCheck(claimed.fence, results);
      await conclude(deps, claimed, remedy, verdict, seenAfter(results));
      return;
    }
    await waitFor(POLL_MS, claimed.stop);
    claimed.stop.throwIfAborted();
  }
}

type Looked = NewStep & { readonly result: StepResult };

/** The checks of its plan, asked now. */
export function lookAt(deps: EngineDeps, claimed: ClaimedRun, remedy: RemedyView): Promise<Looked[]> {
  const checks = remedy.plan?.verify ?? plannedChecks(deps, claimed, remedy.key, remedy.plan?.calls ?? []);
  const steps = checks.map((check) =>
    newStep(deps, claimed.view, {
      name: `${remedy.key}/verify/${check.name}`,
      call: check,
      phase: "verify",
      stage: 0,
      remedy: remedy.key,
    }),
  );
  return Promise.all(steps.map(async (step) => ({ ...step, result: await readStep(deps, claimed, step) })));
}

/** Words for people: where they fail, what happened stands all the same. */
function said(deps: EngineDeps, { view }: ClaimedRun, say: () => string | undefined): string | undefined {
  try {
    return say();
  } catch (error) {
    deps.logger.error({ run: view.id, runbook: view.runbook, err: error }, "the figures could not be said");
    return undefined;
  }
}

/** What the checks saw, by their own names. */
export function seenAfter(results: readonly Looked[]): Record<string, Seen<unknown>> {
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
  deps: EngineDeps,
  claimed: ClaimedRun,
  remedy: RemedyView,
  verdict: Verdict,
  after: AnySeen,
): Promise<void> {
  const { view, fence, runbook } = claimed;
  const policy = remedy.approval?.policy;
  const undo = undoSteps(deps, view, remedy);
  const status = ENDS[verdict];
  const figures = said(deps, claimed, () => figuresOf(deps, view, remedy, after));
  const isSameRunbook = runbook !== undefined;
  const note = sayVerdict(remedy, { verdict, figures, after, isSameRunbook, withinMs: verifyMs(remedy) });
  deps.events.remedy(view.runbook, status);
  if (status !== "failed")
    return deps.store.setRemedy(fence, remedy.key, {
      status,
      note,
      ...watchOrHold(claimed, remedy, undo.length > 0),
    });
  if (undo.length > 0 && policy?.undo === "auto")
    return deps.store.beginUndo(fence, remedy.key, undo, `${note}; it is being undone`);
  const hold =
    undo.length === 0 || policy === undefined ? {} : { hold: { ms: policy.expires, ends: "keep" as const } };
  return deps.store.setRemedy(fence, remedy.key, { status, note, ...hold });
}

/** How a remedy ends by what was seen of it. */
export const ENDS = {
  better: "succeeded",
  "not enough": "failed",
  "not better": "failed",
  unknown: "errored",
} as const satisfies Record<Verdict, string>;

/** What was applied without a person is watched where its rule says so; people may take it back after that. */
const watchOrHold = (claimed: ClaimedRun, remedy: RemedyView, isUndoable: boolean) =>
  watchMs(claimed, remedy) > 0
    ? { hold: { ms: Math.min(LOOK_MS, watchMs(claimed, remedy)), ends: "watch" as const } }
    : isUndoable
      ? holdOf(claimed.view, remedy)
      : {};

/** In force for the time asked for; or it stays, and for a while a click takes it back: the run need not stay open for that. */
export function holdOf(view: RunView, { plan, approval }: RemedyView) {
  const ms = plan?.appliedForMs ?? view.applyForMs;
  if (plan?.appliedFor !== undefined && ms !== undefined) return { hold: { ms, ends: "undo" as const } };
  return approval === undefined ? {} : { hold: { ms: approval.policy.expires, ends: "keep" as const } };
}

/** A call was refused and surely did nothing. What the calls before it did stays, and may be taken back by a human. */
export async function failed(
  deps: EngineDeps,
  { view, fence }: ClaimedRun,
  remedy: RemedyView,
  step: StepView,
): Promise<void> {
  const why = step.error?.message ?? "the target refused";
  const calls = view.steps.filter(({ remedy: of, phase }) => of === remedy.key && phase === step.phase);
  const done = calls.filter(({ state }) => state === "succeeded").length;
  const undo = step.phase === "apply" && done > 0 ? undoSteps(deps, view, remedy) : [];
  const keep = undo.length > 0 ? remedy.approval?.policy.expires : undefined;
  deps.events.remedy(view.runbook, "failed");
  await deps.store.setRemedy(fence, remedy.key, {
    status: "failed",
    note:
      done === 0 ? `Nothing was done: ${why}` : `Only ${done} of ${calls.length} changes were made: ${why}`,
    ...(keep === undefined ? {} : { hold: { ms: keep, ends: "keep" as const } }),
  });
}

/** The time in force is over, or somebody said "undo now". */
export async function beginUndo(deps: EngineDeps, claimed: ClaimedRun, remedy: RemedyView): Promise<void> {
  const steps = undoSteps(deps, claimed.view, remedy);
  if (steps.length === 0) return deps.store.endHold(claimed.fence, remedy.key);
  return deps.store.beginUndo(claimed.fence, remedy.key, steps, `It is being undone${whyUndone(remedy)}`);
}

/** Every call was taken back: who wanted it, what that did, and what it cannot bring back. */
export async function endUndo(deps: EngineDeps, claimed: ClaimedRun, remedy: RemedyView): Promise<void> {
  const undone = claimed.view.steps.filter(
    (step) => step.remedy === remedy.key && step.phase === "undo" && step.state === "succeeded",
  );
  const what =
    said(deps, claimed, () => undoneOf(deps, undone)) ?? `${count(undone.length, "change")} taken back`;
  const leaves = [...new Set((remedy.plan?.calls ?? []).flatMap((call) => call.leaves ?? []))];
  const left = leaves.length === 0 ? "" : `. What cannot be brought back: ${leaves.join("; ")}`;
  await deps.store.setRemedy(claimed.fence, remedy.key, {
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
export function undoSteps(deps: EngineDeps, view: RunView, remedy: RemedyView): NewStep[] {
  if (remedy.plan?.undo !== "actions") return [];
  const applied = view.steps.filter(
    (step) => step.remedy === remedy.key && step.phase === "apply" && step.state === "succeeded",
  );
  return applied.toReversed().flatMap((step, index) => {
    const call = undoOf(deps, step);
    const part = {
      name: `${remedy.key}/undo/${index + 1}`,
      phase: "undo" as const,
      stage: index,
      remedy: remedy.key,
    };
    return call === undefined
      ? []
      : [newStep(deps, view, { ...part, call: { ...call, on: call.on ?? step.on } })];
  });
}

function undoOf(deps: EngineDeps, step: StepView) {
  return undoCall(writeAction(deps, step.action), step.input, step.witness ?? null, step.output);
}
