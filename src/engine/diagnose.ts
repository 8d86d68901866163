import type { NewRemedy, NewStep, StepResult } from "../core/ports/run-store.ts";
import type { Call } from "../core/words/action.ts";
import { DiagError } from "../core/words/errors.ts";
import { bySeverity, type Finding, type RecordedFinding } from "../core/words/finding.ts";
import { type Trouble, unexplained } from "../core/words/trouble.ts";
import type { RunView, StepView } from "../core/words/view.ts";
import { callRead, stepError } from "./call.ts";
import { ask, contextOf, seenOf } from "./context.ts";
import { type ClaimedRun, type EngineDeps, runbookNow, unchanged } from "./deps.ts";
import { explainedSteps } from "./explained.ts";
import { safeFinding } from "./finding.ts";

/** Writes the calls of the next stage down as steps. With the first one a run begins, with the runbook as it is here now. */
export async function planStage(deps: EngineDeps, claimed: ClaimedRun, stage: number): Promise<void> {
  const { view } = claimed;
  const runbook = stage === 0 ? runbookNow(deps.catalog, view) : unchanged(claimed);
  const plan = runbook.stages[stage];
  const calls =
    plan === undefined
      ? {}
      : ask(runbook, `stage ${stage + 1}`, () => plan(seenOf(view), contextOf(view, claimed.system)));
  const steps = Object.entries(calls).map(([name, call]) =>
    newStep(deps, view, { name, call, phase: "diagnose", stage }),
  );
  const begun = stage === 0 ? ([{ version: runbook.version, digest: runbook.digest }] as const) : [];
  await deps.store.addSteps(claimed.fence, steps, stage + 1, ...begun);
}

/** A call as a step: with the action's title and effect, and the connection it goes to. */
export function newStep(
  deps: EngineDeps,
  view: RunView,
  part: { name: string; call: Call; phase: NewStep["phase"]; stage: number; remedy?: string },
): NewStep {
  const { call, name, phase, stage, remedy } = part;
  const action = deps.targets.action(call.action);
  const connection = call.on ?? view.connections[action.needs];
  if (connection === undefined)
    throw new DiagError(
      "missing_connection",
      `${call.action}: no connection of kind ${action.needs} was chosen for this run`,
    );
  return {
    name,
    phase,
    stage,
    action: call.action,
    title: action.title,
    effect: action.effect,
    on: connection,
    input: call.input,
    ...(remedy === undefined ? {} : { remedy }),
    ...(action.effect === "write" ? { class: action.class } : {}),
  };
}

/** Reads all steps of a stage in parallel; each is recorded as soon as it is known, so that people see progress. */
export async function readSteps(
  deps: EngineDeps,
  claimed: ClaimedRun,
  steps: readonly StepView[],
): Promise<void> {
  const recorded = await Promise.allSettled(
    steps.map(async (step) => {
      const result = await readStep(deps, claimed, step);
      await deps.store.recordRead(claimed.fence, step.name, result);
    }),
  );
  for (const each of recorded) if (each.status === "rejected") throw each.reason;
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

/** Findings and the remedies they name, from what was recorded. */
export async function recordDiagnosis(deps: EngineDeps, claimed: ClaimedRun): Promise<void> {
  const { findings, remedies, explained } = conclusionsOf(deps, claimed);
  await deps.store.recordDiagnosis(claimed.fence, findings, remedies, explained);
}

/** What the runbook makes of what was seen; pure. */
export function conclusionsOf(
  deps: EngineDeps,
  claimed: ClaimedRun,
): { findings: RecordedFinding[]; remedies: NewRemedy[]; explained: readonly string[] } {
  const { view, system } = claimed;
  const context = contextOf(view, system);
  const seen = seenOf(view);
  const troubles = troublesOf(deps, claimed, view.steps);
  const found = judgedBy(deps, claimed, view.steps);
  const findings = found.map((finding) => safeFinding(deps, finding));
  const wanted = [...new Set(findings.flatMap((finding) => finding.remedies))];
  const remedies = wanted.map(
    (key) => adviceOf(troubles, key, deps.redact) ?? newRemedy(deps, claimed, key, { seen, context }),
  );
  const explained = explainedSteps(view.steps, (steps) => judgedBy(deps, claimed, steps));
  return { findings: findings.toSorted(bySeverity), remedies, explained };
}

/** What connectors and runbook make of what the steps returned; pure. */
function judgedBy(deps: EngineDeps, claimed: ClaimedRun, steps: readonly StepView[]): readonly Finding[] {
  const { view, system } = claimed;
  const runbook = unchanged(claimed);
  const seen = seenOf({ ...view, steps });
  return [
    ...troublesOf(deps, claimed, steps).map(findingOf),
    ...ask(runbook, "findings", () => runbook.findings(seen, contextOf(view, system))),
  ];
}

/** What the connectors themselves say of their errors, unless the runbook explains them itself. */
const troublesOf = (deps: EngineDeps, claimed: ClaimedRun, steps: readonly StepView[]): readonly Trouble[] =>
  unexplained(unchanged(claimed), deps.targets.troubles(steps.filter(({ phase }) => phase === "diagnose")));

const findingOf = ({ remedy, ...finding }: Trouble): Finding => ({ ...finding, remedies: [remedy.key] });

/** Advice of the same key by several connections is said one after the other. */
function adviceOf(
  troubles: readonly Trouble[],
  key: string,
  redact: (text: string) => string,
): NewRemedy | undefined {
  const mine = troubles.map(({ remedy }) => remedy).filter((remedy) => remedy.key === key);
  const [first] = mine;
  if (first === undefined) return undefined;
  const advice = redact([...new Set(mine.map((remedy) => remedy.advice))].join(" "));
  return { key, title: first.title, risk: first.risk, status: "advice", advice };
}

function newRemedy(
  deps: EngineDeps,
  claimed: ClaimedRun,
  key: string,
  { seen, context }: { seen: ReturnType<typeof seenOf>; context: ReturnType<typeof contextOf> },
): NewRemedy {
  const runbook = unchanged(claimed);
  const remedy = runbook.remedies[key];
  if (remedy === undefined)
    throw new DiagError(
      "bug",
      `runbook ${runbook.id}: a finding names the remedy ${key}, which is not there`,
    );
  if (remedy.advice === undefined) return { key, title: remedy.title, risk: remedy.risk, status: "planned" };
  const { advice } = remedy;
  const words = typeof advice === "function" ? ask(runbook, key, () => advice(seen, context)) : advice;
  const title = remedy.title ?? "For a human";
  return { key, title, risk: remedy.risk, status: "advice", advice: deps.redactKnown(words) };
}
