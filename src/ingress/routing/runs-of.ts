import type { Catalog } from "../../core/ports/catalog.ts";
import type { AlertRun } from "../../core/ports/intake.ts";
import { isRunbookDisabled } from "../../core/rules/restrict.ts";
import { nameRoute } from "../../core/rules/route.ts";
import { missingKinds, otherwhere } from "../../core/rules/runnable.ts";
import type { Kind } from "../../core/words/connection.ts";
import { sayConnections } from "../../core/words/format.ts";
import type { Decision } from "../../core/words/route.ts";
import type { Runbook } from "../../core/words/runbook.ts";
import { connectionsOf, kindsOf, type System } from "../../core/words/system.ts";
import { defaultConnections } from "../check-run.ts";
import { type Aimed, aimAt, aimAtAny, choosesItself } from "./aim.ts";
import { alertParams } from "./alert-params.ts";
import { sayNone, sayUnseen, sayUnsure } from "./say-aim.ts";
import { ranBy, subjectOf } from "./subject.ts";

/** Runs of one runbook, and what people should know of why there are none or these. */
interface Made {
  readonly runs: readonly AlertRun[];
  readonly remarks: readonly string[];
}

const NONE: Made = { runs: [], remarks: [] };

/** The runs one alert starts of a runbook: on the connections it is about, one each. */
export function runsOf(catalog: Catalog, system: System, decision: Decision, id: string): Made {
  const { route, by } = decision;
  const params = by === "route" ? (route?.params ?? {}) : {};
  const not = (why: string): Made =>
    by === "route" && route !== undefined
      ? { runs: [], remarks: [`${nameRoute(route)} names ${id}, ${why}`] }
      : NONE;
  const runbook = catalog.runbooks.find((candidate) => candidate.id === id);
  if (runbook === undefined) return not("which is not known here");
  if (isRunbookDisabled(system, id)) return not(`which diagbot.yaml disables for ${system.id}`);
  const missing = missingKinds(system, runbook);
  if (missing.length > 0) return not(`which needs ${sayConnections(missing)}; ${system.id} has none`);
  if (by !== "route" && isOthers(system, runbook, decision)) return NONE;
  const elsewhere = otherwhere(system, runbook);
  if (elsewhere !== undefined) return not(`but ${elsewhere}`);
  const aim = aimOf(system, runbook, decision, params);
  if ("unseen" in aim) return { runs: [], remarks: [sayUnseen(system, aim.unseen)] };
  const runs = aim.targets.map((target) => runOn(system, runbook, decision, { params, target }));
  if (runs.includes(undefined)) return not("which needs more parameters");
  return { runs: runs.filter((run) => run !== undefined), remarks: aim.unsure };
}

/** Of a pod where the runbook is Docker's, or the other way round, and the system has the right one. */
function isOthers(system: System, { needs }: Runbook, { alert }: Decision): boolean {
  const ran = ranBy(subjectOf(alert.labels));
  const other = ran === "kubernetes" ? "docker" : "kubernetes";
  return ran !== undefined && needs.includes(other) && connectionsOf(system, ran).length > 0;
}

/** What one run looks at. */
interface RunTarget {
  readonly connections: Readonly<Record<string, string>>;
  /** Where the runbook goes through connections itself: only this one. */
  readonly only?: string;
  readonly because?: string;
}

type AimOf =
  | { readonly unseen: string }
  | { readonly targets: readonly RunTarget[]; readonly unsure: readonly string[] };

function aimOf(
  system: System,
  runbook: Runbook,
  { alert }: Decision,
  params: Readonly<Record<string, unknown>>,
): AimOf {
  // It names its connections itself.
  if (runbook.only?.connections !== undefined) return { targets: [{ connections: {} }], unsure: [] };
  const subject = subjectOf(alert.labels);
  if (choosesItself(runbook) || runbook.needs.length === 0) return aimOfItself(system, runbook, subject);
  let targets: readonly RunTarget[] = [{ connections: {} }];
  const unsure: string[] = [];
  for (const [i, kind] of runbook.needs.entries()) {
    const aim = chosenBy(system, kind, params) ?? aimAt(system, kind, subject);
    if ("unseen" in aim) return aim;
    if (aim.unsure !== undefined) unsure.push(sayUnsure(system, aim.unsure, aim.connections));
    // Several of its first kind are several runs; of what it needs besides, the likeliest is enough.
    const which = i === 0 ? aim.connections : aim.connections.slice(0, 1);
    targets = targets.flatMap((target) => which.map((one) => join(target, kind, one)));
  }
  return { targets, unsure };
}

/** For runbooks that go through connections themselves: the one they are told, or all. */
function aimOfItself(system: System, runbook: Runbook, labels: Readonly<Record<string, string>>): AimOf {
  const aim = aimAtAny(system, labels);
  if ("unseen" in aim) return aim;
  const [only] = aim.connections;
  const isOne = choosesItself(runbook) && aim.connections.length === 1 && only?.because !== undefined;
  const target = isOne ? { connections: {}, only: only.name, because: only.because } : { connections: {} };
  return { targets: [target], unsure: aim.unsure === undefined ? [] : [sayNone(system, aim.unsure)] };
}

const join = (target: RunTarget, kind: Kind, { name, because }: Aimed): RunTarget => {
  const said = [target.because, because].filter((part) => part !== undefined).join(", ");
  return {
    connections: { ...target.connections, [kind]: name },
    ...(said === "" ? {} : { because: said }),
  };
};

/** The connection a route names: `postgres: replica`. */
function chosenBy(system: System, kind: Kind, params: Readonly<Record<string, unknown>>) {
  const wanted = connectionsOf(system, kind).find(([name]) => name === params[kind]);
  return wanted === undefined
    ? undefined
    : { connections: [{ name: wanted[0], because: "its route" }], unsure: undefined };
}

function runOn(
  system: System,
  runbook: Runbook,
  { alert }: Decision,
  { params, target }: { params: Readonly<Record<string, unknown>>; target: RunTarget },
): AlertRun | undefined {
  const aimed = target.only === undefined ? {} : { connection: target.only };
  const checked = alertParams(runbook, alert, { ...aimed, ...params });
  if (checked === undefined) return undefined;
  const { labels, annotations } = alert;
  return {
    system: system.id,
    runbook: runbook.id,
    title: runbook.title,
    params: checked,
    connections: { ...defaultConnections(system), ...routed(system, params), ...target.connections },
    alert: { labels, annotations },
    aimed: Object.keys(target.connections),
    ...(target.because === undefined ? {} : { aimedBy: target.because }),
  };
}

/** Connections a route names, of whatever kind. */
const routed = (system: System, params: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    kindsOf(system).flatMap((kind) => {
      const chosen = chosenBy(system, kind, params)?.connections[0]?.name;
      return chosen === undefined ? [] : [[kind, chosen]];
    }),
  );
