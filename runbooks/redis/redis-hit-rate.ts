import {
  count,
  facts,
  redis,
  runbookOn,
  type StepsOf,
  sayBytes,
  sayDuration,
  sayPercent,
  z,
} from "../../src/sdk/index.ts";
import { expireTogether, ttlTable } from "./expiry.ts";
import { processKeys, STABLE_KEYS } from "./key-shapes.ts";

/** Does the cache answer, and if not: pushed out, expired or never stored? Guides: cache misses, low hit rate. */
const book = runbookOn(
  "redis",
  {
    id: "redis-hit-rate",
    title: "Redis cache hit rate",
    covers: [
      "sergas-agents.cache-misses",
      "sergas-agents.cache-performance",
      "sergas-agents.cache-low-hit-rate",
      "ai-saas.cache-effectiveness",
      "ai-saas.low-cache-hit-rate",
      "ai-saas.cache-ttl",
      "ai-saas.cache-keys",
      "resync.slow-responses",
    ],
    alerts: [
      "RedisLowHitRate",
      "RedisHitRateLow",
      "CacheHitRateLow",
      "LowCacheHitRate",
      "RedisCacheMissRatioHigh",
    ],
    params: z.object({
      seconds: z
        .int()
        .min(1)
        .max(30)
        .default(10)
        .describe("measure for this long, in seconds; after an alert less, where few hit beyond doubt"),
      lookups: z
        .int()
        .min(1)
        .max(1_000_000)
        .default(50)
        .describe("with fewer lookups in that time the hit rate counts as unknown"),
    }),
  },
  ({ params: { seconds, lookups }, thresholds, alert }) => ({
    // What an alert has said for minutes is not measured for longer than it takes to see it.
    rates: redis.sampleRates({
      seconds,
      ...(alert === undefined ? {} : { enough: { hitRatioBelow: thresholds.hitRatio, lookups } }),
    }),
    state: redis.serverState(),
  }),
  // Afterwards: looking at keys counts as hits and would hide what is measured.
).andThen([], (_seen, { alert }) => ({
  // Its shares are said with their range, whatever the time was enough for; the finding waits for it.
  keys: redis.sampleKeys(alert === undefined ? {} : { budgetMs: 500 }),
}));

type State = StepsOf<typeof book>["state"];

export const redisHitRate = book
  .remedies({
    runRedisMemory: book.advises(
      "Give the cache room",
      "low",
      "Entries are pushed out before they are read again. Run redis-memory: it can raise maxmemory within safe bounds, and shows which prefix takes the room.",
    ),
    warmCache: book.advises("Fill the cache again, gently", "low", ({ state }) => {
      const flushed =
        (state?.totals.flushes ?? 0) > 0
          ? " Find who flushes (deployment scripts, tests pointed at the wrong URL) and take FLUSHALL and FLUSHDB from that user: ACL SETUSER <user> -flushall -flushdb."
          : "";
      return `Warm it with the most asked entries at a bounded rate, so that the misses do not all fall on the database; let only one request per key compute it (single flight). Give TTLs some jitter so that entries written together do not expire together.${flushed} If it was a restart: persistence (RDB) brings a cache back filled.`;
    }),
    spreadTtl: book.advises(
      "Let entries end apart",
      "low",
      "Add some jitter where the TTL is set (TTL × 0.9 to 1.1), so that what is written together does not end together; let one request per key compute it anew (single flight), or renew before the end. For those that are there now: EXPIRE with a spread TTL in small batches (SCAN, not KEYS) before they end.",
    ),
    lengthenTtl: book.advises(
      "Keep entries longer",
      "low",
      ({ keys }) =>
        `Entries expire before they are read again (${keys?.ttl.underMinute ?? 0} of ${keys?.looked ?? 0} keys looked at live for less than a minute). Raise the TTL where the data may be older (the guides use 3600 s for stable data, 300 s for responses), with some jitter so that not all expire together; new keys only, old ones keep their TTL.`,
    ),
    stableKeys: book.advises(...STABLE_KEYS),
    repairKeys: book.advises("Make readers and writers use the same keys", "low", ({ keys }) => {
      const prefixes = (keys?.prefixes ?? []).slice(0, 3).map(({ prefix, keys: n }) => `${prefix} (${n})`);
      return `Nothing is pushed out and little expires, so what is asked for was never stored under that name. Compare the keys the application asks for with those it stores (${prefixes.join(", ") || "none are stored"}): a key built from Python's hash() differs in every process, from a timestamp or an unsorted object in every call; use a sha256 of the canonical input. After a flush or restart, warm the cache at a bounded rate; count lookups of things that do not exist and store their absence too.`;
    }),
  })
  .findings((find) => [
    find(["keys"], ({ keys }) => processKeys(keys)),
    find(["rates", "state?", "keys?"], ({ rates, state, keys }, { params, thresholds }) => {
      const { hits, misses, hitRatio, lifetimeHitRatio, seconds, evicted, expired } = rates;
      // No traffic is unknown, not zero.
      if (hitRatio === null || hits + misses < params.lookups || hitRatio >= thresholds.hitRatio)
        return undefined;
      const cause = causeOf(rates, state);
      const lifetime = lifetimeHitRatio === null ? "–" : sayPercent(lifetimeHitRatio);
      return {
        id: "low-hit-rate",
        severity: "warning",
        title: `${sayPercent(hitRatio)} of cache lookups hit (below ${sayPercent(thresholds.hitRatio)}): ${cause.short}`,
        because: `${hits} hits and ${misses} misses in ${Math.max(1, Math.round(seconds))} s; since the server's start it was ${lifetime}. ${cause.long}`,
        evidence: [
          facts({ hits, misses, evicted, expired, ...(state === undefined ? {} : memoryFacts(state)) }),
          ...(keys === undefined ? [] : [ttlTable(keys)]),
        ],
        remedies: [cause.remedy],
      };
    }),
    find(["keys", "rates?"], ({ keys, rates }, { now }) => expireTogether(keys, rates, now, "spreadTtl")),
  ]);

/** Busy readers miss more in ten seconds than a cache holds: one with more keys than this is not empty, whatever they ask for. */
const FEW = 1_000;

/** Which of four: pushed out, expiring, emptied, or never stored. Compared with the misses of the same interval. */
function causeOf({ misses, evicted, expired }: redis.RedisRates, state: State | undefined) {
  if (evicted > 0 && evicted >= expired && evicted >= misses * 0.1)
    return {
      short: "entries are evicted before they are read",
      long: `${count(evicted, "key")} were evicted meanwhile: the cache is too small for what is asked of it.`,
      remedy: "runRedisMemory",
    } as const;
  if (expired > 0 && expired >= misses * 0.1)
    return {
      short: "entries expire before they are read",
      long: `${count(expired, "key")} expired meanwhile: their TTL is short for how seldom they are read.`,
      remedy: "lengthenTtl",
    } as const;
  if (state !== undefined && state.keys.total < Math.min(misses * 0.1, FEW)) return emptied(state);
  return {
    short: "what is asked for is not stored",
    long: `Only ${count(evicted, "key")} were evicted and ${expired} expired meanwhile: what is asked for was not stored, or under another key.`,
    remedy: "repairKeys",
  } as const;
}

/** Younger than this, in seconds, the server itself explains that nothing is stored yet. */
const YOUNG = 900;

function emptied({ keys, totals, uptimeSeconds }: State) {
  const left = `${keys.total === 0 ? "No key is" : `Only ${count(keys.total, "key is", "keys are")}`} left.`;
  const remedy = "warmCache" as const;
  // Expired keys may be long ago; a flush or a restart that emptied it leaves fewer of them than it had keys.
  if (totals.expired >= 1_000 && totals.expired > totals.flushes * 1_000)
    return {
      short: "the cache is empty, its entries expired together",
      long: `${left} ${totals.expired} expired since the start and hardly any does now: they had the same TTL.`,
      remedy,
    };
  if (totals.flushes > 0)
    return {
      short: "the cache was flushed",
      long: `${left} FLUSHALL or FLUSHDB was called ${count(totals.flushes, "time")} since the start.`,
      remedy,
    };
  if (uptimeSeconds !== null && uptimeSeconds < YOUNG)
    return {
      short: "the cache is empty since a restart",
      long: `${left} The server started ${sayDuration(uptimeSeconds * 1000)} ago.`,
      remedy,
    };
  return {
    short: "the cache is empty",
    long: `${left} Nothing was flushed and the server has not restarted: nobody stores what is asked for.`,
    remedy: "repairKeys" as const,
  };
}

const memoryFacts = ({ memory, keys }: State) => ({
  ...(memory === null ? {} : { used: sayBytes(memory.used), policy: memory.policy }),
  keys: keys.total,
});
