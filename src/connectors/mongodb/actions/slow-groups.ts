import { z } from "zod";
import { known } from "../values.ts";
import { Shape, sayShape } from "./shape.ts";
import type { SlowEntry } from "./slow-entries.ts";

const MOST = 40;

/** Slow operations of one kind: the same fields compared in the same way on one collection, by the same kind of plan. */
export const SlowGroup = z.object({
  key: z.string(),
  namespace: z.string(),
  says: z.string(),
  shape: Shape,
  times: z.int(),
  totalMs: z.number(),
  longestMs: z.number(),
  /** Medians of what one of them looked at and gave back (of writes: changed). */
  examined: known,
  keys: known,
  returned: known,
  /** `COLLSCAN`, `IXSCAN { age: 1 }`: what it did then. */
  plan: z.string(),
  /** What the planner chooses now; null: not asked, or it could not be. */
  planNow: z.string().nullable(),
  sortsInMemory: z.boolean(),
  applications: z.array(z.string()).max(5),
  lastAt: z.string(),
});
export type SlowGroup = z.output<typeof SlowGroup>;

/** By what they took together, the most first. Pure. */
export function groupSlow(entries: readonly SlowEntry[]): SlowGroup[] {
  const groups = new Map<string, SlowEntry[]>();
  for (const entry of entries) groups.set(entry.key, [...(groups.get(entry.key) ?? []), entry]);
  return [...groups.values()]
    .map(groupOf)
    .sort((a, b) => b.totalMs - a.totalMs)
    .slice(0, MOST);
}

function groupOf(all: readonly SlowEntry[]): SlowGroup {
  const [first] = all;
  if (first === undefined) throw new TypeError("a group has an entry");
  const last = all.reduce((a, b) => (b.at > a.at ? b : a));
  return {
    key: first.key,
    namespace: first.namespace,
    says: sayShape(first.shape),
    shape: first.shape,
    times: all.length,
    totalMs: all.reduce((sum, { ms }) => sum + ms, 0),
    longestMs: Math.max(...all.map(({ ms }) => ms)),
    examined: median(all.map(({ examined }) => examined)),
    keys: median(all.map(({ keys }) => keys)),
    returned: median(all.map(({ returned }) => returned)),
    plan: last.plan,
    planNow: null,
    sortsInMemory: all.some(({ sortsInMemory }) => sortsInMemory),
    applications: [...new Set(all.map(({ application }) => application))]
      .filter((name) => name !== "")
      .slice(0, 5),
    lastAt: new Date(last.at).toISOString(),
  };
}

function median(all: readonly (number | null)[]): number | null {
  const sorted = all.filter((one) => one !== null).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
