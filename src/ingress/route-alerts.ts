import type { AlertRequest, AlertRun, Catalog } from "../core/ports/ports.ts";
import type { Alert, Notification } from "../core/words/alert.ts";
import { DiagError } from "../core/words/errors.ts";
import { HEALTH_RUNBOOK } from "../core/words/intent.ts";
import type { Runbook } from "../core/words/runbook.ts";
import { labelsMatch, type System, systemOf } from "../core/words/system.ts";
import { cut } from "../lib/escape.ts";
import { defaultConnections, runnableOn } from "./check-run.ts";

/** At most this many runbooks are started by one notification: an alert that fits many says little about any. */
const MOST_RUNS = 3;

const SEVERITIES = ["critical", "page", "error", "high", "warning", "medium", "low", "info", "none"];

/**
 * Which system an alert group belongs to, where its thread goes and which runbooks it starts; pure. Alerts start
 * diagnoses only: what a runbook would change still waits for its approval. Only firing alerts start anything.
 * Throws `bad_config` where neither the system nor diagbot.yaml names a channel.
 */
export function routeAlerts(catalog: Catalog, notification: Notification): AlertRequest {
  const firing = notification.alerts.filter((alert) => alert.status === "firing");
  const system = systemOfAlerts(catalog, firing) ?? systemOfAlerts(catalog, notification.alerts);
  const channel = system?.channel ?? catalog.channel;
  if (channel === undefined)
    throw new DiagError("bad_config", "no channel is configured for this alert", {
      hint: "set `slack.channel` in diagbot.yaml",
    });
  return {
    notification,
    channel,
    severity: severityOf(firing.length > 0 ? firing : notification.alerts),
    runs: system === undefined ? [] : runsFor(catalog, system, firing),
    quietMs: catalog.alerts.quiet,
    ...(system === undefined ? {} : { system: system.id }),
  };
}

function systemOfAlerts({ systems }: Catalog, alerts: readonly Alert[]): System | undefined {
  for (const { labels } of alerts) {
    const system = systemOf(systems, labels);
    if (system !== undefined) return system;
  }
  return undefined;
}

/** The gravest severity label; unknown words rank below the known ones. */
function severityOf(alerts: readonly Alert[]): string {
  const words = new Set(
    alerts.flatMap(({ labels }) => (labels.severity === undefined ? [] : cut(labels.severity, 40))),
  );
  const rank = (word: string) => {
    const at = SEVERITIES.indexOf(word.toLowerCase());
    return at < 0 ? SEVERITIES.length : at;
  };
  return [...words].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))[0] ?? "unknown";
}

function runsFor(catalog: Catalog, system: System, firing: readonly Alert[]): AlertRun[] {
  const [first] = firing;
  if (first === undefined) return [];
  const runnable = runnableOn(catalog, system);
  const health = runnable.filter(({ id }) => id === HEALTH_RUNBOOK);
  const hasConnections = Object.keys(system.connections).length > 0;
  for (const choose of [named, matching]) {
    const runs = firstRuns(system, firing, (alert) => choose(runnable, alert));
    if (runs.length > 0) return runs;
  }
  return hasConnections ? firstRuns(system, [first], () => health) : [];
}

/** Distinct runbooks in the order of the alerts, each with the alert that asked for it. */
function firstRuns(
  system: System,
  alerts: readonly Alert[],
  choose: (alert: Alert) => readonly Runbook[],
): AlertRun[] {
  const runs = new Map<string, AlertRun>();
  for (const alert of alerts) {
    for (const runbook of choose(alert)) {
      if (runs.size === MOST_RUNS) return [...runs.values()];
      if (runs.has(runbook.id)) continue;
      const params = paramsFrom(runbook, alert);
      if (params === undefined) continue;
      const { labels, annotations } = alert;
      runs.set(runbook.id, {
        system: system.id,
        runbook: runbook.id,
        title: runbook.title,
        params,
        connections: defaultConnections(system),
        alert: { labels, annotations },
      });
    }
  }
  return [...runs.values()];
}

/** The runbook an alert names: annotation `runbook`, or the last part of `runbook_url`'s path. */
function named(runbooks: readonly Runbook[], { annotations }: Alert): Runbook[] {
  const names = [annotations.runbook, lastSegment(annotations.runbook_url)];
  const found = names.flatMap((name) => runbooks.find(({ id }) => id === name) ?? []);
  return found.slice(0, 1);
}

function lastSegment(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const segment = new URL(url).pathname.split("/").findLast((part) => part !== "");
  return segment?.replace(/\.(md|html?)$/, "");
}

const matching = (runbooks: readonly Runbook[], { labels }: Alert): Runbook[] =>
  runbooks.filter((runbook) => runbook.alerts.some((match) => labelsMatch(match, labels)));

/** Parameters from the alert's labels, each only where it fits; undefined where the runbook cannot run without more. */
function paramsFrom(runbook: Runbook, alert: Alert): Readonly<Record<string, unknown>> | undefined {
  let accepted = runbook.params.safeParse({});
  let values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(wantedFrom(runbook, alert))) {
    if (value === undefined || !Object.hasOwn(runbook.params.shape, name)) continue;
    const tried = runbook.params.safeParse({ ...values, [name]: value });
    if (!tried.success && accepted.success) continue;
    values = { ...values, [name]: value };
    accepted = tried;
  }
  return accepted.success ? accepted.data : undefined;
}

/** Labels are text from outside: a `fromAlert` that trips over them must not cost the alert. */
function wantedFrom(runbook: Runbook, alert: Alert): Record<string, unknown> {
  try {
    return runbook.fromAlert?.(alert.labels) ?? {};
  } catch {
    return {};
  }
}
