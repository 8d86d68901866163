import type { Catalog } from "../../core/ports/catalog.ts";
import type { AlertRequest, AlertRun, Routed } from "../../core/ports/intake.ts";
import { nameRoute } from "../../core/rules/route.ts";
import type { Notification } from "../../core/words/alert.ts";
import { type MissingData, missingDataOf } from "../../core/words/alerting.ts";
import { DiagError } from "../../core/words/errors.ts";
import { canonical } from "../../core/words/json.ts";
import type { Decision } from "../../core/words/route.ts";
import type { System } from "../../core/words/system.ts";
import { decide, HEALTH } from "./decide.ts";
import { runsOf } from "./runs-of.ts";
import { sayBlind } from "./say-blind.ts";
import { severityOf } from "./severity.ts";

/** At most this many runs are started by one notification: an alert that fits many says little about any. */
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
  const started = runsFor(catalog, system, firing);
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
      ...checklistsFor(catalog, firing),
    },
  };
}

/** The checklists that the routes of these alerts name, each once. */
function checklistsFor(
  { checklists = [] }: Catalog,
  firing: readonly Decision[],
): Pick<AlertRequest, "checklists"> {
  const named = new Set(firing.flatMap(({ route }) => route?.checklist ?? []));
  const wanted = checklists.filter(({ id }) => named.has(id));
  return wanted.length === 0 ? {} : { checklists: wanted };
}

interface Started {
  readonly runs: readonly AlertRun[];
  readonly remarks: readonly string[];
}

/** Distinct runs in the order of the alerts, each with the alert that asked for it. */
function runsFor(catalog: Catalog, system: System | undefined, firing: readonly Decision[]): Started {
  const runs = new Map<string, AlertRun>();
  const remarks = new Set<string>();
  const start = (decision: Decision, ids: readonly string[]): void => {
    if (system === undefined) return;
    for (const id of ids) {
      const made = runsOf(catalog, system, decision, id);
      for (const remark of made.remarks) remarks.add(remark);
      for (const run of made.runs) add(run);
    }
  };
  const add = (run: AlertRun): void => {
    const key = `${run.runbook} ${canonical(run.connections)}`;
    if (runs.has(key)) return;
    if (runs.size < MOST_RUNS) runs.set(key, run);
    else if ([...runs.values()].some(({ runbook }) => runbook === run.runbook))
      remarks.add(
        `not looked at, since one notification starts at most ${MOST_RUNS} runs: ${nameTargets(run)}`,
      );
  };
  for (const decision of firing) {
    const why = whyNothing(decision, system);
    if (why === undefined) start(decision, decision.runbooks);
    else remarks.add(why);
  }
  // What its own name or annotation asks for cannot be run here: better a look at everything than none.
  const undecided = firing.find(
    ({ by, system: own }) =>
      ["nobody", "annotation", "name"].includes(by) && (own === undefined || own.id === system?.id),
  );
  const hasNone = runs.size === 0 && remarks.size === 0 && Object.keys(system?.connections ?? {}).length > 0;
  if (undecided !== undefined && hasNone) start(undecided, HEALTH);
  for (const decision of firing) {
    const why = system === undefined ? undefined : sayBlind(catalog, system, decision);
    if (why !== undefined) remarks.add(why);
  }
  return { runs: [...runs.values()], remarks: [...remarks].slice(0, MOST_REMARKS) };
}

const nameTargets = ({ runbook, connections, aimed = [] }: AlertRun): string =>
  `${runbook} on ${aimed.flatMap((kind) => connections[kind] ?? []).join(", ")}`;

/** Why nothing is run for an alert, as far as that is decided before any runbook is looked at. */
function whyNothing(
  { alert, route, by, runbooks, system: own }: Decision,
  system: System | undefined,
): string | undefined {
  if (own !== undefined && own.id !== system?.id)
    return `an alert of ${own.id} is in this group, too, and is not looked at: group by what tells systems apart`;
  const missing = by === "no-data" ? missingDataOf(alert) : undefined;
  if (missing !== undefined) return sayMissing(missing);
  return by === "route" && runbooks.length === 0 && route !== undefined
    ? `${nameRoute(route)} says that nothing is run`
    : undefined;
}

const sayMissing = ({ rule, why, source, error }: MissingData): string =>
  [
    `the measurement of the rule "${rule}" is missing (${why === "error" ? `its query fails${error === undefined ? "" : `: ${error}`}` : "its query returns nothing"})`,
    `so nothing is known of what it watches, and nothing is run. Look at its query${source === undefined ? "" : `, at the data source ${source}`} and at what should be scraped`,
  ].join(", ");
