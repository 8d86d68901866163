import type { AlertRun, Routed, RoutedAll } from "../core/ports/intake.ts";
import { type TriedRoute, trailOf } from "../core/rules/route.ts";
import { groupTitle, isResolved } from "../core/words/alert.ts";
import { count } from "../core/words/format.ts";
import type { DecidedBy, Decision, Route } from "../core/words/route.ts";
import { columns } from "./columns.ts";
import { indent, oneLine } from "./plain.ts";

/** Alerts of which the same is to be said. */
interface Alike {
  readonly first: Decision;
  readonly alerts: number;
  readonly tried: readonly TriedRoute[];
}

function alikeOf({ decisions }: Routed, routes: readonly Route[]): Alike[] {
  const groups = new Map<string, Alike>();
  for (const first of decisions) {
    const tried = trailOf(routes, first.alert);
    const key = JSON.stringify([
      first.alert.labels.alertname,
      tried,
      first.by,
      first.runbooks,
      first.system?.id,
    ]);
    groups.set(key, { first, tried, alerts: (groups.get(key)?.alerts ?? 0) + 1 });
  }
  return [...groups.values()];
}

/** What a notification would lead to, as data: its first group, and those apart from it under `also`. */
export function replayJson({ heartbeats, groups }: RoutedAll, routes: readonly Route[]) {
  const [first, ...also] = groups.map((group) => groupJson(group, routes));
  return { ...(first ?? { incident: null, runs: [] }), heartbeats, also };
}

function groupJson(routed: Routed, routes: readonly Route[]) {
  const { notification, system, channel, severity, runs, remarks = [] } = routed.request;
  return {
    incident: {
      title: groupTitle(notification),
      groupKey: notification.groupKey,
      resolved: isResolved(notification),
    },
    system: system ?? null,
    channel,
    severity,
    alerts: alikeOf(routed, routes).map(({ first, alerts, tried }) => ({
      alertname: first.alert.labels.alertname ?? null,
      alerts,
      system: first.system?.id ?? null,
      route: first.route?.number ?? null,
      tried,
      decidedBy: first.by,
      runbooks: first.runbooks,
    })),
    runs: runs.map(({ runbook, params, connections, aimed = [], aimedBy }) => ({
      ...{ runbook, params, connections, aimed },
      aimedBy: aimedBy ?? null,
    })),
    remarks,
  };
}

/** The same for people. */
export const replayText = ({ heartbeats, groups }: RoutedAll, routes: readonly Route[]): string =>
  [
    ...(heartbeats.length === 0
      ? []
      : [`heartbeats: ${heartbeats.map(oneLine).join(", ")}: nothing is stored of them and nothing is run`]),
    ...groups.map((group) => groupText(group, routes)),
  ].join("\n\n");

function groupText(routed: Routed, routes: readonly Route[]): string {
  const { notification, system, channel, severity, runs, remarks = [] } = routed.request;
  const firing = notification.alerts.filter((alert) => alert.status === "firing").length;
  const facts = columns([
    ["incident:", groupTitle(notification)],
    ["group key:", notification.groupKey],
    [
      "alerts:",
      `${firing} firing, ${notification.alerts.length - firing} resolved${notification.truncatedAlerts > 0 ? `, ${notification.truncatedAlerts} not shown` : ""}`,
    ],
    ["state:", isResolved(notification) ? "resolved" : "firing"],
    ["severity:", severity],
    ["system:", system ?? "none: no system's `match` fits its labels"],
    ["channel:", channel],
  ]);
  const planned = runs.map((run) => [
    run.runbook,
    oneLine(JSON.stringify(run.params)),
    sayAimed(run),
    oneLine(run.title),
  ]);
  const runsText =
    planned.length === 0
      ? "none"
      : columns(planned, ["runbook", "parameters", "looks at", "what it is about"]);
  const why = alikeOf(routed, routes).map(sayAlike);
  return [
    facts,
    ...(why.length === 0 ? [] : [`why:\n${indent(why.join("\n"), 2)}`]),
    ...(remarks.length === 0 ? [] : [`said in the thread:\n${indent(remarks.map(oneLine).join("\n"), 2)}`]),
    `runs it would start:\n${indent(runsText, 2)}`,
  ].join("\n\n");
}

/** `db2, by instance="db2:5432"`. */
function sayAimed({ connections, aimed = [], aimedBy }: AlertRun): string {
  const names = aimed.flatMap((kind) => connections[kind] ?? []).join(", ");
  return names === ""
    ? "its connections"
    : `${names}${aimedBy === undefined ? "" : `, by ${oneLine(aimedBy)}`}`;
}

const BY: Readonly<Record<DecidedBy, string>> = {
  route: "by its route",
  annotation: "named by its annotation",
  name: "by its name, the runbook's default",
  heartbeat: "a heartbeat of the alerting: nothing is stored, nothing is run",
  "no-data": "about the alerting itself: a measurement is missing",
  nobody: "no route and no runbook's own alerts fit: the health matrix, where nothing else is run",
};

function sayAlike({ first, alerts, tried }: Alike): string {
  const { alert, by, runbooks, system } = first;
  const name = oneLine(alert.labels.alertname ?? "alert");
  const asked = runbooks.length === 0 ? (by === "route" ? "no run" : "") : runbooks.join(", ");
  return [
    `${name}${alerts > 1 ? ` (${count(alerts, "alert")})` : ""}: ${system === undefined ? "of no system" : `of ${system.id}`}`,
    ...tried.map((one) => `  ${sayTried(one)}`),
    `  -> ${[asked, BY[by]].filter((part) => part !== "").join(", ")}`,
  ].join("\n");
}

function sayTried({ route, matchers, takes }: TriedRoute): string {
  const each = matchers.map(({ matcher, value, fits }) =>
    fits
      ? `${oneLine(matcher)} fits`
      : `${oneLine(matcher)} does not: it is ${oneLine(JSON.stringify(value))}`,
  );
  return `route ${route}${takes ? " takes it" : ""}: ${each.length === 0 ? "it has no matchers" : each.join("; ")}`;
}
