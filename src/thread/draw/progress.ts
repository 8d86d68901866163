import { count, listed, saySeconds } from "../../core/words/format.ts";
import type { RunView, StepView } from "../../core/words/view.ts";

const isDone = (step: StepView): boolean => step.state !== "ready" && step.state !== "executing";

export const checksOf = (run: RunView): StepView[] => run.steps.filter((step) => step.phase === "diagnose");

/** `3 of 7 checks done; running: connection usage, idle sessions`. */
export function sayProgress(run: RunView): string {
  const checks = checksOf(run);
  if (checks.length === 0) return "planning the checks";
  const running = checks.filter((step) => step.state === "executing").map((step) => step.title);
  const done = `${checks.filter(isDone).length} of ${count(checks.length, "check")} done`;
  return running.length === 0 ? done : `${done}; running: ${listed(running)}`;
}

/** `7 checks in 2.4 s`; the time is from the first start to the last end. */
export function sayChecks(run: RunView): string {
  const checks = checksOf(run);
  const starts = checks.flatMap((step) => (step.startedAt === undefined ? [] : [step.startedAt.getTime()]));
  const ends = checks.flatMap((step) =>
    step.startedAt === undefined ? [] : [step.startedAt.getTime() + (step.durationMs ?? 0)],
  );
  const seconds = (Math.max(...ends) - Math.min(...starts)) / 1000;
  const words = count(checks.length, "check");
  return starts.length === 0 || !Number.isFinite(seconds) ? words : `${words} in ${saySeconds(seconds)}`;
}
