import {
  count,
  type Finding,
  facts,
  redis,
  runbook,
  type Seen,
  sayBytes,
  sayPercent,
  table,
  z,
} from "../src/sdk.ts";

const params = z.object({
  seconds: z.int().min(1).max(30).default(10).describe("measure for this long, in seconds"),
  lookups: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(50)
    .describe("with fewer lookups in that time the hit rate counts as unknown"),
});

type Remedy = "runRedisMemory" | "lengthenTtl" | "repairKeys" | "recover";
type Sees = {
  rates: Seen<redis.RedisRates>;
  state: Seen<redis.RedisState>;
  keys: Seen<redis.KeySample>;
};

/** Does the cache answer, and if not: pushed out, expired or never stored? Guides: cache misses, low hit rate. */
export const redisHitRate = runbook({
  id: "redis-hit-rate",
  title: "Redis cache hit rate",
  needs: ["redis"],
  covers: [
    "sergas-agents.cache-misses",
    "sergas-agents.cache-performance",
    "sergas-agents.cache-low-hit-rate",
    "ai-saas.cache-effectiveness",
    "ai-saas.low-cache-hit-rate",
    "ai-saas.cache-ttl",
    "ai-saas.cache-keys",
    "ai-saas.mongo-query-cache",
    "sergas-accounts.response-caching",
  ],
  alerts: [
    { alertname: "RedisLowHitRate" },
    { alertname: "RedisHitRateLow" },
    { alertname: "CacheHitRateLow" },
    { alertname: "LowCacheHitRate" },
    { alertname: "RedisCacheMissRatioHigh" },
  ],
  params,
})
  .diagnose(({ seconds }) => ({
    rates: redis.sampleRates({ seconds }),
    state: redis.serverState(),
  }))
  // Afterwards: looking at keys counts as hits and would hide what is measured.
  .andThen(() => ({ keys: redis.sampleKeys() }))
  .findings((seen, { params, thresholds }) => [
    ...cannotAsk(seen),
    ...missing(seen, params.lookups, thresholds.hitRatio),
  ])
  .remedies({
    runRedisMemory: {
      title: "Give the cache room",
      risk: "low",
      advice:
        "Entries are pushed out before they are read again. Run redis-memory: it can raise maxmemory within safe bounds, and shows which prefix takes the room.",
    },
    lengthenTtl: {
      title: "Keep entries longer",
      risk: "low",
      advice: ({ keys }: Sees) => {
        const short = keys.ok ? keys.value.ttl.underMinute : 0;
        const looked = keys.ok ? keys.value.looked : 0;
        return `Entries expire before they are read again (${short} of ${looked} keys looked at live for less than a minute). Raise the TTL where the data may be older (the guides use 3600 s for stable data, 300 s for responses), with some jitter so that not all expire together; new keys only, old ones keep their TTL.`;
      },
    },
    repairKeys: {
      title: "Make readers and writers use the same keys",
      risk: "low",
      advice: ({ keys }: Sees) => {
        const prefixes = keys.ok
          ? keys.value.prefixes.slice(0, 3).map(({ prefix, keys: n }) => `${prefix} (${n})`)
          : [];
        return `Nothing is pushed out and little expires, so what is asked for was never stored under that name. Compare the keys the application asks for with those it stores (${prefixes.join(", ") || "none are stored"}): a key built from Python's hash() differs in every process, from a timestamp or an unsorted object in every call; use a sha256 of the canonical input. After a flush or restart, warm the cache at a bounded rate; count lookups of things that do not exist and store their absence too.`;
      },
    },
    recover: {
      title: "Get Redis back",
      risk: "high",
      advice: (seen: Sees) => redis.failuresIn(seen)[0]?.advice ?? "",
    },
  });

function cannotAsk(seen: Sees): Finding<Remedy>[] {
  return redis.failuresIn(seen).map(({ id, title, because, error }) => ({
    id,
    severity: "critical",
    title,
    because,
    evidence: [facts({ code: error.code, detail: error.detail ?? "–" })],
    remedies: ["recover"],
  }));
}

/** Which of three: pushed out, expired, or never stored. Compared with the misses of the same interval. */
function causeOf({ misses, evicted, expired }: redis.RedisRates): [cause: string, remedy: Remedy] {
  if (evicted > 0 && evicted >= expired && evicted >= misses * 0.1)
    return [
      `${count(evicted, "key")} were evicted meanwhile: the cache is too small for what is asked of it.`,
      "runRedisMemory",
    ];
  if (expired > 0 && expired >= misses * 0.1)
    return [
      `${count(expired, "key")} expired meanwhile: their TTL is short for how seldom they are read.`,
      "lengthenTtl",
    ];
  return [
    `Only ${count(evicted, "key")} were evicted and ${expired} expired meanwhile: what is asked for was not stored, or under another key.`,
    "repairKeys",
  ];
}

function missing({ rates, state, keys }: Sees, lookups: number, threshold: number): Finding<Remedy>[] {
  if (!rates.ok) return [];
  const { hits, misses, hitRatio, lifetimeHitRatio, seconds } = rates.value;
  // No traffic is unknown, not zero.
  if (hitRatio === null || hits + misses < lookups || hitRatio >= threshold) return [];
  const [cause, remedy] = causeOf(rates.value);
  const lifetime = lifetimeHitRatio === null ? "–" : sayPercent(lifetimeHitRatio);
  return [
    {
      id: "low-hit-rate",
      severity: "warning",
      title: `${sayPercent(hitRatio)} of cache lookups hit (below ${sayPercent(threshold)})`,
      because: `${hits} hits and ${misses} misses in ${Math.round(seconds)} s; since the server's start it was ${lifetime}. ${cause}`,
      evidence: [
        facts({
          hits,
          misses,
          evicted: rates.value.evicted,
          expired: rates.value.expired,
          ...(state.ok
            ? {
                used: sayBytes(state.value.memory.used),
                policy: state.value.memory.policy,
                keys: state.value.keys.total,
              }
            : {}),
        }),
        ...(keys.ok ? [ttlTable(keys.value)] : []),
      ],
      remedies: [remedy],
    },
  ];
}

const ttlTable = ({ ttl, looked, keys }: redis.KeySample) =>
  table(
    ["TTL", "keys"],
    [
      ["none", ttl.none],
      ["under 1 min", ttl.underMinute],
      ["under 1 h", ttl.underHour],
      ["longer", ttl.longer],
    ],
    `Time to live (${looked} of ${keys} keys)`,
  );
