import type { AnySeen } from "../core/words/runbook.ts";
import type { RemedyView, RunView, StepView } from "../core/words/view.ts";
import { checksOfCall, madeCalls } from "./checks.ts";
import { type EngineDeps, writeAction } from "./deps.ts";

const MOST_CHARACTERS = 400;

/** Figures before and after a remedy, as its actions say them; undefined where none does. */
export function figuresOf(
  deps: EngineDeps,
  view: RunView,
  remedy: RemedyView,
  after: AnySeen,
): string | undefined {
  const said = madeCalls(view, remedy).map(({ action, stage, input, output }) => {
    const { settled } = writeAction(deps, action);
    const own = `${stage + 1}.`;
    const checks = (remedy.plan?.verify ?? []).filter(({ name }) => name.startsWith(own));
    const before = Object.fromEntries(
      checks.flatMap((check) => {
        const seen = seenBefore(view, check);
        return seen?.output === undefined ? [] : [[check.name.slice(own.length), seen.output]];
      }),
    );
    const values = checksOfCall(after, stage);
    return values && settled?.figures?.(values, input, output, before);
  });
  return joined(deps, said);
}

/** What the calls of an undo did, each as its action says it. */
export const undoneOf = (deps: EngineDeps, steps: readonly StepView[]): string | undefined =>
  joined(
    deps,
    steps.map((step) => {
      const action = writeAction(deps, step.action);
      return action.says?.(action.input.parse(step.input), step.output);
    }),
  );

/** The step of the diagnosis that asked the same of the same connection. */
const seenBefore = (view: RunView, check: { action: string; on: string }): StepView | undefined =>
  view.steps.find(
    (step) => step.phase === "diagnose" && step.action === check.action && step.on === check.on,
  );

const joined = ({ redact }: EngineDeps, said: readonly (string | undefined)[]): string | undefined => {
  const words = [...new Set(said.flatMap((one) => one?.trim() || []))].join("; ");
  return words === "" ? undefined : redact(words).slice(0, MOST_CHARACTERS);
};
