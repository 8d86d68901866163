import type { Caller } from "../../words/caller.ts";
import type { IncidentAnswer, LevelView } from "../../words/escalation.ts";
import type {
  AlertView,
  ApprovalView,
  AttemptView,
  IncidentView,
  RemedyView,
  RunView,
  StepView,
} from "../../words/view.ts";
import { sayDamage } from "../escalation.ts";
import { stateOfRun } from "../run-outcome.ts";
import { md } from "./markdown.ts";

/** Something that happened, as the rows have it; `what` is Markdown. */
export interface Happened {
  readonly at: Date;
  readonly what: string;
}

/** Everything of an incident in the order it happened; what happened at once stays in the order of its causes. */
export const timelineOf = (incident: IncidentView, runs: readonly RunView[]): Happened[] =>
  [...ofIncident(incident), ...runs.flatMap(ofRun)].toSorted((a, b) => a.at.getTime() - b.at.getTime());

/** Senders that know no beginning say the year 1. */
const SENSIBLE = new Date("1990-01-01T00:00:00Z");

const ofIncident = (incident: IncidentView): Happened[] => [
  ...incident.alerts.flatMap(ofAlert),
  { at: incident.openedAt, what: `diagbot opens incident #${incident.id}` },
  ...incident.reopenings.map(({ at }) => ({ at, what: "It fires again" })),
  ...(incident.escalation?.levels ?? []).map(ofLevel),
  ...ofAnswer(incident.escalation?.answered),
  ...ofEnd(incident),
];

const isSensible = (at: Date | undefined): at is Date => at !== undefined && at > SENSIBLE;

function ofAlert({ labels, startsAt, endsAt, status }: AlertView): Happened[] {
  const name = md(nameOfAlert(labels), 200);
  return [
    ...(isSensible(startsAt) ? [{ at: startsAt, what: `Alert fires: ${name}` }] : []),
    ...(status === "resolved" && isSensible(endsAt)
      ? [{ at: endsAt, what: `Alert is resolved: ${name}` }]
      : []),
  ];
}

function ofLevel({ at, target, state, said, damage, ticket }: LevelView): Happened {
  const who = md(Object.values(target).find((name) => name !== undefined) ?? "", 80);
  const isTold = state === "shown" || state === "sent";
  const why = damage === undefined ? "Nobody has answered" : sayDamage(damage);
  const opened = ticket === undefined ? "" : `, and opens ticket ${md(ticket.id, 100)}`;
  return { at, what: `${why}: ${who} is told${isTold ? opened : `, ${state}${because(said)}`}` };
}

function ofAnswer(answered: IncidentAnswer | undefined): Happened[] {
  if (answered?.how !== "ack" && answered?.how !== "reply") return [];
  const does = answered.how === "ack" ? "has it" : "writes in the thread";
  return [{ at: answered.at, what: `${md(answered.by, 80)} ${does}${because(answered.words)}` }];
}

function ofEnd({ resolvedAt, closed }: IncidentView): Happened[] {
  if (resolvedAt === undefined) return [];
  const what =
    closed === undefined
      ? "Every alert is resolved"
      : `${md(closed.by, 80)} closes it${because(closed.reason)}`;
  return [{ at: resolvedAt, what }];
}

const nameOfAlert = (labels: Readonly<Record<string, string>>): string => {
  const { alertname = "alert", ...rest } = labels;
  const shown = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  return [alertname, ...shown].join(", ");
};

function ofRun(run: RunView): Happened[] {
  const name = `Run #${run.id} (${md(run.runbook, 80)})`;
  const seen = lastOf(run.steps.filter(({ phase }) => phase === "diagnose"));
  const found = run.findings.map(({ severity, title }) => `${severity}: ${md(title, 160)}`);
  const finds = found.length === 0 ? "finds nothing" : `finds: ${found.join("; ")}`;
  return [
    { at: run.createdAt, what: `${name} is ${askedBy(run.caller)}` },
    ...(run.diagnosed && seen !== undefined ? [{ at: seen, what: `${name} ${finds}` }] : []),
    ...run.findings.flatMap(({ title, goneAt }) =>
      goneAt === undefined ? [] : [{ at: goneAt, what: `Not there any more: ${md(title, 160)}` }],
    ),
    ...run.remedies.flatMap((remedy) => ofRemedy(run, remedy)),
    ...(run.endedAt === undefined ? [] : [{ at: run.endedAt, what: `${name} ends: ${stateOfRun(run)}` }]),
  ];
}

function askedBy({ via, principal, name }: Caller): string {
  if (via === "alert") return "started by the alert";
  if (via === "schedule") return "started by its schedule";
  return `asked for by ${md(principal ?? (via === "slack" ? "a member" : name), 80)}`;
}

/** When the last of these steps ended. */
function lastOf(steps: readonly StepView[]): Date | undefined {
  const ends = steps.flatMap(({ startedAt, durationMs = 0 }) =>
    startedAt === undefined ? [] : [startedAt.getTime() + durationMs],
  );
  return ends.length === 0 ? undefined : new Date(Math.max(...ends));
}

function ofRemedy(run: RunView, remedy: RemedyView): Happened[] {
  const name = `“${md(remedy.title, 120)}” (#${run.id})`;
  const verified = lastOf(run.steps.filter((step) => step.remedy === remedy.key && step.phase === "verify"));
  const end = verified === undefined ? undefined : remedy.endedAt;
  return [
    ...(remedy.approval === undefined ? [] : ofApproval(name, remedy.risk, remedy.approval)),
    ...remedy.attempts.flatMap((attempt) => ofAttempt(name, attempt)),
    ...remedy.answers.map(({ principal, answer, reason, at }) => ({
      at,
      what: `${md(principal, 80)} says of ${name}: ${md(answer, 40)}${because(reason)}`,
    })),
    ...(end === undefined
      ? []
      : [{ at: end, what: `${name} is verified: ${remedy.status}${because(remedy.note)}` }]),
  ];
}

const BY_POLICY = "The policy auto, no person,";

const ofApproval = (name: string, risk: string, approval: ApprovalView): Happened[] => [
  { at: approval.requestedAt, what: `${name} asks for approval: risk ${risk}` },
  ...approval.votes.map(({ principal, decision, reason, at, breakGlass, auto }) => ({
    at,
    what: `${auto === true ? BY_POLICY : md(principal, 80)} ${decision === "approve" ? "approves" : "denies"} ${name}${breakGlass === true ? " alone (break-glass)" : ""}${because(reason)}`,
  })),
  ...(approval.state === "expired"
    ? [{ at: approval.expiresAt, what: `${name}: nobody decided in time` }]
    : []),
  ...(approval.state === "void" && approval.decidedAt !== undefined
    ? [{ at: approval.decidedAt, what: `${name} is withdrawn${because(approval.voidBecause?.join("; "))}` }]
    : []),
];

const ofAttempt = (
  name: string,
  { step, startedAt, finishedAt, outcome, evidence }: AttemptView,
): Happened[] => [
  { at: startedAt, what: `${name}: ${md(step, 80)} begins` },
  ...(finishedAt === undefined
    ? []
    : [{ at: finishedAt, what: `${name}: ${md(step, 80)} ${outcome ?? "ends"}${because(evidence)}` }]),
];

const because = (words: string | undefined): string =>
  words === undefined || words === "" ? "" : `: ${md(words)}`;
