import type { Catalog } from "../../core/ports/catalog.ts";
import { routeOf } from "../../core/rules/route.ts";
import type { Alert } from "../../core/words/alert.ts";
import { isHeartbeat, missingDataOf } from "../../core/words/alerting.ts";
import { HEALTH_RUNBOOK } from "../../core/words/intent.ts";
import type { Decision } from "../../core/words/route.ts";
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
  if (!isRouted && isHeartbeat(alert.labels)) return { ...common, by: "heartbeat", runbooks: [] };
  if (!isRouted && missingDataOf(alert) !== undefined) return { ...common, by: "no-data", runbooks: [] };
  if (route?.runbooks !== undefined) return { ...common, by: "route", runbooks: route.runbooks };
  const named = namedBy(catalog, alert);
  if (named !== undefined) return { ...common, by: "annotation", runbooks: [named] };
  const own = catalog.runbooks.filter(({ alerts }) =>
    alerts.some((match) => labelsMatch(match, alert.labels)),
  );
  if (own.length > 0) return { ...common, by: "name", runbooks: own.map(({ id }) => id) };
  return { ...common, by: "nobody", runbooks: [] };
}

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
