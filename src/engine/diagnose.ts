import type { NewRemedy, NewStep, StepResult } from "../core/ports/run-store.ts";
import type { Call } from "../core/words/action.ts";
import { DiagError } from "../core/words/errors.ts";
import { bySeverity, type Finding, type RecordedFinding } from "../core/words/finding.ts";
import { type Trouble, unexplained } from "../core/words/trouble.ts";
import type { RunView, StepView } from "../core/words/view.ts";
import { callRead, stepError } from "./call.ts";
import { ask, contextOf, seenOf } from "./context.ts";
import { explainedSteps } from "./explained.ts";
import { safeFinding } from "./finding.ts";
import type { EngineHouse, Grip } from "./house.ts";

/** Writes the calls of the next stage down as steps. */
export async function planStage(house: EngineHouse, grip: Grip, stage: number): Promise<void> {
  const { runbook, view } = grip;
  const plan = runbook.stages[stage];
  const calls =
    plan === undefined
      ? {}
      : ask(runbook, `stage ${stage + 1}`, () => plan(seenOf(view), contextOf(view, grip.system)));
  const steps = Object.entries(calls).map(([name, call]) =>
    newStep(house, view, { name, call, phase: "diagnose", stage }),
  );
  await house.store.addSteps(grip.fence, steps, stage + 1);
}

/** A call as a step: with the action's title and effect, and the connection it goes to. */
export function newStep(
  house: EngineHouse,
  view: RunView,
  part: { name: string; call: Call; phase: NewStep["phase"]; stage: number; remedy?: string },
): NewStep {
  const { call, name, phase, stage, remedy } = part;
  const action = house.targets.action(call.action);
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
export async function readSteps(house: EngineHouse, grip: Grip, steps: readonly StepView[]): Promise<void> {
  const recorded = await Promise.allSettled(
    steps.map(async (step) => {
      const result = await readStep(house, grip, step);
      await house.store.recordRead(grip.fence, step.name, result);
    }),
  );
  for (const each of recorded) if (each.status === "rejected") throw each.reason;
}

/** One read. A failure is a result; only a worker that must stop throws. */
export async function readStep(
  house: EngineHouse,
  grip: Grip,
  step: Pick<StepView, "action" | "on" | "input">,
): Promise<StepResult> {
  const startedAt = new Date();
  const begun = performance.now();
  const done = (result: StepResult): StepResult => {
    house.events.step(step.action, result.outcome, performance.now() - begun);
    return result;
  };
  try {
    const action = house.targets.action(step.action);
    const reached = house.targets.reach(grip.system, step.on, action);
    const output = await callRead(action, step.input, reached, { stop: grip.stop, redact: house.redact });
    return done({ outcome: "succeeded", output, startedAt });
  } catch (error) {
    if (grip.stop.aborted) throw error;
    return done({ outcome: "errored", error: stepError(error, house.redact), startedAt });
  }
}

/** Findings and the remedies they name, from what was recorded. */
export async function recordDiagnosis(house: EngineHouse, grip: Grip): Promise<void> {
  const { findings, remedies, explained } = conclusionsOf(house, grip);
  await house.store.recordDiagnosis(grip.fence, findings, remedies, explained);
}

/** What the runbook makes of what was seen; pure. */
export function conclusionsOf(
  house: EngineHouse,
  grip: Grip,
): { findings: RecordedFinding[]; remedies: NewRemedy[]; explained: readonly string[] } {
  const { view, system } = grip;
  const context = contextOf(view, system);
  const seen = seenOf(view);
  const troubles = troublesOf(house, grip, view.steps);
  const found = judgedBy(house, grip, view.steps);
  const findings = found.map((finding) => safeFinding(house, finding));
  const wanted = [...new Set(findings.flatMap((finding) => finding.remedies))];
  const remedies = wanted.map(
    (key) => adviceOf(troubles, key, house.redact) ?? newRemedy(house, grip, key, { seen, context }),
  );
  const explained = explainedSteps(view.steps, (steps) => judgedBy(house, grip, steps));
  return { findings: findings.toSorted(bySeverity), remedies, explained };
}

/** What connectors and runbook make of what the steps returned; pure. */
function judgedBy(house: EngineHouse, grip: Grip, steps: readonly StepView[]): readonly Finding[] {
  const { runbook, view, system } = grip;
  const seen = seenOf({ ...view, steps });
  return [
    ...troublesOf(house, grip, steps).map(findingOf),
    ...ask(runbook, "findings", () => runbook.findings(seen, contextOf(view, system))),
  ];
}

/** What the connectors themselves say of their errors, unless the runbook explains them itself. */
const troublesOf = (house: EngineHouse, { runbook }: Grip, steps: readonly StepView[]): readonly Trouble[] =>
  unexplained(runbook, house.targets.troubles(steps.filter(({ phase }) => phase === "diagnose")));

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
  house: EngineHouse,
  grip: Grip,
  key: string,
  { seen, context }: { seen: ReturnType<typeof seenOf>; context: ReturnType<typeof contextOf> },
): NewRemedy {
  const { runbook } = grip;
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
  return { key, title, risk: remedy.risk, status: "advice", advice: house.redactKnown(words) };
}
