import { z } from "zod";
import { kinds } from "../connectors/index.ts";
import { connectorsOf, kindNamed, readConnection } from "../core/rules/connections.ts";
import type { Call, Steps } from "../core/words/action.ts";
import type { ConnectionFace } from "../core/words/connection.ts";
import type { ErrorCode } from "../core/words/errors.ts";
import { bySeverity, FindingSchema, type RecordedFinding } from "../core/words/finding.ts";
import type { Seen, StepError } from "../core/words/outcome.ts";
import type { Risk } from "../core/words/risk.ts";
import type { AnySeen, Runbook, RunContext } from "../core/words/runbook.ts";
import { Thresholds } from "../core/words/system.ts";
import { type Trouble, unexplained } from "../core/words/trouble.ts";

/** A situation a test makes up. */
export interface Situation {
  /** What each step returned, by its name, or `failed(…)`. A step that is left out was not made. */
  readonly steps: Readonly<Record<string, unknown>>;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly thresholds?: Partial<Thresholds>;
  /** As in diagbot.yaml. Default: one of each kind the runbook needs, named as its kind. */
  readonly connections?: Readonly<Record<string, unknown>>;
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

/** A step that errored; `detail` is the target's own code: an errno, a SQLSTATE, an HTTP status. */
export const failed = (code: ErrorCode, message: string, detail?: string): unknown =>
  new Failure({ code, message, ...(detail === undefined ? {} : { detail }) });

/**
 * What a runbook makes of a made-up situation, without any service. Throws an Error where the situation could not be: a
 * step the runbook does not have, or a value that its action never returns.
 */
export function judge(runbook: Runbook, situation: Situation): Judged {
  const context = contextOf(runbook, situation);
  const { seen, calls } = seenIn(runbook, situation, context);
  const troubles = unexplained(runbook, troublesOf(seen, calls));
  const found = [
    ...troubles.map(({ remedy, ...finding }) => ({ ...finding, remedies: [remedy.key] })),
    ...runbook.findings(seen, context),
  ];
  const findings = found.map((finding) => FindingSchema.parse(finding)).sort(bySeverity);
  const keys = [...new Set(findings.flatMap(({ remedies }) => remedies))];
  const remedies = keys.map((key) => [key, remedyOf(runbook, key, { seen, context, troubles })] as const);
  return { findings, remedies: Object.fromEntries(remedies) };
}

function contextOf(
  runbook: Runbook,
  { thresholds = {}, contacts = [], alert, ...given }: Situation,
): RunContext {
  const connections =
    given.connections === undefined
      ? runbook.needs.map((kind): ConnectionFace => ({ name: kind, kind, endpoint: EXAMPLE }))
      : Object.entries(given.connections).map(([name, settings]) => faceOf(name, settings));
  return {
    params: runbook.params.parse(given.params ?? {}),
    thresholds: Thresholds.parse(thresholds),
    system: { id: "example", connections, contacts },
    now: given.now ?? new Date("2026-01-01T00:00:00Z"),
    ...(alert === undefined ? {} : { alert }),
  };
}

function faceOf(name: string, settings: unknown): ConnectionFace {
  const { kind: named } = z.looseObject({ kind: z.string() }).parse(settings);
  const kind = kindNamed(kinds, named);
  if (kind === undefined) throw new Error(`connection ${name}: there is no kind "${named}"`);
  return readConnection(kind, name, kind.settings.parse(settings)).face;
}

const connectors = connectorsOf(kinds);

const EXAMPLE = { host: "example.invalid", port: 1, tls: false };

/** The stages with what the situation says they return. */
function seenIn(
  runbook: Runbook,
  { steps }: Situation,
  context: RunContext,
): { seen: AnySeen; calls: Steps } {
  const seen: Record<string, Seen<unknown>> = {};
  const calls: Record<string, Call> = {};
  for (const stage of runbook.stages)
    for (const [name, call] of Object.entries(stage(seen, context))) {
      calls[name] = call;
      if (Object.hasOwn(steps, name)) seen[name] = seenAs(name, call, steps[name]);
    }
  const stray = Object.keys(steps).filter((name) => !Object.hasOwn(calls, name));
  if (stray.length > 0)
    throw new Error(`${runbook.id} has no step ${stray.join(", ")}; it has ${Object.keys(calls).join(", ")}`);
  return { seen, calls };
}

function seenAs(name: string, call: Call, given: unknown): Seen<unknown> {
  if (given instanceof Failure) return { ok: false, error: given.error };
  const action = connectors.flatMap(({ actions }) => actions).find((one) => one.name === call.action);
  if (action === undefined) throw new Error(`step ${name} calls ${call.action}, which no connector has`);
  const parsed = action.output.safeParse(given);
  if (parsed.success) return { ok: true, value: parsed.data };
  throw new Error(`step ${name}: ${call.action} never returns this:\n${z.prettifyError(parsed.error)}`);
}

const troublesOf = (seen: AnySeen, calls: Steps): readonly Trouble[] =>
  connectors.flatMap(({ actions, trouble }) => {
    const mine = Object.entries(seen).filter(([name]) =>
      actions.some((action) => action.name === calls[name]?.action),
    );
    return mine.length === 0 ? [] : (trouble?.(Object.fromEntries(mine)) ?? []);
  });

function remedyOf(
  runbook: Runbook,
  key: string,
  { seen, context, troubles }: { seen: AnySeen; context: RunContext; troubles: readonly Trouble[] },
): JudgedRemedy {
  const own = troubles.find(({ remedy }) => remedy.key === key)?.remedy;
  if (own !== undefined) return { title: own.title, risk: own.risk, advice: own.advice };
  const remedy = runbook.remedies[key];
  if (remedy === undefined) throw new Error(`a finding names the remedy ${key}, which is not there`);
  const { title, risk } = remedy;
  if (remedy.advice === undefined) return { title, risk, calls: remedy.do(seen, context) };
  const { advice } = remedy;
  return { title, risk, advice: typeof advice === "function" ? advice(seen, context) : advice };
}
