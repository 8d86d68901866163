import type { Answers, ChecklistView } from "../../words/checklist.ts";
import { sayDuration } from "../../words/duration.ts";
import { type IncidentView, type RemedyView, type RunView, unansweredSteps } from "../../words/view.ts";
import { fenced, md, mdEvidence, mdTable, moment } from "./markdown.ts";
import { type Happened, timelineOf } from "./timeline.ts";

/** Characters of the whole; what does not fit is said to be left out. */
export const LONGEST_POSTMORTEM = 200_000;
const MOST_EVENTS = 400;
const NOTHING = "Nothing.";

/** What a postmortem is made from: rows only. */
export interface PostmortemFacts {
  readonly incident: IncidentView;
  readonly runs: readonly RunView[];
  readonly checklists?: readonly ChecklistView[];
  readonly now: Date;
}

/**
 * The record of an incident in Markdown: situation, task, action, result (STARR) from the rows, with timeline and figures, and
 * empty places for what only people know. Words of others are escaped. Pure: the same rows and time give the same text.
 */
export function postmortemOf(facts: PostmortemFacts): string {
  const { incident } = facts;
  const reflection = reflectionOf(facts);
  const parts = [
    `# Postmortem: ${md(incident.title, 150)} (incident #${incident.id})`,
    situation(facts),
    section("Task", task(facts)),
    section("Timeline", timeline(timelineOf(incident, facts.runs)), "All times are UTC."),
    section("Action", actions(facts.runs)),
    section("Result", result(facts)),
    section("Evidence", evidence(facts.runs)),
    reflection,
  ];
  const whole = `${parts.join("\n\n")}\n`;
  if (whole.length <= LONGEST_POSTMORTEM) return whole;
  const over = "\n\n… cut: what is missing here is in the thread.\n\n";
  return `${whole.slice(0, LONGEST_POSTMORTEM - reflection.length - over.length - 1)}${over}${reflection}\n`;
}

const section = (title: string, lines: readonly string[], intro?: string): string =>
  [
    `## ${title}`,
    ...(intro === undefined ? [] : [intro]),
    lines.length === 0 ? NOTHING : lines.join("\n"),
  ].join("\n\n");

function situation({ incident, runs, now }: PostmortemFacts): string {
  const { openedAt, resolvedAt, severity, system, alerts, firing, resolved, escalation } = incident;
  const began = new Date(Math.min(openedAt.getTime(), ...firstAlert(incident)));
  const ended = incident.status === "resolved" ? resolvedAt : undefined;
  const answered = firstAnswer(incident, runs);
  const summary = alerts.flatMap(({ annotations }) => annotations.summary ?? annotations.description ?? []);
  const rows = [
    ["system", system ?? "none matches its labels"],
    ["severity", severity],
    ["began", moment(began)],
    ["ended", ended === undefined ? `not yet (as of ${moment(now)})` : moment(ended)],
    ["lasted", sayDuration((ended ?? now).getTime() - began.getTime())],
    [
      "first answer of a person",
      answered === undefined ? "none" : `after ${sayDuration(answered.getTime() - began.getTime())}`,
    ],
    [
      "alerts",
      `${firing} firing, ${resolved} resolved${alerts.length < firing + resolved ? `; ${alerts.length} are listed below` : ""}`,
    ],
    ["fired again", `${incident.reopenings.length} times`],
    ["levels of escalation", String(escalation?.levels.length ?? 0)],
  ];
  const lines = [
    mdTable(["fact", "value"], rows),
    ...[...new Set(summary)].slice(0, 5).map((one) => `\n> ${md(one, 500)}`),
  ];
  return section("Situation", lines);
}

/** Of the first alert, where its sender knows it. */
const firstAlert = ({ alerts }: IncidentView): number[] =>
  alerts.map(({ startsAt }) => startsAt.getTime()).filter((at) => at > Date.UTC(1990, 0));

/** When a person first showed that they look after it: an acknowledgement, a reply, a vote, an answer, a run they asked for. */
function firstAnswer({ escalation }: IncidentView, runs: readonly RunView[]): Date | undefined {
  const times = [
    ...(escalation?.answered === undefined ? [] : [escalation.answered.at]),
    ...runs.flatMap(({ remedies }) =>
      remedies.flatMap(({ approval, answers }) =>
        [...(approval?.votes ?? []).filter(({ auto }) => auto !== true), ...answers].map(({ at }) => at),
      ),
    ),
  ];
  return times.length === 0 ? undefined : new Date(Math.min(...times.map((at) => at.getTime())));
}

/** What was to be found out: the runbooks that were run, and what had to be answered. */
const task = ({ runs, incident }: PostmortemFacts): string[] => [
  ...runs.map(
    (run) =>
      `- ${md(run.title, 150)} on ${md(run.system, 80)} (\`${run.runbook.replaceAll("`", "")}\`, run #${run.id})`,
  ),
  ...incident.remarks.map((remark) => `- Not looked at as usual: ${md(remark, 400)}`),
];

function timeline(all: readonly Happened[]): string[] {
  const shown = all.slice(0, MOST_EVENTS);
  const left = all.length - shown.length;
  return [
    "| when | what |",
    "| --- | --- |",
    ...shown.map(({ at, what }) => `| ${moment(at)} | ${what} |`),
    ...(left > 0 ? ["", `${left} later events are not shown.`] : []),
  ];
}

/** What was decided and done: who, why, what exactly, and what came of it. */
const actions = (runs: readonly RunView[]): string[] =>
  runs.flatMap((run) =>
    run.remedies.filter(({ status }) => status !== "advice").flatMap((remedy) => action(run, remedy)),
  );

function action(run: RunView, remedy: RemedyView): string[] {
  const { title, status, risk, note, plan, planSha256, approval } = remedy;
  const votes = (approval?.votes ?? []).map(
    ({ principal, decision, reason, onBehalf, auto }) =>
      `${auto === true ? "The policy auto, no person," : md(principal, 80)} ${decision === "approve" ? "approved" : "denied"}${onBehalf === undefined ? "" : ` for ${md(onBehalf, 80)}`}${reason === undefined ? "" : ` (“${md(reason)}”)`}`,
  );
  return [
    `### ${md(title, 150)}: ${status}`,
    "",
    `Run #${run.id}, risk ${risk}. ${votes.length === 0 ? "Nobody voted." : `${votes.join("; ")}.`}${note === undefined ? "" : ` ${md(note, 500)}`}`,
    ...(plan === undefined
      ? []
      : [
          "",
          fenced(plan.calls.flatMap(({ changes }) => changes).join("\n"), 4_000),
          "",
          `Plan \`${(planSha256 ?? "").slice(0, 16)}\`. Undo: ${md(plan.undo, 300)}.`,
        ]),
    "",
  ];
}

/** What came of it, and what is open. */
function result({ incident, runs }: PostmortemFacts): string[] {
  const last = runs.filter(({ supersededBy }) => supersededBy === undefined);
  const left = last.flatMap((run) =>
    run.findings
      .filter(({ goneAt, remedies }) => goneAt === undefined && !isAnswered(run, remedies))
      .map(({ severity, title }) => `- Open: ${severity}: ${md(title, 200)} (run #${run.id})`),
  );
  const undecided = last.flatMap((run) =>
    run.remedies
      .filter(({ status }) => ["waiting", "approved", "unknown"].includes(status))
      .map(({ title, status }) => `- Not decided: ${md(title, 150)} (${status})`),
  );
  const advice = last.flatMap((run) =>
    run.remedies
      .filter(({ status }) => status === "advice")
      .map(({ title }) => `- Left to people: ${md(title, 150)}`),
  );
  const unseen = last.flatMap((run) =>
    unansweredSteps(run).map(
      ({ title, error }) =>
        `- Could not be looked at: ${md(title, 120)}${error === undefined ? "" : `: ${md(error.message, 200)}`}`,
    ),
  );
  const state = incident.status === "resolved" ? "The alerts have ended." : "**The incident still fires.**";
  return [state, "", ...[...new Set([...left, ...undecided, ...advice, ...unseen])]];
}

const isAnswered = ({ remedies }: RunView, keys: readonly string[]): boolean =>
  remedies.some(({ key, status }) => status === "succeeded" && keys.includes(key));

const evidence = (runs: readonly RunView[]): string[] =>
  runs.flatMap((run) =>
    run.findings.flatMap((finding) => [
      `### ${md(finding.title, 150)} (run #${run.id})`,
      "",
      md(finding.because, 1_500),
      "",
      ...finding.evidence.flatMap((one) => [mdEvidence(one), ""]),
    ]),
  );

/** What no row says but those that people have written with their ticks; empty places for the rest. */
function reflectionOf({ checklists = [] }: PostmortemFacts): string {
  const said = checklists.flatMap(({ items }) =>
    items.flatMap(({ text, done }) =>
      done?.answers === undefined ? [] : [{ text, by: done.by, answers: done.answers }],
    ),
  );
  const isFollowUp = (answers: Answers) => answers.owner !== undefined;
  const words = said
    .filter(({ answers }) => !isFollowUp(answers))
    .flatMap(({ text, by, answers }) => [
      `**${md(text, 200)}** (${md(by, 80)})`,
      "",
      ...Object.values(answers).flatMap((one) => [md(one, 2_000), ""]),
    ]);
  const followUps = said
    .filter(({ answers }) => isFollowUp(answers))
    .map(({ text, answers }) => [text, answers.owner ?? "…", answers.due ?? answers.date ?? "…"]);
  return [
    "## Reflection",
    "",
    ...(words.length > 0 ? words : ["For people to fill in: what no row says.", "", ...QUESTIONS]),
    mdTable(["follow-up", "owner", "due"], followUps.length > 0 ? followUps : [["…", "…", "…"]]),
  ].join("\n");
}

const QUESTIONS = [
  "What did users see, and how many?",
  "Why did it happen: the causes behind the cause?",
  "What went well?",
  "What went badly, and where were we lucky?",
  "What did the runbooks miss?",
].flatMap((question) => [`**${question}**`, "", "…", ""]);
