import {
  type Evidence,
  type Finding,
  type redis,
  rows,
  sayBytes,
  sayDuration,
  sayPercent,
} from "../../src/sdk/index.ts";
import { canEvict, countedOf, type Role } from "./memory.ts";

/** A share of what was looked at, with what it cannot say. Pure. */
function sayShare({ share, looked }: redis.Expiry, keys: number): string {
  if (share === null) return "an unknown share";
  if (share.low === share.high) return sayPercent(share.is);
  if (share.low === 0 && share.high === 1)
    return `${sayPercent(share.is)} of the ${looked} looked at (of ${keys} in several databases, so it says nothing of the rest)`;
  if (sayPercent(share.low) === sayPercent(share.high))
    return `about ${sayPercent(share.is)} (${looked} of ${keys} keys were looked at)`;
  return `about ${sayPercent(share.is)} (between ${sayPercent(share.low)} and ${sayPercent(share.high)}: ${looked} of ${keys} keys were looked at)`;
}

/** Of a cache whose policy removes only what expires: below this use it does no harm yet. */
const HALF = 0.5;
const FULL = 0.8;
/** Fewer are the settings and the like that every cache has. */
const MANY = 100;

/** Entries of a cache that nothing ever removes: no TTL, and a policy that leaves those alone. Pure. */
export function neverLeaves<const R extends string>(
  { memory, keys: all }: redis.RedisState,
  keys: redis.KeySample,
  role: Role,
  remedies: readonly R[],
): Finding<R> | undefined {
  const expiry = keys.expiry;
  if (role !== "cache" || memory === null || expiry === null || memory.policy.startsWith("allkeys-"))
    return undefined;
  const limit = memory.max || memory.system || 0;
  if (limit === 0 || countedOf(memory) / limit < HALF) return undefined;
  // Said by what is full, then, with what takes it.
  if (!canEvict(memory, all) && countedOf(memory) / limit >= FULL) return undefined;
  if (expiry.withoutTtl < MANY || (expiry.share?.low ?? 0) < HALF) return undefined;
  const queues = keys.queues.length === 0 ? "" : ` ${sayQueues(keys.queues)}`;
  return {
    id: "never-leaves",
    severity: "warning",
    title: `Cache entries never leave: ${sayShare(expiry, keys.keys)} have no TTL, and ${memory.policy} does not remove them`,
    because: `${sayBytes(countedOf(memory))} of ${sayBytes(limit)} are used. What has no TTL stays until somebody deletes it${memory.policy === "noeviction" ? "" : ", and under pressure only those with a TTL are removed"}, so it grows until writes fail.${queues}`,
    evidence: [ttlTable(keys)],
    remedies: [...remedies],
  };
}

const sayQueues = (queues: redis.KeySample["queues"]): string =>
  `Not counted: ${queues.map(({ library, keys }) => `${keys} of a queue (${library})`).join(", ")}, which must have none.`;

/** Clocks show such a moment: keys that end at one were given that moment (EXPIREAT), not a TTL. */
const ROUND_MS = 15 * 60_000;

/**
 * Entries that all end at one time: the next wave of misses, or meant so. Silent where the cache is turned over by evictions: they
 * are as old as each other because none lives for long, and are gone before they end. Pure.
 */
export function expireTogether<const R extends string>(
  keys: redis.KeySample,
  rates: Pick<redis.RedisRates, "evicted"> | undefined,
  now: Date,
  remedy: R,
): Finding<R> | undefined {
  const together = keys.expiry?.together ?? null;
  if (together === null || (rates?.evicted ?? 0) > 0) return undefined;
  const { keys: n, of, withinSeconds, inSeconds, prefix } = together;
  const sample = keys.looked < keys.keys ? `; ${keys.looked} of ${keys.keys} keys were looked at` : "";
  const round = roundWithin(now.getTime() + inSeconds * 1000, withinSeconds * 1000);
  const why =
    round === undefined
      ? "They were written together with one TTL. If they are computed anew when missed, that falls on the database all at once; if one job writes them all again, or they are counters or markers of a period, it is meant so."
      : `They end at ${round}, a moment that was chosen (EXPIREAT): counters or what is valid for a period, mostly. Only if each is computed anew when it is missed does that fall on the database all at once.`;
  return {
    id: "expire-together",
    severity: "info",
    title: `${sayPercent(n / of)} of the keys with a TTL expire within ${sayDuration(withinSeconds * 1000)}, in ${sayDuration(inSeconds * 1000)}`,
    because: `${n} of ${of}, mostly ${prefix}${sample}. ${why}`,
    evidence: [ttlTable(keys)],
    remedies: [remedy],
  };
}

/** The keys are looked at a little after the run began. */
const LATER_MS = 30_000;

/** `18:00 UTC`, where a quarter of an hour begins at that moment; undefined: none does. */
function roundWithin(from: number, lasts: number): string | undefined {
  const at = Math.ceil((from - 2_000) / ROUND_MS) * ROUND_MS;
  return lasts > 5_000 || at > from + lasts + LATER_MS
    ? undefined
    : `${new Date(at).toISOString().slice(11, 16)} UTC`;
}

/** How long the keys that were looked at have left. */
export const ttlTable = ({ ttl, looked, keys }: redis.KeySample): Evidence =>
  rows(
    `Time to live (${looked} of ${keys} keys)`,
    [
      { ttl: "none", n: ttl.none },
      { ttl: "under 1 min", n: ttl.underMinute },
      { ttl: "under 1 h", n: ttl.underHour },
      { ttl: "longer", n: ttl.longer },
    ],
    { TTL: (one) => one.ttl, keys: (one) => one.n },
  );
