import type { KnownBlock, SectionBlock } from "@slack/types";
import { isAllGone } from "../../core/rules/found.ts";
import { HEAD_SLOT } from "../../core/rules/slots.ts";
import { isCritical } from "../../core/words/alert.ts";
import { isLostFromSight } from "../../core/words/alerting.ts";
import { count } from "../../core/words/format.ts";
import { canonical } from "../../core/words/json.ts";
import { isEnded } from "../../core/words/outcome.ts";
import type { AlertView, IncidentView, RunView, ThreadView } from "../../core/words/view.ts";
import { cut } from "../../lib/cut.ts";
import {
  actions,
  bold,
  button,
  codeBlock,
  context,
  fallback,
  header,
  lines,
  newline,
  plain,
  rich,
} from "../../slack/blocks.ts";
import { literal, mrkdwn } from "../../slack/escape.ts";
import { at, on, shortStamp } from "../text/dates.ts";
import { fitTable } from "../text/table.ts";
import type { WantedMessage } from "../wanted.ts";
import { sayChecklists } from "./checklist.ts";
import { drawAck, sayEscalation } from "./escalation.ts";
import { commonLabels } from "./labels.ts";
import { drawLinks, linksOfIncident } from "./links.ts";
import type { DrawOptions } from "./options.ts";
import { buttonsOf, drawFreeze, lookedAt, nameRun } from "./run-head.ts";
import { drawChanges } from "./system-changes.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

const MOST_RUNS = 5;
const MOST_ALERTS = 12;
const MOST_LABELS = 8;
const LABEL_COLUMNS = 4;

/** Root of an alert group's thread: what fires, what diagbot makes of it, and which alerts. */
export function drawIncidentHead(
  incident: IncidentView,
  thread: ThreadView,
  options: DrawOptions,
): WantedMessage {
  const { runs } = thread;
  const words = headlineOf(incident, thread.freeze?.quiet === true);
  return {
    slot: HEAD_SLOT,
    kind: "message",
    urgent: false,
    live: runs.some((run) => !isEnded(run.status)),
    text: fallback(`${words} (${incident.system ?? "unknown system"})`),
    blocks: [
      header(words),
      ...drawRuns(incident, thread, options),
      ...drawRemarks(incident, runs),
      ...drawLife(incident, thread, sayEscalation(incident, thread, options)),
      ...drawFreeze(thread.freeze),
      ...drawChanges(incident),
      ...drawAlerts(incident),
      ...drawLinks(linksOfIncident(incident, options)),
      ...drawAck(incident, options),
      context(
        `*${mrkdwn(incident.system ?? "no system matches", 70)}*`,
        `incident #${incident.id}`,
        ...sayRun(runs),
        ...sayChecklists(thread.checklists ?? []),
        `severity ${mrkdwn(incident.severity, 30)}`,
        `since ${on(incident.openedAt)}`,
        incident.resolvedAt === undefined
          ? `last seen ${on(incident.lastSeenAt)}`
          : `resolved ${on(incident.resolvedAt)}`,
      ),
    ],
  };
}

function headlineOf(incident: IncidentView, isQuiet: boolean): string {
  const { title, status, severity, firing, resolved, truncated, closed, staleAt } = incident;
  if (closed !== undefined) return `☑️ Closed: ${title.slice(0, 120)}`;
  if (status === "resolved") return `✅ Resolved: ${title.slice(0, 120)}`;
  if (staleAt !== undefined) return `❔ Not heard of for long: ${title.slice(0, 110)}`;
  const icon = isQuiet ? "🔧" : isCritical(severity) ? "🔴" : /info|none/i.test(severity) ? "🔵" : "🟠";
  // Nothing that we see fires, yet the group is open: what is not shown keeps it so.
  const counts = [
    ...(firing > 0 || truncated === 0 ? [`${firing} firing`] : []),
    ...(resolved > 0 ? [`${resolved} resolved`] : []),
    ...(truncated > 0 ? [`${truncated} not shown`] : []),
  ].join(", ");
  return `${icon} ${title.slice(0, 110)}: ${counts}`;
}

/** The newest run of each runbook, with its verdict and one button; the earlier ones are one click away. */
function drawRuns(
  incident: IncidentView,
  { id, runs, freeze }: ThreadView,
  { elsewhere }: DrawOptions,
): KnownBlock[] {
  if (runs.length === 0 && incident.status === "resolved")
    return [
      rich(
        plain("Nothing to do: every alert is resolved."),
        ...incident.remarks.map((one) => plain(` ${one}.`, 400)),
      ),
    ];
  if (runs.length === 0 && freeze?.quiet === true)
    return [
      rich(plain("Nothing to do now: it is looked into when the maintenance is over, if it still fires.")),
    ];
  if (runs.length === 0) {
    return [rich(bold("Next: "), plain(`look yourself; ${whyNoRun(incident)}.`, 1_200))];
  }
  const current = currentOf(runs);
  const shown = current.slice(-MOST_RUNS);
  const earlier = runs.length - shown.length;
  const label = `${count(earlier, "earlier run")}`;
  const around = { firing: incident.status === "firing", looked: runs.map(({ runbook }) => runbook) };
  return [
    ...shown.flatMap((run) =>
      drawRunLine(incident, run, shown.length > 1, verdictOf(run, freeze, elsewhere?.(run, around))),
    ),
    ...(earlier > 0 ? [actions({ action: "incident:runs", label, value: String(id) })] : []),
  ];
}

function whyNoRun({ system, remarks }: IncidentView): string {
  if (remarks.length > 0) return remarks.join("; ");
  return system === undefined ? "no system of diagbot.yaml matches its labels" : "no runbook answers it";
}

/** One run per runbook and connection, and every earlier one that still needs somebody. */
const currentOf = (runs: readonly RunView[]): RunView[] =>
  runs.filter((run, i) => {
    const isNewest = !runs
      .slice(i + 1)
      .some((later) => later.runbook === run.runbook && isSameTarget(later, run));
    return isNewest || (!isEnded(run.status) && run.supersededBy === undefined) || needsSomebody(run);
  });

const isSameTarget = (one: RunView, other: RunView): boolean =>
  canonical(one.connections) === canonical(other.connections);

/** Somebody has to decide something. */
const needsSomebody = (run: RunView): boolean =>
  !isEnded(run.status) &&
  run.remedies.some(
    ({ status, held }) =>
      ["waiting", "unknown"].includes(status) || (held !== undefined && held.ends !== "watch"),
  );

/** What else is to be known of why it is looked at as it is. */
const drawRemarks = ({ remarks }: IncidentView, runs: readonly RunView[]): KnownBlock[] =>
  runs.length === 0 || remarks.length === 0
    ? []
    : [rich(...remarks.flatMap((remark, i) => [...(i > 0 ? [newline] : []), plain(`⚠️ ${remark}`, 400)]))];

/** Why nothing is asked for any more, what is known of an alert nobody hears of, and that it flaps. */
function drawLife(incident: IncidentView, { freeze }: ThreadView, levels: readonly string[]): KnownBlock[] {
  const { closed, status, staleAt, runsDueAt, reopenings, id, lastSeenAt } = incident;
  const fires = reopenings.length + 1;
  const last = reopenings.at(-1);
  const said = [
    ...(closed === undefined
      ? []
      : [
          `closed by ${mrkdwn(closed.by, 60)}${closed.reason === "" ? "" : `: ${mrkdwn(closed.reason, 200)}`}`,
        ]),
    ...(status === "firing" && staleAt !== undefined
      ? [
          `nothing was heard of it since ${on(lastSeenAt)}: it may have ended under a silence; end it with \`/diag close ${id}\``,
        ]
      : []),
    ...(last === undefined ? [] : [`🔁 fired ${fires} times, last ${on(last.at)}`]),
    ...(status === "firing" && runsDueAt !== undefined && freeze?.quiet !== true
      ? [`it flaps: diagnosed again ${at(runsDueAt)}, if it still fires`]
      : []),
    ...(status === "resolved" && incident.alerts.some(isLostFromSight)
      ? [
          "it ended because its series is not measured any more (MissingSeries): that is no word on whether it is well",
        ]
      : []),
    ...levels,
  ];
  return said.length === 0 ? [] : [context(...said)];
}

function drawRunLine(
  incident: IncidentView,
  run: RunView,
  several: boolean,
  { headline, next }: Verdict,
): KnownBlock[] {
  const first = buttonsOf(run)[0];
  const which = several ? `Run #${run.id}${lookedAt(run)}: ` : "";
  const line: SectionBlock = {
    type: "section",
    text: { type: "plain_text", text: literal(`${which}${plainOf(headline)}`, 400), emoji: false },
    ...(first === undefined ? {} : { accessory: button(first) }),
  };
  return [line, rich(...(isOverFor(incident, run) ? [plain(OVER)] : next))];
}

/** Nobody is asked to act on what has ended: only what still waits for somebody, or is under way, is said of it. */
const isOverFor = (incident: IncidentView, run: RunView): boolean =>
  incident.status === "resolved" &&
  isEnded(run.status) &&
  run.status !== "cancelled" &&
  run.supersededBy === undefined &&
  !isAllGone(run) &&
  run.findings.length > 0 &&
  run.remedies.every(({ appliedAt }) => appliedAt === undefined);

const OVER = "The alert has ended; this is what was found while it fired.";

/** One run needs no line of its own. mrkdwn. */
const sayRun = (runs: readonly RunView[]): string[] => {
  const [only] = runs;
  return only === undefined || runs.length > 1 ? [] : nameRun(only);
};

const plainOf = (headline: string): string => {
  const piece = plain(headline, 350);
  return piece.type === "text" ? piece.text : "";
};

function drawAlerts(incident: IncidentView): KnownBlock[] {
  const { alerts } = incident;
  if (alerts.length === 0) return [];
  const common = commonLabels(alerts);
  const said = sayAlerts(alerts);
  const shared = Object.entries(common).filter(([name]) => !SAID_ELSEWHERE.has(name));
  const labels = shared.slice(0, MOST_LABELS).map(([name, value]) => `${cut(name, 40)}=${cut(value, 80)}`);
  const hidden =
    incident.truncated +
    Math.max(0, incident.firing + incident.resolved - Math.min(alerts.length, MOST_ALERTS));
  return [
    ...(said === undefined && labels.length === 0
      ? []
      : [
          rich(
            ...(said === undefined ? [] : [lines(said, MOST_SAID)]),
            ...(said === undefined || labels.length === 0 ? [] : [newline]),
            ...(labels.length === 0 ? [] : [plain(labels.join(", "), 700)]),
          ),
        ]),
    // A single alert has nothing to be told apart from: the head has said it all.
    ...(alerts.length > 1 ? [codeBlock(tableOf(alerts.slice(0, MOST_ALERTS), common).join("\n"))] : []),
    ...(hidden > 0 ? [context(`${count(hidden, "alert")} not shown`)] : []),
    ...(incident.note === undefined ? [] : [context(`Not taken as it came: ${mrkdwn(incident.note, 900)}`)]),
  ];
}

const MOST_SAID = 1_600;
const MOST_DESCRIPTION = 500;
const MOST_DESCRIPTIONS = 3;

/** What the alerts say of themselves: the summary, then each description that says more, once. */
function sayAlerts(alerts: readonly AlertView[]): string | undefined {
  const words = (name: "summary" | "description") =>
    alerts.flatMap(({ annotations }) => annotations[name]?.trim() || []);
  const [summary] = words("summary");
  const descriptions = [...new Set(words("description"))].filter((text) => text !== summary);
  const rest = descriptions.length - MOST_DESCRIPTIONS;
  const said = [
    ...(summary === undefined ? [] : [cut(summary, MOST_DESCRIPTION)]),
    ...descriptions.slice(0, MOST_DESCRIPTIONS).map((text) => cut(text, MOST_DESCRIPTION)),
    ...(rest > 0 ? [`and ${count(rest, "other description")}`] : []),
  ];
  return said.length === 0 ? undefined : said.join("\n");
}

/** The header and the small line below name these. */
const SAID_ELSEWHERE = new Set(["alertname", "severity"]);

/** Senders that know no beginning say the year 1. */
const SENSIBLE = new Date("1990-01-01T00:00:00Z");

/** Labels in which the alerts differ are the columns; those that tell most apart come first. */
function tableOf(alerts: readonly AlertView[], common: Readonly<Record<string, string>>): string[] {
  const names = [...new Set(alerts.flatMap((alert) => Object.keys(alert.labels)))].filter(
    (name) => !(name in common),
  );
  const variety = (name: string) => new Set(alerts.map((alert) => alert.labels[name])).size;
  const columns = names.sort((a, b) => variety(b) - variety(a) || (a < b ? -1 : 1)).slice(0, LABEL_COLUMNS);
  const rows = alerts.map((alert) => [
    alert.status,
    alert.startsAt < SENSIBLE ? "–" : shortStamp(alert.startsAt),
    ...columns.map((name) => alert.labels[name] ?? "–"),
  ]);
  return fitTable(["state", "since (UTC)", ...columns], rows).lines;
}
