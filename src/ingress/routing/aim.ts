import type { Kind } from "../../core/words/connection.ts";
import type { Runbook } from "../../core/words/runbook.ts";
import { connectionsOf, type System } from "../../core/words/system.ts";
import { type OwnHost, ownHost } from "../../lib/own-host.ts";
import {
  isElsewhere,
  isLoopback,
  likeness,
  namesIn,
  type Place,
  placesOf,
  type Target,
  targetOf,
} from "./places.ts";

type Labels = Readonly<Record<string, string>>;

/** They answer for many machines: what an alert names is not where they are. */
const NOT_AIMED: ReadonlySet<string> = new Set(["prometheus", "jaeger", "docker", "kubernetes"]);

/** A connection an alert is looked at with. */
export interface Aimed {
  readonly name: string;
  /** Labels that chose it; absent: nothing told it apart. */
  readonly because?: string;
}

/** What an alert is about: these connections of a kind, or something none of them sees. */
export type Aim =
  | { readonly connections: readonly Aimed[]; readonly unsure?: string }
  | { readonly unseen: string };

/** Which connections of the kind an alert is about, by its labels. Where nothing tells them apart it may be any of them. */
export function aimAt(system: System, kind: Kind, labels: Labels, own: OwnHost = ownHost()): Aim {
  const targets = connectionsOf(system, kind).map(([name, connection]) =>
    targetOf(connection, system.aliases[name] ?? [], own),
  );
  const places = placesOf(labels);
  if (NOT_AIMED.has(kind)) return { connections: byDatabase(targets, labels) };
  const chosen = best(targets, places, labels);
  if (chosen.length > 0) {
    const among = byDatabase(
      targets.filter(({ name }) => chosen.some((one) => one.name === name)),
      labels,
    );
    return {
      connections: among.map(({ name, because }) => {
        const said = chosen.find((one) => one.name === name)?.because ?? "";
        return { name, because: because === undefined ? said : `${said}, ${because}` };
      }),
    };
  }
  const elsewhere = places.find((place) => targets.every((target) => isElsewhere(place, target)));
  if (elsewhere !== undefined) return { unseen: elsewhere.said };
  const [place] = places;
  const possible = targets.filter((target) => !places.some((one) => isElsewhere(one, target)));
  return {
    connections: byDatabase(possible.length === 0 ? targets : possible, labels),
    ...(kind === "host" && place !== undefined ? { unsure: place.said } : {}),
  };
}

/** Which of all connections of the system an alert is about; unseen only where it is surely none of them. */
export function aimAtAny(system: System, labels: Labels, own: OwnHost = ownHost()): Aim {
  const targets = Object.entries(system.connections)
    .filter(([, { kind }]) => !NOT_AIMED.has(kind))
    .map(([name, connection]) => targetOf(connection, system.aliases[name] ?? [], own));
  const places = placesOf(labels);
  const chosen = best(targets, places, labels);
  if (chosen.length > 0) return { connections: chosen };
  const isAll = targets.length === Object.keys(system.connections).length && targets.length > 0;
  const elsewhere = places.find((place) => isAll && targets.every((target) => isElsewhere(place, target)));
  if (elsewhere !== undefined) return { unseen: elsewhere.said };
  // Of this or of any machine: it names none.
  const place = places.find(({ hosts }) => !hosts.some(isLoopback));
  return { connections: [], ...(place === undefined ? {} : { unsure: place.said }) };
}

/** Every connection that fits best, with the label that says so; by its address, else where a label holds its own name. */
function best(
  targets: readonly Target[],
  places: readonly Place[],
  labels: Labels,
): { name: string; because: string }[] {
  const scored = targets.map((target) => {
    const fits = places.map((place) => ({ place, score: likeness(place, target) }));
    const [top] = fits.sort((a, b) => b.score - a.score);
    return { name: target.name, score: top?.score ?? 0, because: top?.place.said ?? "" };
  });
  const most = Math.max(0, ...scored.map(({ score }) => score));
  if (most > 0) return scored.filter(({ score }) => score === most);
  const names = namesIn(labels);
  return targets.flatMap(({ name, aliases }) => {
    const said = names.find((one) => one.name === name.toLowerCase() || aliases.includes(one.name))?.said;
    return said === undefined ? [] : [{ name, because: said }];
  });
}

const DATABASE_LABELS = ["datname", "database", "dbname", "db"];

/** Those whose URL names the alert's database, where some do; otherwise all. */
function byDatabase(targets: readonly Target[], labels: Labels): Aimed[] {
  const label = DATABASE_LABELS.find((name) => Object.hasOwn(labels, name));
  const of = label === undefined ? [] : targets.filter(({ database }) => database === labels[label]);
  if (of.length === 0 || of.length === targets.length) return targets.map(({ name }) => ({ name }));
  return of.map(({ name }) => ({ name, because: `${label}="${labels[label ?? ""] ?? ""}"` }));
}

/** Whether the runbook goes through the connections of its kind by itself. */
export const choosesItself = (runbook: Runbook): boolean => Object.hasOwn(runbook.params.shape, "connection");
