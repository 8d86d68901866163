import type { z } from "zod";
import type { Kind } from "../core/words/connection.ts";
import { sayConnections } from "../core/words/format.ts";
import type { Route } from "../core/words/route.ts";
import type { Runbook } from "../core/words/runbook.ts";
import { connectionsOf, type System } from "../core/words/system.ts";
import { whyDead } from "./dead-routes.ts";
import type { Complaint, ConfigDocument } from "./document.ts";
import { explainIssue, instead } from "./explain.ts";
import { NONE, routesOf, type WrittenRoute } from "./route-schema.ts";

interface Checked {
  readonly complaints: Complaint[];
  readonly warnings: Complaint[];
}

/** What can be said of routes without knowing the runbooks: names of systems, and routes no alert comes to. */
export function checkRoutes(
  written: readonly WrittenRoute[],
  systems: readonly string[],
  document: ConfigDocument,
): Checked {
  const routes = routesOf(written);
  const checked: Checked = { complaints: [], warnings: [] };
  for (const [i, { system, runbook, params }] of written.entries()) {
    const at = (path: readonly PropertyKey[], message: string) =>
      document.at(["routes", i, ...path], `${["routes", i, ...path].join(".")}: ${message}`);
    if (system !== undefined && !systems.includes(system))
      checked.complaints.push(at(["system"], `there is no system "${system}"${instead(system, systems)}`));
    if (runbook?.includes(NONE) && runbook.length > 1)
      checked.complaints.push(at(["runbook"], `either "${NONE}" or runbooks`));
    if (params !== undefined && (runbook === undefined || runbook.includes(NONE)))
      checked.complaints.push(
        at(["params"], "parameters need the runbook they are for: name it in `runbook`"),
      );
    const route = routes[i];
    const why = route === undefined ? undefined : whyDead(route, routes.slice(0, i));
    if (why !== undefined) checked.warnings.push(at([], why));
  }
  return checked;
}

/** What of the routes does not fit the runbooks, once these are known. */
export function checkRouteRunbooks(
  routes: readonly Route[],
  {
    systems,
    runbooks,
    kinds,
  }: { systems: readonly System[]; runbooks: readonly Runbook[]; kinds: readonly Kind[] },
  document: ConfigDocument,
): Checked {
  const checked: Checked = { complaints: [], warnings: [] };
  const ids = runbooks.map(({ id }) => id);
  for (const [i, route] of routes.entries()) {
    const place = ["routes", i, "runbook"];
    const at = (message: string) => document.at(place, `${place.join(".")}: ${message}`);
    const known = (route.runbooks ?? []).flatMap((id) => runbooks.find((runbook) => runbook.id === id) ?? []);
    for (const id of route.runbooks ?? [])
      if (!ids.includes(id)) checked.complaints.push(at(`there is no runbook "${id}"${instead(id, ids)}`));
    for (const runbook of known) checked.warnings.push(...cannotStart(route, runbook, systems).map(at));
    if (known.length > 0 && known.length === route.runbooks?.length)
      checked.complaints.push(
        ...paramComplaints(route, known, ["routes", i, "params"], { systems, kinds, document }),
      );
  }
  return checked;
}

function cannotStart(route: Route, runbook: Runbook, systems: readonly System[]): string[] {
  const candidates = systems.filter(({ id }) => route.system === undefined || id === route.system);
  const off = candidates.filter(({ runbooks }) => runbooks.disable.includes(runbook.id));
  if (off.length > 0 && off.length === candidates.length)
    return [`${runbook.id} never starts: it is disabled for ${off.map(({ id }) => id).join(", ")}`];
  const lacks = (system: System) => runbook.needs.filter((kind) => connectionsOf(system, kind).length === 0);
  if (candidates.length === 0 || candidates.some((system) => lacks(system).length === 0)) return [];
  const whose = route.system ?? "no system";
  const missing =
    candidates.length === 1 && candidates[0] !== undefined ? lacks(candidates[0]) : runbook.needs;
  const has = route.system === undefined ? `${whose} has` : `${whose} does not have`;
  return [`${runbook.id} never starts: it needs ${sayConnections(missing)}, which ${has}`];
}

function paramComplaints(
  route: Route,
  runbooks: readonly Runbook[],
  place: readonly PropertyKey[],
  {
    systems,
    kinds,
    document,
  }: { systems: readonly System[]; kinds: readonly Kind[]; document: ConfigDocument },
): Complaint[] {
  const names = [...new Set(runbooks.flatMap(({ params }) => Object.keys(params.shape)))];
  const complaints: Complaint[] = [];
  for (const [name, value] of Object.entries(route.params)) {
    if (names.includes(name)) continue;
    const kind = kinds.find((each) => each === name);
    if (kind === undefined) {
      const whose = runbooks.map(({ id }) => id).join(", ");
      const has = names.length === 0 ? "; it has none" : instead(name, names);
      complaints.push(
        document.atKey(place, name, `${place.join(".")}: "${name}" is no parameter of ${whose}${has}`),
      );
      continue;
    }
    const candidates = systems.filter(({ id }) => route.system === undefined || id === route.system);
    const connections = candidates.flatMap((system) => connectionsOf(system, kind).map(([each]) => each));
    if (!connections.includes(String(value)))
      complaints.push(
        document.at(
          [...place, name],
          `${[...place, name].join(".")}: there is no ${kind} connection "${String(value)}"${instead(String(value), connections)}`,
        ),
      );
  }
  for (const { params } of runbooks) {
    const issues = params.safeParse(paramsOf(route, params)).error?.issues ?? [];
    complaints.push(
      ...issues
        // What is left out may come from the alert's labels.
        .filter(({ path }) => Object.hasOwn(route.params, String(path[0])))
        .flatMap((issue) => explainIssue({ ...issue, path: [...place, ...issue.path] }, document)),
    );
  }
  return complaints;
}

/** Those of a route's parameters that this runbook has. */
const paramsOf = ({ params }: Route, schema: z.ZodObject): Record<string, unknown> =>
  Object.fromEntries(Object.entries(params).filter(([name]) => Object.hasOwn(schema.shape, name)));
