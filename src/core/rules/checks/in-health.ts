import type { Steps } from "../../words/action.ts";
import { type Check, targetOf } from "../../words/check.ts";
import { table } from "../../words/evidence.ts";
import { bySeverity, type Finding } from "../../words/finding.ts";
import { count } from "../../words/format.ts";
import type { AnyRemedy, AnySeen, Runbook, RunContext } from "../../words/runbook.ts";
import { callOf, STEP } from "./compile.ts";

/** A check with the runbook made of it. */
export interface CompiledCheck {
  readonly check: Check;
  readonly runbook: Runbook;
}

/**
 * The health runbook with these checks as its last stage: what they find is found there, too, and what could not look is
 * said. Those with `health: false` are left out. `digestOf`: one text of several. Pure.
 */
export function healthWith(
  health: Runbook,
  all: readonly CompiledCheck[],
  digestOf: (digests: readonly string[]) => string,
): Runbook {
  const checks = all.filter(({ check }) => check.health);
  if (checks.length === 0) return health;
  const remedies = Object.fromEntries(
    checks.flatMap(({ check, runbook }) =>
      Object.entries(runbook.remedies).map(([key, remedy]) => [
        within(check, key),
        remedyWithin(check, remedy),
      ]),
    ),
  );
  return {
    ...health,
    digest: digestOf([health, ...checks.map(({ runbook }) => runbook)].map(({ digest }) => digest)),
    ...(checks.some(({ runbook }) => runbook.compares) ? { compares: true as const } : {}),
    remedies: { ...health.remedies, ...remedies },
    stages: [...health.stages, (_seen, context) => stepsOf(checks, context)],
    findings: (seen, context) => [...health.findings(seen, context), ...findingsOf(checks, seen, context)],
  };
}

const stepOf = ({ id }: Check): string => `check/${id}`;
const within = ({ id }: Check, key: string): string => `${id}/${key}`;

/** Of the system's checks, each on the connection it names or the first of its kind. */
const stepsOf = (checks: readonly CompiledCheck[], { system }: RunContext): Steps =>
  Object.fromEntries(
    checks.flatMap(({ check }) => {
      const { kind, name } = targetOf(check);
      const has = (wanted: string) => system.connections.some((face) => face.kind === wanted);
      const face = system.connections.find(
        (one) => one.kind === kind && (name === undefined || one.name === name),
      );
      const isMine = (check.systems?.includes(system.id) ?? true) && check.needs.every(has);
      return face === undefined || !isMine ? [] : [[stepOf(check), { ...callOf(check), on: face.name }]];
    }),
  );

/** The step and context as the check's own runbook has them. */
function alone(check: Check, seen: AnySeen, context: RunContext): readonly [AnySeen, RunContext] {
  const step = stepOf(check);
  const one = seen[step];
  const before = context.before?.[step];
  const { before: _others, ...rest } = context;
  return [
    one === undefined ? {} : { [STEP]: one },
    before === undefined ? rest : { ...rest, before: { [STEP]: before } },
  ];
}

/** A remedy that asks what the check's own runbook saw. Its title is the check's where it says what to do, else its own. */
function remedyWithin(check: Check, remedy: AnyRemedy): AnyRemedy {
  if (remedy.advice === undefined)
    return { ...remedy, do: (seen, context) => remedy.do(...alone(check, seen, context)) };
  const { advice } = remedy;
  return {
    ...remedy,
    title: check.title,
    ...(typeof advice === "function"
      ? { advice: (seen: AnySeen, context: RunContext) => advice(...alone(check, seen, context)) }
      : {}),
  };
}

function findingsOf(checks: readonly CompiledCheck[], seen: AnySeen, context: RunContext): Finding[] {
  const asked = checks.filter(({ check }) => stepOf(check) in seen);
  const results = asked.map(({ check, runbook }) => {
    const one = seen[stepOf(check)];
    const findings = runbook.findings(...alone(check, seen, context)).map((finding) => ({
      ...finding,
      id: within(check, finding.id),
      remedies: (finding.remedies ?? []).map((key) => within(check, key)),
    }));
    return { check, findings, error: one?.ok === false ? one.error.message : undefined };
  });
  const found = results.flatMap(({ findings }) => findings).toSorted(bySeverity);
  const broken = results.filter(({ findings }) => findings.length > 0);
  const blind = results.filter(({ error }) => error !== undefined);
  if (broken.length + blind.length === 0) return [];
  const words = [
    ...(broken.length === 0 ? [] : [`${broken.length} found something: ${titles(broken)}`]),
    ...(blind.length === 0 ? [] : [`${blind.length} could not look: ${titles(blind)}`]),
  ];
  const rows = results.map(({ check, findings, error }) => [check.title, stateOf(findings, error)]);
  return [
    {
      id: "checks",
      severity: found[0]?.severity ?? "warning",
      title: `Of ${count(asked.length, "check")} ${words.join("; ")}`,
      because: "Every check of the system was made once; what each found is below.",
      evidence: [table(["check", "state"], rows)],
    },
    ...found,
  ];
}

const titles = (some: readonly { readonly check: Check }[]): string => {
  const all = some.map(({ check }) => check.title);
  return all.length > 2 ? `${all.slice(0, 2).join(", ")} and ${all.length - 2} more` : all.join(", ");
};

const stateOf = (findings: readonly Finding[], error: string | undefined): string =>
  error === undefined
    ? findings.length === 0
      ? "ok"
      : `✗ ${findings[0]?.title}`
    : `could not look: ${error}`;
