import type { Finding } from "../core/finding.ts";
import { canonical } from "../core/json.ts";
import type { StepView } from "../core/view.ts";

/** What no connector and no runbook knows: a cause that says nothing. */
const NOTHING_KNOWN = { code: "errored", message: "–" } as const;

/**
 * Steps that gave no value and whose error a finding rests on: they are evidence, not gaps. Named, or found by asking what
 * the findings would be had the step failed without saying why: where that changes nothing, nobody has read the error.
 * Another step that failed the same way on the same connection is explained with it. `judge` is pure.
 */
export function explainedSteps(
  steps: readonly StepView[],
  judge: (steps: readonly StepView[]) => readonly Finding[],
): string[] {
  const failed = steps.filter(({ phase, state }) => phase === "diagnose" && state === "errored");
  if (failed.length === 0) return [];
  const findings = judge(steps);
  const found = canonical(findings);
  const named = new Set(findings.flatMap(({ restsOn = [] }) => restsOn));
  const isRead = (step: StepView): boolean => {
    try {
      const without = steps.map((one) => (one === step ? { ...one, error: NOTHING_KNOWN } : one));
      return canonical(judge(without)) !== found;
    } catch {
      return false;
    }
  };
  const causes = new Set(failed.filter((step) => named.has(step.name) || isRead(step)).map(causeOf));
  return failed.filter((step) => causes.has(causeOf(step))).map(({ name }) => name);
}

const causeOf = ({ on, error }: StepView): string =>
  JSON.stringify([on, error?.code, error?.detail ?? error?.message]);
