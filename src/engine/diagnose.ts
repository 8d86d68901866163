import type { ReadResult, StepResult } from "../core/ports/run-store.ts";
import { isRemedyDisabled, riskOn } from "../core/rules/restrict.ts";
import { sinceHealthy } from "../core/rules/since-healthy.ts";
import { COULD_NOT_LOOK, type RecordedFinding } from "../core/words/finding.ts";
import type { System } from "../core/words/system.ts";
import type { RunView, StepView } from "../core/words/view.ts";
import { gathered } from "../lib/gathered.ts";
import { callRead, stepError } from "./call.ts";
import { type Conclusions, conclude, stepsOfStage } from "./conclude.ts";
import { contextOf } from "./context.ts";
import { decide } from "./decide.ts";
import { type ClaimedRun, type EngineDeps, runbookNow, unchanged } from "./deps.ts";

/** Writes the calls of the next stage down as steps. With the first one a run begins, with the runbook as it is here now. */
export async function planStage(deps: EngineDeps, claimed: ClaimedRun, stage: number): Promise<void> {
  const { view } = claimed;
  const runbook = stage === 0 ? runbookNow(deps.catalog, view) : unchanged(claimed);
  const context = contextOf(view, claimed.system);
  const steps = stepsOfStage(deps, { runbook, context, steps: view.steps }, view, stage);
  const begun = stage === 0 ? ([{ version: runbook.version, digest: runbook.digest }] as const) : [];
  await deps.store.addSteps(claimed.fence, steps, stage + 1, ...begun);
}

/** Reads all steps of a stage in parallel; each is recorded as soon as it is known, so that people see progress. */
export async function readSteps(
  deps: EngineDeps,
  claimed: ClaimedRun,
  steps: readonly StepView[],
): Promise<void> {
  const record = gathered<ReadResult>((results) => deps.store.recordReads(claimed.fence, results));
  const recorded = await Promise.allSettled(
    steps.map(async (step) => record({ step: step.name, result: await readShared(deps, claimed, step) })),
  );
  for (const each of recorded) if (each.status === "rejected") throw each.reason;
}

/** Runs that wait together are answered by one look. */
function readShared(deps: EngineDeps, claimed: ClaimedRun, step: StepView): Promise<StepResult> {
  const { system, view } = claimed;
  const read = () => readStep(deps, claimed, step);
  const { thread, createdAt, startedAt } = view;
  if (startedAt === undefined) return read();
  const { on, action, input } = step;
  const asker = { thread, createdAt, startedAt };
  return deps.targets.shared.read(asker, { system: system.id, on, action, input }, read);
}

/** One read. A failure is a result; only a worker that must stop throws. */
export async function readStep(
  deps: EngineDeps,
  claimed: ClaimedRun,
  step: Pick<StepView, "action" | "on" | "input">,
): Promise<StepResult> {
  const startedAt = new Date();
  const begun = performance.now();
  const done = (result: StepResult): StepResult => {
    deps.events.step(step.action, result.outcome, performance.now() - begun);
    return result;
  };
  try {
    const action = deps.targets.action(step.action);
    const reached = deps.targets.reach(claimed.system, step.on, action);
    const output = await callRead(action, step.input, reached, { stop: claimed.stop, redact: deps.redact });
    return done({ outcome: "succeeded", output, startedAt });
  } catch (error) {
    if (claimed.stop.aborted) throw error;
    return done({ outcome: "errored", error: stepError(error, deps.redact), startedAt });
  }
}

/** What the runbook makes of what was seen, on this system; pure. */
export const conclusionsOf = (deps: EngineDeps, claimed: ClaimedRun): Conclusions =>
  restrict(
    claimed.system,
    claimed.view.runbook,
    conclude(deps, {
      runbook: unchanged(claimed),
      context: contextOf(claimed.view, claimed.system),
      steps: claimed.view.steps,
    }),
  );

/** The first thing that is wrong says what else differs from when nothing was: a look that fails costs nobody the findings. */
export async function withHealthy(
  deps: EngineDeps,
  { view, fence }: ClaimedRun,
  findings: readonly RecordedFinding[],
): Promise<readonly RecordedFinding[]> {
  const at = findings.findIndex(({ severity, id }) => severity !== "info" && id !== COULD_NOT_LOOK);
  if (at < 0) return findings;
  const healthy = await deps.store.healthyBefore(fence.run);
  const differs = healthy && sinceHealthy(healthy, view.steps);
  if (differs === undefined) return findings;
  return findings.map((one, nth) => (nth === at ? { ...one, evidence: [...one.evidence, differs] } : one));
}

/**
 * Findings and the remedies they name, from what was recorded. Where nothing is left to do then, the run ends with the same
 * commit: returns it as it has ended.
 */
export async function recordDiagnosis(deps: EngineDeps, claimed: ClaimedRun): Promise<RunView | undefined> {
  const { findings: found, remedies, explained } = conclusionsOf(deps, claimed);
  const findings = await withHealthy(deps, claimed, found);
  const concluded: RunView = {
    ...claimed.view,
    diagnosed: true,
    findings,
    remedies: remedies.map((remedy) => ({ ...remedy, attempts: [], answers: [] })),
    steps: claimed.view.steps.map((step) =>
      explained.includes(step.name) ? { ...step, explained: true } : step,
    ),
  };
  // The time counts for what waits, and with something that waits a run is not over.
  const next = decide(concluded, claimed.runbook?.stages.length, claimed.view.createdAt);
  const end = next.move === "finish" ? next.status : undefined;
  const isOver = await deps.store.recordDiagnosis(claimed.fence, findings, remedies, explained, end);
  return isOver && end !== undefined ? { ...concluded, status: end } : undefined;
}

/**
 * The same with what diagbot.yaml changes for the system: raised risks, and no advice that is disabled. What is disabled of the
 * machine's own remedies is said when it is proposed.
 */
function restrict(
  system: System,
  runbook: string,
  { findings, remedies, explained }: Conclusions,
): Conclusions {
  const kept = remedies
    .filter(({ key, status }) => status !== "advice" || !isRemedyDisabled(system, runbook, key))
    .map((remedy) => ({ ...remedy, risk: riskOn(system, runbook, remedy.key, [remedy.risk]) }));
  const keys = new Set(kept.map(({ key }) => key));
  return {
    findings: findings.map((finding) => ({
      ...finding,
      remedies: finding.remedies.filter((key) => keys.has(key)),
    })),
    remedies: kept,
    explained,
  };
}
