import { count, redis, rows, runbookOn, type Seen, sayBytes, sayPercent, z } from "../../src/sdk/index.ts";
import {
  canEvict,
  forFull,
  limitFor,
  MIB,
  memoryFacts,
  prefixRows,
  roleOf,
  roomAdvice,
  swappedOut,
  takerOf,
  WORTH_A_LOOK,
  whyNothingEvicted,
} from "./memory.ts";

/** Full, refusing, evicting, fragmented, or with a policy that does not suit its role. Guides: Redis memory and eviction. */
const book = runbookOn(
  "redis",
  {
    id: "redis-memory",
    title: "Redis memory and eviction",
    covers: [
      "resync.high-memory",
      "sergas-agents.cache-high-memory",
      "ai-saas.cache-eviction-policy",
      "ai-saas.cache-memory",
      "ai-saas.cache-maxmemory",
      "ai-saas.cache-data-structures",
    ],
    alerts: [
      "RedisOutOfMemory",
      "RedisOutOfConfiguredMaxmemory",
      "RedisOutOfSystemMemory",
      "RedisMemoryHigh",
      "RedisHighMemory",
      "RedisMemoryUsageHigh",
      "RedisKeyEviction",
      "RedisMemoryFragmentation",
    ],
    params: z.object({
      policy: z
        .enum(["allkeys-lru", "allkeys-lfu", "volatile-lru", "volatile-ttl"])
        .default("allkeys-lru")
        .describe("eviction policy to set where the present one does not suit a cache"),
      maxmemoryMiB: z
        .int()
        .min(1)
        .max(4_194_304)
        .optional()
        .describe("memory limit to set, in MiB; empty: 30 % above what is used"),
      evictionsPerSecond: z
        .int()
        .min(1)
        .max(1_000_000)
        .default(50)
        .describe("report more evictions per second than this"),
      bigKeyMiB: z.int().min(1).max(100_000).default(10).describe("report keys bigger than this, in MiB"),
    }),
    explains: ["oom"],
  },
  // Memory can be looked at on a replica as well; whether it should be one is redis-connectivity's question.
  () => ({
    state: redis.serverState(),
    write: redis.checkWrite({ mayBeReplica: true }),
    rates: redis.sampleRates({ seconds: 2 }),
  }),
  // Afterwards: looking at keys counts as hits.
).andThen([], () => ({ keys: redis.sampleKeys() }));

export const redisMemory = book
  .remedies({
    setPolicy: book.does(
      redis.setEvictionPolicy,
      ["state"],
      ({ state }, { params }) => {
        const from = redis.POLICIES.find((policy) => policy === state.memory.policy);
        return from !== undefined && from !== params.policy && { policy: params.policy, from };
      },
      {
        title: "Let the cache evict",
        recheck: ["write", "rates"],
        holds: ({ rates }) => rates.oomErrors === 0,
      },
    ),
    raiseMaxmemory: book.does(
      redis.setMaxmemory,
      ["state"],
      ({ state }, { params }) => {
        const { max } = state.memory;
        const bytes = limitFor(state, params.maxmemoryMiB);
        return max > 0 && bytes > max && { bytes, from: max };
      },
      {
        title: "Raise the memory limit",
        recheck: ["write", "rates"],
        holds: ({ rates }, _done, { params }) =>
          rates.oomErrors === 0 && rates.evicted / rates.seconds < params.evictionsPerSecond,
      },
    ),
    persistConfig: book.advises(
      "Make the change last",
      "low",
      "CONFIG SET is forgotten at the next restart. Change maxmemory and maxmemory-policy where they come from as well (redis.conf, compose file, Helm values, parameter group); CONFIG REWRITE works only where the server was started with a file.",
    ),
    makeRoom: book.advises("Make room", "high", roomAdvice),
    keepNoEviction: book.advises(
      "Set noeviction where keys must not vanish",
      "high",
      ({ state }) =>
        `Queues, sessions and locks need CONFIG SET maxmemory-policy noeviction (BullMQ requires it) and room to spare; now it is ${state?.memory.policy ?? "unknown"}. Put the cache on an instance of its own. Check before that used memory is well below maxmemory, or writes will fail at once.`,
    ),
    splitKeys: book.advises("Shrink the big keys", "destructive", ({ keys }, { params }) => {
      const all = keys?.biggest ?? [];
      const above = all.filter(({ bytes }) => bytes >= params.bigKeyMiB * MIB);
      const big = above.length > 0 ? above : all.slice(0, 1);
      return `Find out what writes ${big.map(({ key, type, bytes }) => `${key} (${type}, ${sayBytes(bytes)})`).join(", ")} and bound it: LTRIM for lists, XTRIM for streams, a TTL, or many small hashes. Remove one only if it can be computed again, with UNLINK (DEL blocks the server while it frees).`;
    }),
    defragment: book.advises(
      "Return fragmented memory",
      "low",
      "CONFIG SET activedefrag yes (builds with jemalloc), watch mem_fragmentation_ratio fall; otherwise fail over to a replica and restart. MEMORY PURGE helps a little at once.",
    ),
    slimClients: book.advises(
      "Find clients that do not read",
      "low",
      "CLIENT LIST: sort by `tot-mem` and `omem`. A subscriber or MONITOR that does not read piles up output; set client-output-buffer-limit and maxmemory-clients.",
    ),
  })
  .findings((find) => [
    find.seen(["state", "write", "rates", "keys"], ({ state, write, rates, keys }, context) => {
      if (!state.ok || !refusesWrites(write, rates)) return undefined;
      const { memory, totals } = state.value;
      const sample = keys.ok ? keys.value : undefined;
      const taker = takerOf(state.value, sample);
      return {
        id: "oom",
        severity: "critical",
        title: `Redis refuses writes: ${sayBytes(memory.used)} of ${sayBytes(memory.max)} are used and the policy is ${memory.policy}${taker.words}`,
        because: `${whyNothingEvicted(state.value)} ${count(totals.oomErrors, "write")} answered with OOM since the start.`,
        evidence: [memoryFacts(state.value), ...prefixRows(sample)],
        restsOn: ["write"],
        remedies: [...taker.cure, ...forFull(state.value, roleOf(context))],
      };
    }),
    find.seen(["state", "write", "rates", "keys"], ({ state, write, rates, keys }, context) => {
      if (!state.ok || refusesWrites(write, rates) || canEvict(state.value)) return undefined;
      const { used, max, system } = state.value.memory;
      const limit = max > 0 ? max : system;
      if (limit === 0 || used / limit < context.thresholds.memory) return undefined;
      const sample = keys.ok ? keys.value : undefined;
      const taker = takerOf(state.value, sample);
      return {
        id: "nearly-full",
        severity: "warning",
        title: `Redis uses ${sayPercent(used / limit)} of ${max > 0 ? "maxmemory" : "the machine's memory"} (${sayBytes(used)} of ${sayBytes(limit)})${taker.words}`,
        because:
          max > 0
            ? `${whyNothingEvicted(state.value)} At the limit every write fails with OOM.`
            : "maxmemory is 0, so nothing stops it before the kernel's out-of-memory killer does.",
        evidence: [memoryFacts(state.value), ...prefixRows(sample)],
        remedies: [...taker.cure, ...forFull(state.value, roleOf(context))],
      };
    }),
    find(["state", "rates"], ({ state, rates }, context) => {
      const perSecond = rates.evicted / rates.seconds;
      if (perSecond < context.params.evictionsPerSecond) return undefined;
      const role = roleOf(context);
      return {
        id: "eviction-storm",
        severity: role === "cache" ? "warning" : "critical",
        title: `Redis evicts ${Math.round(perSecond)} keys a second`,
        because: `${sayBytes(state.memory.used)} of ${sayBytes(state.memory.max)} are used: what is written pushes out what was just written${rates.hitRatio === null ? "" : `, and only ${sayPercent(rates.hitRatio)} of lookups hit`}.${role === "cache" ? "" : ` The connection's role is ${role}: data that must stay is being lost.`}`,
        evidence: [memoryFacts(state)],
        remedies:
          role === "cache" ? ["raiseMaxmemory", "persistConfig", "makeRoom"] : ["keepNoEviction", "makeRoom"],
      };
    }),
    find(["state", "keys?"], ({ state: { memory }, keys }, context) => {
      const role = roleOf(context);
      const kinds = keys?.protected ?? [];
      const isAtRisk = role === "queue" || kinds.length > 0;
      return (
        memory.max > 0 &&
        memory.policy.startsWith("allkeys-") &&
        isAtRisk && {
          id: "policy-unsuitable",
          severity: "warning",
          title: `Policy ${memory.policy} may evict what is no cache`,
          because:
            kinds.length > 0
              ? `It holds ${kinds.map(({ what, keys: n, example }) => `${n} ${what} keys such as ${example}`).join(", ")}: under pressure jobs, logins or locks vanish.`
              : `The connection's role is ${role}: under pressure jobs vanish.`,
          remedies: ["keepNoEviction"],
        }
      );
    }),
    find(
      ["state", "write"],
      ({ state }, context) =>
        state.memory.max > 0 &&
        state.memory.policy === "noeviction" &&
        roleOf(context) === "cache" && {
          id: "policy-unsuitable",
          severity: "info",
          title: "A cache with policy noeviction refuses writes once it is full",
          because:
            "The connection's role is cache, so old entries may go; with noeviction new ones fail instead.",
          evidence: [memoryFacts(state)],
          remedies: ["setPolicy", "persistConfig"],
        },
    ),
    find(["keys"], ({ keys }, { params }) => {
      const big = keys.biggest.filter(({ bytes }) => bytes >= params.bigKeyMiB * MIB);
      const biggest = big[0];
      if (biggest === undefined) return undefined;
      return {
        id: "big-keys",
        severity: "warning",
        title: `${count(big.length, "key")} above ${params.bigKeyMiB} MiB, the biggest ${sayBytes(biggest.bytes)}`,
        because: `${biggest.key} is a ${biggest.type}. Reading, expiring or copying such a key holds every other client (looked at ${keys.looked} of ${keys.keys} keys).`,
        evidence: [
          rows("", big, {
            key: (one) => one.key,
            type: (one) => one.type,
            size: (one) => sayBytes(one.bytes),
            TTL: (one) => (one.ttlSeconds === null ? "none" : `${Math.round(one.ttlSeconds)} s`),
          }),
        ],
        remedies: ["splitKeys"],
      };
    }),
    find(
      ["state"],
      ({ state: { memory } }) =>
        memory.fragmentation > 1.5 &&
        memory.rss - memory.used > WORTH_A_LOOK && {
          id: "fragmented",
          severity: "warning",
          title: `Redis holds ${sayBytes(memory.rss)} of memory for ${sayBytes(memory.used)} of data`,
          because: `The fragmentation ratio is ${memory.fragmentation.toFixed(1)}: freed memory was not returned, mostly after many deletes or changes of value sizes.`,
          remedies: ["defragment"],
        },
    ),
    find(["state"], ({ state }) => swappedOut(state, "makeRoom")),
    find(
      ["state"],
      ({ state: { memory } }) =>
        memory.buffers > 64 * MIB &&
        memory.buffers > memory.used * 0.2 && {
          id: "client-buffers",
          severity: "warning",
          title: `Buffers of clients take ${sayBytes(memory.buffers)}`,
          because: `That is ${sayPercent(memory.buffers / memory.used)} of the memory in use: clients ask for huge answers or do not read them.`,
          remedies: ["slimClients"],
        },
    ),
  ]);

/** It answered a write with OOM, now or while it was watched. */
const refusesWrites = (write: Seen<unknown>, rates: Seen<redis.RedisRates>): boolean =>
  (!write.ok && write.error.detail === "OOM") || (rates.ok && rates.value.oomErrors > 0);
