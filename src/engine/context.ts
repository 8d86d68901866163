import { z } from "zod";
import { DiagError } from "../core/words/errors.ts";
import type { Seen } from "../core/words/outcome.ts";
import type { AnySeen, Runbook, RunContext } from "../core/words/runbook.ts";
import { facesOf, type System } from "../core/words/system.ts";
import type { RunView, StepView } from "../core/words/view.ts";

/** What the runbook's functions may know: only what is recorded with the run or configured for its system. */
export function contextOf(run: RunView, system: System): RunContext {
  return {
    params: run.params,
    thresholds: system.thresholds,
    system: {
      id: system.id,
      connections: facesOf(system),
      contacts: system.contacts,
    },
    uses: run.connections,
    now: run.lookedAgainAt ?? run.startedAt ?? run.createdAt,
    ...(run.alert === undefined ? {} : { alert: run.alert }),
    ...(run.before === undefined ? {} : { before: run.before }),
  };
}

/** The diagnose steps as findings and remedies see them. */
export const seenOf = (run: Pick<RunView, "steps">): AnySeen =>
  seenBy(run.steps.filter((step) => step.phase === "diagnose"));

/** Steps as pure functions see them. */
export const seenBy = (steps: readonly StepView[]): AnySeen =>
  Object.fromEntries(steps.map((step) => [step.name, seen(step)]));

/** An outcome as a runbook sees it. */
export function seen(step: Pick<StepView, "state" | "output" | "error">): Seen<unknown> {
  if (step.state === "succeeded") return { ok: true, value: step.output };
  return { ok: false, error: step.error ?? { code: step.state, message: `the step was ${step.state}` } };
}

/** Runs a runbook's own function: whatever it throws is a bug of the runbook, said so. */
export function ask<T>(runbook: Runbook, what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DiagError) throw error;
    const message =
      error instanceof z.ZodError
        ? z.prettifyError(error)
        : error instanceof Error
          ? error.message
          : String(error);
    throw new DiagError("bug", `runbook ${runbook.id}, ${what}: ${message}`, { cause: error });
  }
}
