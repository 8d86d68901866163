import type { Catalog } from "../core/ports/catalog.ts";
import type { Reader } from "../core/ports/reader.ts";
import { byUrgency } from "../core/rules/common-causes.ts";
import type { Caller } from "../core/words/caller.ts";
import { count } from "../core/words/format.ts";
import { asTable, type Reply, say } from "../core/words/reply.ts";
import type { StormGroup } from "../core/words/storm.ts";
import { readable } from "./rights.ts";

/** Storms that are looked through. */
const NEWEST = 3;
/** Groups that are listed. */
const MOST = 40;

/** Alert groups of the newest storms that all words fit, what fires and is critical first; of systems the caller may read. */
export async function showStorm(
  { catalog, reader }: { readonly catalog: Catalog; readonly reader: Reader },
  caller: Caller,
  words: readonly string[],
): Promise<Reply> {
  const systems = new Set(readable(catalog, caller));
  const mayRead = ({ system }: StormGroup) =>
    system === undefined ? caller.principal !== undefined : systems.has(system);
  const groups = (await reader.storms(NEWEST)).flatMap((storm) => storm.groups).filter(mayRead);
  if (groups.length === 0) return say("There was no alert storm", NO_STORM);
  const found = groups.filter((group) => words.every((word) => fits(group, word))).toSorted(byState);
  const shown = found.slice(0, MOST);
  const rest = found.length - shown.length;
  return {
    ...say(
      `${count(found.length, "alert group")}${words.length === 0 ? "" : ` of ${groups.length}`}`,
      ...(shown.length === 0 ? [] : [listGroups(shown)]),
      ...(rest > 0
        ? [`and ${rest} more: say more words, such as a system, critical, firing or label=value`]
        : []),
      ...(shown.length === 0 ? [] : ["`/diag open <number>` gives one a thread of its own."]),
    ),
    data: { groups: found.map(toJson) },
  };
}

const NO_STORM =
  "A storm is when alert groups come faster than their channel can show them; then they are lines of one thread.";

const byState = (a: StormGroup, b: StormGroup): number =>
  Number(b.status === "firing") - Number(a.status === "firing") || byUrgency(a, b);

/** A word fits a part of what is known of the group, whatever its case. */
function fits(
  { incident, title, system, severity, status, labels, found }: StormGroup,
  word: string,
): boolean {
  const wanted = word.toLowerCase();
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return [
    `#${incident}`,
    title,
    system ?? "",
    severity,
    status,
    ...pairs,
    found?.title ?? "",
    found?.runbook ?? "",
  ].some((known) => known.toLowerCase().includes(wanted));
}

const listGroups = (groups: readonly StormGroup[]) =>
  asTable(
    ["incident", "state", "severity", "system", "what"],
    groups.map(({ incident, status, severity, system, title, found }) => [
      `#${incident}`,
      status,
      severity,
      system ?? "–",
      found === undefined ? title : `${title}: ${found.title}`,
    ]),
  );

const toJson = ({ incident, title, system, severity, status, firing, found, openedAt }: StormGroup) => ({
  incident,
  title,
  system: system ?? null,
  severity,
  status,
  firing,
  openedAt: openedAt.toISOString(),
  found: found === undefined ? null : { runbook: found.runbook, id: found.id, title: found.title },
});
