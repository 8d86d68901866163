import type { AlertRequest, AlertRun, Catalog, Routed } from "../../core/ports/ports.ts";
import { isRunbookDisabled } from "../../core/rules/restrict.ts";
import { nameRoute } from "../../core/rules/route.ts";
import type { Notification } from "../../core/words/alert.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { Decision } from "../../core/words/route.ts";
import { connectionsOf, kindsOf, type System } from "../../core/words/system.ts";
import { defaultConnections, missingKinds } from "../check-run.ts";
import { alertParams } from "./alert-params.ts";
import { decide, HEALTH } from "./decide.ts";
import { severityOf } from "./severity.ts";

/** At most this many runbooks are started by one notification: an alert that fits many says little about any. */
const MOST_RUNS = 3;
/** What people are told of one notification. */
const MOST_REMARKS = 5;

/** What `routed` says, without its reasons. */
export const routeAlerts = (catalog: Catalog, notification: Notification): AlertRequest =>
  routed(catalog, notification).request;

/**
 * Which system an alert group belongs to, where its thread goes and which runbooks it starts; pure. Alerts start
 * diagnoses only: what a runbook would change still waits for its approval. Only firing alerts start anything.
 * Throws `bad_config` where neither route, system nor diagbot.yaml names a channel.
 */
export function routed(catalog: Catalog, notification: Notification): Routed {
  const all = notification.alerts.map((alert) => decide(catalog, alert));
  const firing = all.filter(({ alert }) => alert.status === "firing");
  const leading = firing.length > 0 ? firing : all;
  const system = [...firing, ...all].find((one) => one.system !== undefined)?.system;
  const mine = leading.filter((one) => one.system === undefined || one.system.id === system?.id);
  const channel =
    mine.find(({ route }) => route?.channel !== undefined)?.route?.channel ??
    system?.channel ??
    catalog.channel;
  if (channel === undefined)
    throw new DiagError("bad_config", "no channel is configured for this alert", {
      hint: "set `slack.channel` in diagbot.yaml",
    });
  const started = system === undefined ? { runs: [], remarks: [] } : runsFor(catalog, system, firing);
  return {
    decisions: firing,
    request: {
      notification,
      channel,
      severity: severityOf(leading),
      runs: started.runs,
      remarks: started.remarks,
      quietMs: catalog.alerts.quiet,
      ...(system === undefined ? {} : { system: system.id }),
    },
  };
}

interface Started {
  readonly runs: readonly AlertRun[];
  readonly remarks: readonly string[];
}

/** Distinct runbooks in the order of the alerts, each with the alert that asked for it. */
function runsFor(catalog: Catalog, system: System, firing: readonly Decision[]): Started {
  const runs = new Map<string, AlertRun>();
  const remarks = new Set<string>();
  const start = (decision: Decision, ids: readonly string[]): void => {
    for (const id of ids) {
      if (runs.size === MOST_RUNS || runs.has(id)) continue;
      const made = runOf(catalog, system, decision, id);
      if (typeof made === "string") remarks.add(made);
      else if (made !== undefined) runs.set(id, made);
    }
  };
  for (const decision of firing) {
    const { route, by, runbooks, system: own } = decision;
    if (own !== undefined && own.id !== system.id)
      remarks.add(
        `an alert of ${own.id} is in this group, too, and is not looked at: group by what tells systems apart`,
      );
    else if (by === "route" && runbooks.length === 0 && route !== undefined)
      remarks.add(`${nameRoute(route)} says that nothing is run`);
    else start(decision, runbooks);
  }
  // What its own name or annotation asks for cannot be run here: better a look at everything than none.
  const undecided = firing.find(
    ({ by, system: own }) =>
      ["nobody", "annotation", "name"].includes(by) && (own === undefined || own === system),
  );
  if (runs.size === 0 && undecided !== undefined && Object.keys(system.connections).length > 0)
    start(undecided, HEALTH);
  return { runs: [...runs.values()], remarks: [...remarks].slice(0, MOST_REMARKS) };
}

/** The run, or why a route's runbook is not started. Undefined: it does not fit the system. */
function runOf(
  catalog: Catalog,
  system: System,
  { alert, route, by }: Decision,
  id: string,
): AlertRun | string | undefined {
  const said = (why: string) =>
    by === "route" && route !== undefined ? `${nameRoute(route)} names ${id}, ${why}` : undefined;
  const runbook = catalog.runbooks.find((candidate) => candidate.id === id);
  if (runbook === undefined) return said("which is not known here");
  if (isRunbookDisabled(system, id)) return said(`which diagbot.yaml disables for ${system.id}`);
  const missing = missingKinds(system, runbook);
  if (missing.length > 0)
    return said(`which needs a ${missing.join(" and a ")} connection; ${system.id} has none`);
  const params = alertParams(runbook, alert, by === "route" ? (route?.params ?? {}) : {});
  if (params === undefined) return said("which needs more parameters");
  const { labels, annotations } = alert;
  return {
    system: system.id,
    runbook: runbook.id,
    title: runbook.title,
    params,
    connections: {
      ...defaultConnections(system),
      ...(by === "route" ? chosen(system, route?.params ?? {}) : {}),
    },
    alert: { labels, annotations },
  };
}

/** Connections a route names: `postgres: replica`. */
const chosen = (system: System, params: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    kindsOf(system).flatMap((kind) => {
      const names = connectionsOf(system, kind).map(([name]) => name);
      const wanted = names.find((name) => name === params[kind]);
      return wanted === undefined ? [] : [[kind, wanted]];
    }),
  );
