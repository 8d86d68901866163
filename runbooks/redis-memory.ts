import { redis, runbook, sayBytes, verify } from "../src/sdk.ts";
import { full, roomAdvice } from "./support/redis-full.ts";
import {
  bigKeys,
  type Context,
  cannotAsk,
  evicting,
  limitFor,
  MIB,
  params,
  policyOf,
  type Sees,
  unsuitable,
  wasted,
} from "./support/redis-memory-findings.ts";

/** Memory can be looked at on a replica as well; whether it should be one is redis-connectivity's question. */
const WHEREVER = { mayBeReplica: true };

/** Full, refusing, evicting, fragmented, or with a policy that does not suit its role. Guides: Redis memory and eviction. */
export const redisMemory = runbook({
  id: "redis-memory",
  title: "Redis memory and eviction",
  needs: ["redis"],
  covers: [
    "resync.high-memory",
    "sergas-agents.cache-high-memory",
    "ai-saas.cache-eviction-policy",
    "ai-saas.cache-memory",
    "ai-saas.cache-maxmemory",
    "ai-saas.cache-data-structures",
  ],
  alerts: [
    { alertname: "RedisOutOfMemory" },
    { alertname: "RedisOutOfConfiguredMaxmemory" },
    { alertname: "RedisOutOfSystemMemory" },
    { alertname: "RedisMemoryHigh" },
    { alertname: "RedisHighMemory" },
    { alertname: "RedisMemoryUsageHigh" },
    { alertname: "RedisKeyEviction" },
    { alertname: "RedisMemoryFragmentation" },
  ],
  params,
})
  .diagnose(() => ({
    state: redis.serverState(),
    write: redis.checkWrite(WHEREVER),
    rates: redis.sampleRates({ seconds: 2 }),
  }))
  // Afterwards: looking at keys counts as hits.
  .andThen(() => ({ keys: redis.sampleKeys() }))
  .findings((seen, context) => [
    ...cannotAsk(seen),
    ...full(seen, context),
    ...evicting(seen, context),
    ...unsuitable(seen, context),
    ...bigKeys(seen, context),
    ...wasted(seen),
  ])
  .remedies({
    setPolicy: {
      title: "Let the cache evict",
      risk: "high",
      do: ({ state }, { params }) => {
        const from = policyOf(state);
        return from === undefined || from === params.policy
          ? []
          : [redis.setEvictionPolicy({ policy: params.policy, from })];
      },
      verify: verify({
        check: {
          state: redis.serverState(),
          write: redis.checkWrite(WHEREVER),
          rates: redis.sampleRates({ seconds: 1 }),
        },
        holds: (after, _before, { params }) =>
          after.write.ok &&
          after.state.ok &&
          after.state.value.memory.policy === params.policy &&
          after.rates.ok &&
          after.rates.value.oomErrors === 0,
        within: "30s",
      }),
      undo: "actions",
    },
    raiseMaxmemory: {
      title: "Raise the memory limit",
      risk: "high",
      do: ({ state }, { params }) => {
        if (!state.ok || state.value.memory.max === 0) return [];
        const bytes = limitFor(state.value, params.maxmemoryMiB);
        return bytes <= state.value.memory.max
          ? []
          : [redis.setMaxmemory({ bytes, from: state.value.memory.max })];
      },
      verify: verify({
        check: {
          state: redis.serverState(),
          write: redis.checkWrite(WHEREVER),
          rates: redis.sampleRates({ seconds: 1 }),
        },
        holds: (after, before: Sees, { params }) =>
          after.write.ok &&
          after.state.ok &&
          before.state.ok &&
          after.state.value.memory.max > before.state.value.memory.max &&
          after.rates.ok &&
          after.rates.value.oomErrors === 0 &&
          after.rates.value.evicted / after.rates.value.seconds < params.evictionsPerSecond,
        within: "30s",
      }),
      undo: "actions",
    },
    persistConfig: {
      title: "Make the change last",
      risk: "low",
      advice:
        "CONFIG SET is forgotten at the next restart. Change maxmemory and maxmemory-policy where they come from as well (redis.conf, compose file, Helm values, parameter group); CONFIG REWRITE works only where the server was started with a file.",
    },
    makeRoom: {
      title: "Make room",
      risk: "high",
      advice: (seen: Sees, context: Context) => roomAdvice(seen, context),
    },
    keepNoEviction: {
      title: "Set noeviction where keys must not vanish",
      risk: "high",
      advice: ({ state }: Sees) =>
        `Queues, sessions and locks need CONFIG SET maxmemory-policy noeviction (BullMQ requires it) and room to spare; now it is ${state.ok ? state.value.memory.policy : "unknown"}. Put the cache on an instance of its own. Check before that used memory is well below maxmemory, or writes will fail at once.`,
    },
    splitKeys: {
      title: "Shrink the big keys",
      risk: "destructive",
      advice: ({ keys }: Sees, { params }: Context) => {
        const all = keys.ok ? keys.value.biggest : [];
        const above = all.filter(({ bytes }) => bytes >= params.bigKeyMiB * MIB);
        const big = above.length > 0 ? above : all.slice(0, 1);
        return `Find out what writes ${big.map(({ key, type, bytes }) => `${key} (${type}, ${sayBytes(bytes)})`).join(", ")} and bound it: LTRIM for lists, XTRIM for streams, a TTL, or many small hashes. Remove one only if it can be computed again, with UNLINK (DEL blocks the server while it frees).`;
      },
    },
    defragment: {
      title: "Return fragmented memory",
      risk: "low",
      advice:
        "CONFIG SET activedefrag yes (builds with jemalloc), watch mem_fragmentation_ratio fall; otherwise fail over to a replica and restart. MEMORY PURGE helps a little at once.",
    },
    slimClients: {
      title: "Find clients that do not read",
      risk: "low",
      advice:
        "CLIENT LIST: sort by `tot-mem` and `omem`. A subscriber or MONITOR that does not read piles up output; set client-output-buffer-limit and maxmemory-clients.",
    },
    recover: {
      title: "Get Redis back",
      risk: "high",
      advice: (seen: Sees) => redis.failuresIn(seen).find(({ id }) => id !== "oom")?.advice ?? "",
    },
  });
