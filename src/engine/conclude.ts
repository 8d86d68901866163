import { z } from "zod";
import type { NewRemedy, NewStep } from "../core/ports/run-store.ts";
import type { Call } from "../core/words/action.ts";
import { DiagError } from "../core/words/errors.ts";
import type { Finding, RecordedFinding } from "../core/words/finding.ts";
import type { Runbook, RunContext } from "../core/words/runbook.ts";
import { type Trouble, unexplained } from "../core/words/trouble.ts";
import type { RunView, StepView } from "../core/words/view.ts";
import { causesFirst } from "./causes-first.ts";
import { ask, seenOf } from "./context.ts";
import { type EngineDeps, executable } from "./deps.ts";
import { explainedSteps } from "./explained.ts";
import { clipId, safeFinding } from "./finding.ts";
import { notLookedAt } from "./not-looked-at.ts";

/** All that is needed to say what a runbook makes of what was seen: the same for a run and for a recording. */
export type PureDeps = Pick<EngineDeps, "redact" | "redactKnown"> & {
  readonly targets: Pick<EngineDeps["targets"], "action" | "troubles">;
};

/** A runbook and what it may know of a run. */
export interface Diagnosed {
  readonly runbook: Runbook;
  readonly context: RunContext;
  readonly steps: readonly StepView[];
}

export interface Conclusions {
  readonly findings: readonly RecordedFinding[];
  readonly remedies: readonly NewRemedy[];
  /** Names of steps without a value whose error a finding rests on. */
  readonly explained: readonly string[];
}

/** The steps of a stage, from what the stages before it saw; pure. */
export function stepsOfStage(
  deps: PureDeps,
  { runbook, context, steps }: Diagnosed,
  uses: Pick<RunView, "connections">,
  stage: number,
): NewStep[] {
  const plan = runbook.stages[stage];
  if (plan === undefined) return [];
  return ask(runbook, `stage ${stage + 1}`, () =>
    Object.entries(plan(seenOf({ steps }), context)).map(([name, call]) =>
      newStep(deps, uses, { name, call, phase: "diagnose", stage }),
    ),
  );
}

/** A call as a step: with the action's title and effect, and the connection it goes to. */
export function newStep(
  { targets }: Pick<PureDeps, "targets">,
  { connections }: Pick<RunView, "connections">,
  part: { name: string; call: Call; phase: NewStep["phase"]; stage: number; remedy?: string },
): NewStep {
  const { call, name, phase, stage, remedy } = part;
  const action = targets.action(call.action);
  const connection = call.on ?? connections[action.needs];
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

/** The calls a remedy wants to make, before their previews have been asked; pure. */
export function wantedCalls({ runbook, context, steps }: Diagnosed, key: string): readonly Call[] {
  const spec = executable(runbook, key);
  return ask(runbook, `${key}.do`, () => spec.do(seenOf({ steps }), context));
}

/** Findings, causes before their effects and gravest first, and the remedies they name; pure. */
export function conclude(deps: PureDeps, diagnosed: Diagnosed): Conclusions {
  const { runbook, steps } = diagnosed;
  const troubles = troublesOf(deps, runbook, steps);
  const explained = explainedSteps(steps, (others) => judgedBy(deps, diagnosed, others));
  const unseen = notLookedAt(steps, explained);
  const found = [...judgedBy(deps, diagnosed, steps), ...(unseen === undefined ? [] : [unseen])];
  const findings = ask(runbook, "findings", () =>
    causesFirst(
      found.map((finding) => ({
        finding: safeFinding(deps, finding),
        explains: (finding.explains ?? []).map((id) => clipId(deps.redactKnown(id))),
      })),
    ),
  );
  const wanted = [...new Set(findings.flatMap((finding) => finding.remedies))];
  const remedies = wanted.map(
    (key) => adviceOf(troubles, key, deps.redact) ?? newRemedy(deps, diagnosed, key),
  );
  return { findings, remedies, explained };
}

/** What connectors and runbook make of what the steps returned; pure. */
function judgedBy(
  deps: PureDeps,
  { runbook, context }: Diagnosed,
  steps: readonly StepView[],
): readonly Finding[] {
  return [
    ...troublesOf(deps, runbook, steps).map(findingOf),
    ...ask(runbook, "findings", () => [...runbook.findings(seenOf({ steps }), context)]),
  ];
}

/** What the connectors themselves say of their errors, unless the runbook explains them itself. */
const troublesOf = (
  { targets }: PureDeps,
  runbook: Runbook,
  steps: readonly StepView[],
): readonly Trouble[] =>
  unexplained(runbook, targets.troubles(steps.filter(({ phase }) => phase === "diagnose")));

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

function newRemedy(deps: PureDeps, { runbook, steps, context }: Diagnosed, key: string): NewRemedy {
  const remedy = runbook.remedies[key];
  if (remedy === undefined)
    throw new DiagError(
      "bug",
      `runbook ${runbook.id}: a finding names the remedy ${key}, which is not there`,
    );
  if (remedy.advice === undefined) return { key, title: remedy.title, risk: remedy.risk, status: "planned" };
  const { advice } = remedy;
  const words =
    typeof advice === "function"
      ? ask(runbook, key, () => z.string().parse(advice(seenOf({ steps }), context)))
      : advice;
  const title = remedy.title ?? "For a human";
  return { key, title, risk: remedy.risk, status: "advice", advice: deps.redactKnown(words) };
}
