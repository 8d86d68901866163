import type { Steps } from "../core/words/action.ts";
import type { Seen } from "../core/words/outcome.ts";
import type { PlannedCall, PlannedCheck } from "../core/words/plan.ts";
import type { AnySeen } from "../core/words/runbook.ts";
import type { RemedyView, RunView, StepView } from "../core/words/view.ts";
import { newStep } from "./conclude.ts";
import { ask, contextOf, seenOf } from "./context.ts";
import { type ClaimedRun, type EngineDeps, executable, writeAction } from "./deps.ts";

/** Of the checks of the third call the names begin with `3.`; those of the remedy itself have no number. */
const numbered = (index: number, name: string) => `${index + 1}.${name}`;

/** Asked by the remedy itself, not by one of its actions. */
export const isOfRemedy = (name: string): boolean => !/^\d+\./.test(name);

/** The reads that will show whether it helped: what each action promises itself, and what the remedy asks besides. */
export function plannedChecks(
  deps: EngineDeps,
  claimed: ClaimedRun,
  key: string,
  calls: readonly PlannedCall[],
): PlannedCheck[] {
  const { view, system, runbook } = claimed;
  const own = calls.flatMap((call, index) => {
    const action = writeAction(deps, call.action);
    const steps = action.settled?.check(action.input.parse(call.input)) ?? {};
    return checksOf(deps, view, steps, { index, on: call.on });
  });
  if (runbook === undefined) return own;
  const spec = executable(runbook, key);
  const asked = ask(runbook, `${key}.verify`, () => spec.verify.check(seenOf(view), contextOf(view, system)));
  return [...own, ...checksOf(deps, view, asked)];
}

const checksOf = (
  deps: EngineDeps,
  view: RunView,
  steps: Steps,
  of?: { index: number; on: string },
): PlannedCheck[] =>
  Object.entries(steps).map(([name, given]) => {
    const call = of === undefined ? given : { ...given, on: given.on ?? of.on };
    const { action, on, input } = newStep(deps, view, { name, call, phase: "verify", stage: 0 });
    return { name: of === undefined ? name : numbered(of.index, name), action, on, input };
  });

/**
 * `not enough`: each action has had its effect, and what the runbook asks once more does not hold. `unknown`: nobody is left who
 * could say.
 */
export type Verdict = "better" | "not enough" | "not better" | "unknown";

/**
 * Did it help? Judged on the frozen inputs and the recorded outputs of the calls. `after`: what the checks returned. Where the
 * runbook has changed since, only what the actions themselves promise is judged; where one promises nothing, it is unknown.
 */
export function judge(
  deps: EngineDeps,
  claimed: ClaimedRun,
  remedy: RemedyView,
  after: AnySeen,
  watchedSeconds = 0,
): Verdict {
  const { view, runbook, system } = claimed;
  const made = madeCalls(view, remedy);
  const settled = made.every(({ action: name, stage, input, output }) => {
    const action = writeAction(deps, name);
    if (action.settled === undefined) return true;
    const values = checksOfCall(after, stage);
    return values !== undefined && action.settled.holds(values, input, output);
  });
  if (!settled) return "not better";
  if (runbook === undefined)
    return made.every(({ action }) => writeAction(deps, action).settled !== undefined) ? "better" : "unknown";
  const done = made.map(({ input, output }) => ({ input, output }));
  const holds = ask(runbook, `${remedy.key}.verify.holds`, () =>
    executable(runbook, remedy.key).verify.holds(after, done, { ...contextOf(view, system), watchedSeconds }),
  );
  return holds ? "better" : "not enough";
}

/** What the checks of one call of the plan returned, by their own names; undefined where one of them gave no answer. */
export function checksOfCall(after: AnySeen, index: number): Record<string, unknown> | undefined {
  const mine = Object.entries(after).filter(([name]) => name.startsWith(numbered(index, "")));
  if (!mine.every(([, seen]) => seen.ok)) return undefined;
  return Object.fromEntries(
    mine.map(([name, seen]) => [name.slice(numbered(index, "").length), value(seen)]),
  );
}

/** The calls that were made, in the order of the plan, as its steps were written when it was approved. */
export const madeCalls = (view: RunView, { key }: RemedyView): StepView[] =>
  view.steps
    .filter((step) => step.remedy === key && step.phase === "apply" && step.state === "succeeded")
    .toSorted((a, b) => a.stage - b.stage);

const value = (seen: Seen<unknown>): unknown => (seen.ok ? seen.value : undefined);
