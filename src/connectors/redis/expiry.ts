import { z } from "zod";
import { shareRange } from "../../lib/share-range.ts";
import { prefixOf, protectedAs } from "./keys.ts";

/** How the keys that a cache may lose leave it: those of queues, which must not, are left out. */
export const Expiry = z.object({
  /** Keys looked at that belong to no queue, and those of them that never expire. */
  looked: z.int(),
  withoutTtl: z.int(),
  /** The share without a TTL among all keys, and between what it lies with 95 % certainty. Null: nothing was looked at. */
  share: z.object({ is: z.number(), low: z.number(), high: z.number() }).nullable(),
  /** Null: they expire spread out, or too few were looked at to say. */
  together: z
    .object({
      /** So many of `of` keys with a TTL end within `withinSeconds`, `inSeconds` from now. */
      keys: z.int(),
      of: z.int(),
      withinSeconds: z.number(),
      inSeconds: z.number(),
      /** What most of them belong to. */
      prefix: z.string(),
    })
    .nullable(),
});
export type Expiry = z.infer<typeof Expiry>;

interface Key {
  readonly key: string;
  readonly type: string;
  readonly ttlSeconds: number | null;
  readonly after: number;
}

/** Pure. `all`: how many keys there are, in how many databases. */
export function expiryOf(
  keys: readonly Key[],
  all: { readonly keys: number; readonly databases: number },
): Expiry {
  const others = keys.filter(({ key, type }) => protectedAs(key, type) !== "queue");
  const withoutTtl = others.filter(({ ttlSeconds }) => ttlSeconds === null).length;
  const isWhole = keys.length >= all.keys;
  return {
    looked: others.length,
    withoutTtl,
    share: shareOf(withoutTtl, others.length, isWhole, all.databases),
    together: togetherIn(others.filter(({ key, type }) => protectedAs(key, type) === undefined)),
  };
}

/**
 * A share of a sample with its range, or the share itself where all were looked at. SCAN goes through
 * the hash table, so what it meets first is chosen by hash, not by age or name; but each database gets the same time whatever it
 * holds, so of several in part nothing but the two ends is certain.
 */
export function shareOf(part: number, looked: number, isWhole: boolean, databases: number): Expiry["share"] {
  if (looked === 0) return null;
  const is = part / looked;
  if (isWhole) return { is, low: is, high: is };
  if (databases > 1) return { is, low: 0, high: 1 };
  return { is, ...shareRange(part, looked) };
}

/** Fewer keys with a TTL say nothing of how they end. */
const ENOUGH = 100;
/** Keys written evenly end evenly: of those with one TTL this window holds a fortieth. */
const PART_OF_MEDIAN = 1 / 20;
const LONGEST_WINDOW = 60;
const MOST = 0.3;
/** Sooner than this everything short-lived ends, together or not. */
const SOON = 20;

/** The window of time in which most keys end at once. Jobs, sessions, locks and limits are not computed anew, so not counted. */
function togetherIn(keys: readonly Key[]): Expiry["together"] {
  const ends = keys
    .flatMap(({ key, ttlSeconds, after }) => (ttlSeconds === null ? [] : [{ key, at: ttlSeconds + after }]))
    .sort((a, b) => a.at - b.at);
  const median = ends[Math.floor(ends.length / 2)]?.at ?? 0;
  if (ends.length < ENOUGH || median < SOON) return null;
  const within = Math.min(LONGEST_WINDOW, Math.max(1, median * PART_OF_MEDIAN));
  let [first, best] = [0, { from: 0, keys: 0 }];
  ends.forEach(({ at }, last) => {
    while (at - (ends[first]?.at ?? at) > within) first++;
    if (last - first + 1 > best.keys) best = { from: first, keys: last - first + 1 };
  });
  const group = ends.slice(best.from, best.from + best.keys);
  if (best.keys < ENOUGH || best.keys / ends.length < MOST) return null;
  return {
    keys: best.keys,
    of: ends.length,
    withinSeconds: Math.max(1, Math.ceil((group.at(-1)?.at ?? 0) - (group[0]?.at ?? 0))),
    inSeconds: group[0]?.at ?? 0,
    prefix: mostOf(group.map(({ key }) => prefixOf(key))),
  };
}

function mostOf(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0] as const)[0];
}
