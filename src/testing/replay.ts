import type { NewRemedy, NewStep } from "../core/ports/run-store.ts";
import { DiagError } from "../core/words/errors.ts";
import { canonical, type Json } from "../core/words/json.ts";
import type { Runbook, RunContext } from "../core/words/runbook.ts";
import type { StepView } from "../core/words/view.ts";
import {
  conclude,
  type Diagnosed,
  newStep,
  type PureDeps,
  stepsOfStage,
  wantedCalls,
} from "../engine/conclude.ts";
import { depsOf } from "./deps.ts";
import type { Conclusion, Recording } from "./recording.ts";

/** What a runbook makes of a recording, and which recorded steps it did not ask for. */
export interface Replayed {
  readonly conclusion: Conclusion;
  readonly notAsked: readonly string[];
}

/**
 * Evaluates a runbook on what was recorded, with the engine's own functions and without any service. Throws `bad_recording`
 * where a step asks for something that was not recorded, or an action does not return what was recorded any more.
 */
export function replay(runbook: Runbook, recording: Recording): Replayed {
  const context = contextOf(runbook, recording);
  const answers = new Map(
    Object.entries(recording.steps).map(([name, step]) => [keyOf(step), { name, step }]),
  );
  const deps = depsOf(runbook);
  const asked = new Set<string>();
  let diagnosed: Diagnosed = { runbook, context, steps: [] };
  for (const stage of runbook.stages.keys()) {
    const steps = stepsOfStage(deps, diagnosed, usesOf(recording), stage).map((step) => {
      const found = answers.get(keyOf(step));
      if (found === undefined) throw notRecorded(step);
      asked.add(found.name);
      return answered(deps, step, found.step);
    });
    diagnosed = { ...diagnosed, steps: [...diagnosed.steps, ...steps] };
  }
  const notAsked = Object.keys(recording.steps).filter((name) => !asked.has(name));
  return { conclusion: concluded(diagnosed, recording), notAsked };
}

const usesOf = ({ uses }: Recording) => ({ connections: uses });

const keyOf = ({ action, on, input }: { action: string; on: string; input: Json }): string =>
  canonical({ action, on, input });

function contextOf(runbook: Runbook, { context, uses }: Recording): RunContext {
  const params = runbook.params.safeParse(context.params);
  if (!params.success)
    throw new DiagError(
      "bad_recording",
      `the runbook does not take these parameters any more: ${params.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`,
    );
  return { ...context, uses, params: params.data, now: new Date(context.now) } as unknown as RunContext;
}

const notRecorded = ({ name, action, on, input }: NewStep): DiagError =>
  new DiagError(
    "bad_recording",
    `step ${name} asks for something that was not recorded: ${action} on ${on} with ${JSON.stringify(input)}`,
    { hint: "the runbook asks for other things than it did then: record it again" },
  );

function answered(deps: PureDeps, step: NewStep, { output, error }: Recording["steps"][string]): StepView {
  const view = { ...step, epoch: 0 };
  if (error !== undefined) {
    const { code, message, detail, said, hint } = error;
    const more = {
      ...(detail === undefined ? {} : { detail }),
      ...(said === undefined ? {} : { said }),
      ...(hint === undefined ? {} : { hint }),
    };
    return { ...view, state: "errored", error: { code, message, ...more } };
  }
  const parsed = deps.targets.action(step.action).output.safeParse(output);
  if (parsed.success) return { ...view, state: "succeeded", output: parsed.data as Json };
  const [issue] = parsed.error.issues;
  throw new DiagError(
    "bad_recording",
    `step ${step.name}: ${step.action} does not return this any more: ${issue?.path.join(".")}: ${issue?.message}`,
    { hint: "record it again" },
  );
}

function concluded(diagnosed: Diagnosed, recording: Recording): Conclusion {
  const deps = depsOf(diagnosed.runbook);
  const { findings, remedies, explained } = conclude(deps, diagnosed);
  return {
    findings: findings.map(({ id, severity, title, because, remedies: named }) => ({
      id,
      severity,
      title,
      because,
      remedies: named,
    })),
    gaps: diagnosed.steps
      .filter(({ state, name }) => state === "errored" && !explained.includes(name))
      .map(({ name }) => name),
    remedies: Object.fromEntries(
      remedies.map((remedy) => [remedy.key, remedyOf(deps, remedy, diagnosed, recording)]),
    ),
  };
}

function remedyOf(
  deps: PureDeps,
  { key, title, risk, status, advice }: NewRemedy,
  diagnosed: Diagnosed,
  recording: Recording,
): Conclusion["remedies"][string] {
  if (status === "advice") return { title, risk, advice: advice ?? "" };
  const calls = wantedCalls(diagnosed, key).map((call) => {
    const step = newStep(deps, usesOf(recording), { name: key, call, phase: "apply", stage: 0 });
    return { action: step.action, on: step.on, input: step.input };
  });
  return { title, risk, calls: JSON.parse(JSON.stringify(calls)) as typeof calls };
}
