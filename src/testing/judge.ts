import { z } from "zod";
import type { NewStep } from "../core/ports/run-store.ts";
import { kindNamed, readConnection } from "../core/rules/connections.ts";
import type { Call } from "../core/words/action.ts";
import type { ConnectionFace } from "../core/words/connection.ts";
import type { ErrorCode } from "../core/words/errors.ts";
import type { RecordedFinding } from "../core/words/finding.ts";
import type { Json } from "../core/words/json.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { StepError } from "../core/words/outcome.ts";
import type { Risk } from "../core/words/risk.ts";
import type { Runbook, RunContext } from "../core/words/runbook.ts";
import { Thresholds } from "../core/words/system.ts";
import type { StepView } from "../core/words/view.ts";
import { conclude, type Diagnosed, type PureDeps, stepsOfStage, wantedCalls } from "../engine/conclude.ts";
import { depsOf, kindsOf } from "./deps.ts";

/** A situation a test makes up. */
export interface Situation {
  /** What each step returned, by its name, or `failed(…)`. A step that is left out was not made. */
  readonly steps: Readonly<Record<string, unknown>>;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly thresholds?: Partial<Thresholds>;
  /** As in diagbot.yaml. Default: one of each kind the runbook needs, named as its kind. */
  readonly connections?: Readonly<Record<string, unknown>>;
  /** The connection chosen per kind, by name. Default: the first of each. */
  readonly uses?: Readonly<Record<string, string>>;
  readonly contacts?: RunContext["system"]["contacts"];
  readonly alert?: RunContext["alert"];
  /** Default: the beginning of 2026. */
  readonly now?: Date;
}

/** What would be done about a finding: calls once approved, or words for a person. */
export interface JudgedRemedy {
  readonly title: string;
  readonly risk: Risk;
  /** Empty: there is nothing to do, so it would not be offered. */
  readonly calls?: readonly Call[];
  readonly advice?: string;
}

export interface Judged {
  /** Gravest first, those of the connectors (a connection refused, say) among them. */
  readonly findings: readonly RecordedFinding[];
  /** Those the findings name, by key. */
  readonly remedies: Readonly<Record<string, JudgedRemedy>>;
}

class Failure {
  readonly error: StepError;
  constructor(error: StepError) {
    this.error = error;
  }
}

/**
 * A step that errored; `detail` is the target's own code: an errno, a SQLSTATE, an HTTP status. `said`: what else it said
 * with it, field by field.
 */
export const failed = (
  code: ErrorCode,
  message: string,
  detail?: string,
  said?: StepError["said"],
  hint?: string,
): unknown =>
  new Failure({
    code,
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(said === undefined ? {} : { said }),
    ...(hint === undefined ? {} : { hint }),
  });

/**
 * What a runbook makes of a made-up situation, without any service: evaluated by the engine's own functions. Throws an Error
 * where the situation could not be: a step the runbook does not have, or a value that its action never returns.
 */
export function judge(runbook: Runbook, situation: Situation): Judged {
  const diagnosed = diagnosedIn(runbook, situation);
  const { findings, remedies } = conclude(depsOf(runbook), diagnosed);
  const judged = remedies.map(({ key, title, risk, status, advice }): [string, JudgedRemedy] => [
    key,
    status === "advice"
      ? { title, risk, advice: advice ?? "" }
      : { title, risk, calls: wantedCalls(diagnosed, key) },
  ]);
  return { findings, remedies: Object.fromEntries(judged) };
}

function contextOf(
  runbook: Runbook,
  { thresholds = {}, contacts = [], alert, ...given }: Situation,
): RunContext {
  const connections =
    given.connections === undefined
      ? runbook.needs.map((kind): ConnectionFace => ({ name: kind, kind, endpoint: EXAMPLE }))
      : Object.entries(given.connections).map(([name, settings]) => faceOf(kindsOf(runbook), name, settings));
  return {
    params: runbook.params.parse(given.params ?? {}),
    thresholds: Thresholds.parse(thresholds),
    system: { id: "example", connections, contacts },
    uses: { ...firstOfEach(connections), ...given.uses },
    now: given.now ?? new Date("2026-01-01T00:00:00Z"),
    ...(alert === undefined ? {} : { alert }),
  };
}

const firstOfEach = (connections: readonly ConnectionFace[]): Record<string, string> =>
  Object.fromEntries(connections.toReversed().map(({ kind, name }) => [kind, name]));

function faceOf(kinds: readonly ConnectionKind[], name: string, settings: unknown): ConnectionFace {
  const { kind: named } = z.looseObject({ kind: z.string() }).parse(settings);
  const kind = kindNamed(kinds, named);
  if (kind === undefined) throw new Error(`connection ${name}: there is no kind "${named}"`);
  return readConnection(kind, name, kind.settings.parse(settings)).face;
}

const EXAMPLE = { host: "example.invalid", port: 1, tls: false };

/** The stages with what the situation says they return. */
function diagnosedIn(runbook: Runbook, situation: Situation): Diagnosed {
  const { steps } = situation;
  const deps = depsOf(runbook);
  const context = contextOf(runbook, situation);
  const uses = { connections: context.uses ?? {} };
  const asked = new Set<string>();
  let diagnosed: Diagnosed = { runbook, context, steps: [] };
  for (const stage of runbook.stages.keys()) {
    const made = stepsOfStage(deps, diagnosed, uses, stage);
    for (const { name } of made) asked.add(name);
    const given = made.filter(({ name }) => Object.hasOwn(steps, name));
    diagnosed = {
      ...diagnosed,
      steps: [...diagnosed.steps, ...given.map((step) => answered(deps, step, steps[step.name]))],
    };
  }
  const stray = Object.keys(steps).filter((name) => !asked.has(name));
  if (stray.length > 0)
    throw new Error(`${runbook.id} has no step ${stray.join(", ")}; it has ${[...asked].join(", ")}`);
  return diagnosed;
}

function answered(deps: PureDeps, step: NewStep, given: unknown): StepView {
  const view = { ...step, epoch: 0 };
  if (given instanceof Failure) return { ...view, state: "errored", error: given.error };
  const parsed = deps.targets.action(step.action).output.safeParse(given);
  if (parsed.success) return { ...view, state: "succeeded", output: parsed.data as Json };
  throw new Error(`step ${step.name}: ${step.action} never returns this:\n${z.prettifyError(parsed.error)}`);
}
