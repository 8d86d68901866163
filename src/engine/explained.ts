import type { Finding } from "../core/words/finding.ts";
import { canonical } from "../core/words/json.ts";
import type { StepView } from "../core/words/view.ts";

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
  // All that failed alike at once: the next of them would say the same as the first.
  const isRead = (cause: string): boolean => {
    const without = steps.map((step) =>
      failed.includes(step) && causeOf(step) === cause ? { ...step, error: NOTHING_KNOWN } : step,
    );
    try {
      return canonical(judge(without)) !== found;
    } catch {
      return false;
    }
  };
  const all = [...new Set(failed.map(causeOf))];
  const spoken = new Set(failed.filter(({ name }) => named.has(name)).map(causeOf));
  const causes = new Set(all.filter((cause) => spoken.has(cause) || isRead(cause)));
  return failed.filter((step) => causes.has(causeOf(step))).map(({ name }) => name);
}

const causeOf = ({ on, error }: StepView): string =>
  JSON.stringify([on, error?.code, error?.detail ?? error?.message]);
