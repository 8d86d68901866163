import type { Catalog } from "../../core/ports/catalog.ts";
import { routeOf } from "../../core/rules/route.ts";
import type { Alert } from "../../core/words/alert.ts";
import { isAboutAbsence, isHeartbeat, missingDataOf, plainName } from "../../core/words/alerting.ts";
import { HEALTH_RUNBOOK } from "../../core/words/intent.ts";
import type { Decision } from "../../core/words/route.ts";
import type { Runbook } from "../../core/words/runbook.ts";
import { labelsMatch, systemOf } from "../../core/words/system.ts";

/** The first route that fits the alert, then the runbook it names itself, then the runbooks' own alert names; pure. */
export function decide(catalog: Catalog, alert: Alert): Decision {
  const route = routeOf(catalog.routes, alert);
  const system =
    catalog.systems.find(({ id }) => id === route?.system) ?? systemOf(catalog.systems, alert.labels);
  const common = {
    alert,
    ...(route === undefined ? {} : { route }),
    ...(system === undefined ? {} : { system }),
  };
  const isRouted = route?.runbooks !== undefined && route.runbooks.length > 0;
  if (!isRouted && isHeartbeat(alert)) return { ...common, by: "heartbeat", runbooks: [] };
  if (!isRouted && missingDataOf(alert) !== undefined) return { ...common, by: "no-data", runbooks: [] };
  if (route?.runbooks !== undefined) return { ...common, by: "route", runbooks: route.runbooks };
  const named = namedBy(catalog, alert);
  if (named !== undefined) return { ...common, by: "annotation", runbooks: [named] };
  const own = byOwnNames(catalog, alert);
  if (own.length > 0) return { ...common, by: "name", runbooks: own.map(({ id }) => id) };
  const isOfPrometheus = catalog.runbooks.some(({ id }) => id === MEASUREMENT);
  if (isOfPrometheus && isAboutAbsence(alert)) return { ...common, by: "name", runbooks: [MEASUREMENT] };
  return { ...common, by: "nobody", runbooks: [] };
}

/** Runbooks that know the alert by its name, as it is written; else as people write it (`High error rate`). */
function byOwnNames({ runbooks }: Catalog, { labels }: Alert): readonly Runbook[] {
  const exact = runbooks.filter(({ alerts }) => alerts.some((match) => labelsMatch(match, labels)));
  return exact.length > 0 ? exact : (plainNamesOf(runbooks).get(plainName(labels.alertname ?? "")) ?? []);
}

type ByName = ReadonlyMap<string, readonly Runbook[]>;
/** Made once for a catalog: a storm asks thousands of times. */
const known = new WeakMap<readonly Runbook[], ByName>();

/** Those that ask for no more than a name. */
function plainNamesOf(runbooks: readonly Runbook[]): ByName {
  const before = known.get(runbooks);
  if (before !== undefined) return before;
  const names = new Map<string, Runbook[]>();
  for (const runbook of runbooks)
    for (const { alertname = "", ...rest } of runbook.alerts) {
      const name = plainName(alertname);
      const others = names.get(name) ?? [];
      if (name !== "" && Object.keys(rest).length === 0 && !others.includes(runbook))
        names.set(name, [...others, runbook]);
    }
  known.set(runbooks, names);
  return names;
}

/** Looks at what measures: its targets, its rules and its ways out. */
const MEASUREMENT = "monitoring";

/** For what nobody decides. */
export const HEALTH = [HEALTH_RUNBOOK];

/** The runbook an alert names: annotation `runbook`, or the last part of `runbook_url`'s path. */
function namedBy({ runbooks }: Catalog, { annotations }: Alert): string | undefined {
  const names = [annotations.runbook, lastSegment(annotations.runbook_url)];
  return names.find((name) => runbooks.some(({ id }) => id === name));
}

function lastSegment(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const segment = new URL(url).pathname.split("/").findLast((part) => part !== "");
  return segment?.replace(/\.(md|html?)$/, "");
}
