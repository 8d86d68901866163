import { isCritical } from "../words/alert.ts";
import type { StormFinding, StormGroup } from "../words/storm.ts";

/** What many groups of a storm have in common, most groups first. */
export interface Common {
  /** The same finding on the same connections of a system. */
  readonly findings: readonly { readonly found: StormFinding; readonly groups: number }[];
  /** Labels that tell some groups from others, and how many share them. */
  readonly labels: readonly { readonly name: string; readonly value: string; readonly groups: number }[];
  readonly systems: readonly { readonly system: string | undefined; readonly groups: number }[];
}

/** Fewer have nothing in common. */
const LEAST_GROUPS = 3;
/** A label is worth naming when so large a part of the groups shares it. */
const LEAST_SHARE = 0.3;
const MOST = 3;
const MOST_SYSTEMS = 8;

/** They say how bad or what it is called, or differ by nature: neither says where the cause is. */
const NO_PLACE = new Set([
  "alertname",
  "severity",
  "priority",
  "prometheus",
  "receiver",
  "monitor",
  "alertgroup",
]);

/**
 * What the groups have in common that still fire: the same first finding on the same connections of a
 * system, then labels. A label
 * that all of them have and that has no other value tells nothing apart and comes only where no other does.
 */
export function commonOf(groups: readonly StormGroup[]): Common {
  const firing = groups.filter(({ status }) => status === "firing");
  return { findings: findingsOf(firing), labels: labelsOf(firing), systems: systemsOf(firing) };
}

/** Critical first, then by number of firing alerts, then the oldest. */
export const byUrgency = (a: StormGroup, b: StormGroup): number =>
  Number(isCritical(b.severity)) - Number(isCritical(a.severity)) ||
  b.firing - a.firing ||
  a.openedAt.getTime() - b.openedAt.getTime() ||
  a.incident - b.incident;

function findingsOf(groups: readonly StormGroup[]): Common["findings"] {
  const known = new Map<string, { found: StormFinding; groups: number }>();
  for (const { system, found } of groups) {
    if (found === undefined || found.severity === "info") continue;
    const key = JSON.stringify([system ?? null, found.runbook, found.id, found.on]);
    const before = known.get(key);
    known.set(key, { found: before?.found ?? found, groups: (before?.groups ?? 0) + 1 });
  }
  return [...known.values()]
    .filter(({ groups: n }) => n >= 2)
    .toSorted((a, b) => b.groups - a.groups)
    .slice(0, MOST);
}

function labelsOf(groups: readonly StormGroup[]): Common["labels"] {
  if (groups.length < LEAST_GROUPS) return [];
  const least = Math.max(LEAST_GROUPS, Math.ceil(groups.length * LEAST_SHARE));
  const counts = new Map<string, Map<string, number>>();
  for (const { labels } of groups)
    for (const [name, value] of Object.entries(labels)) {
      if (NO_PLACE.has(name)) continue;
      const values = counts.get(name) ?? new Map<string, number>();
      counts.set(name, values.set(value, (values.get(value) ?? 0) + 1));
    }
  const shared = [...counts].flatMap(([name, values]) =>
    [...values]
      .filter(([, n]) => n >= least)
      .map(([value, n]) => ({ name, value, groups: n, tellsApart: values.size > 1 || n < groups.length })),
  );
  const telling = shared.filter(({ tellsApart }) => tellsApart);
  return (telling.length > 0 ? telling : shared)
    .toSorted((a, b) => b.groups - a.groups || a.name.localeCompare(b.name))
    .slice(0, MOST)
    .map(({ name, value, groups: n }) => ({ name, value, groups: n }));
}

function systemsOf(groups: readonly StormGroup[]): Common["systems"] {
  const counts = new Map<string | undefined, number>();
  for (const { system } of groups) counts.set(system, (counts.get(system) ?? 0) + 1);
  return [...counts]
    .map(([system, n]) => ({ system, groups: n }))
    .toSorted((a, b) => b.groups - a.groups)
    .slice(0, MOST_SYSTEMS);
}
