import { count, redis, rows, runbookOn, sayBytes, z } from "../../src/sdk/index.ts";
import { buffersFinding } from "./buffers.ts";
import { neverLeaves } from "./expiry.ts";
import { fragmentAdvice, fragmentFinding } from "./fragments.ts";
import { fullFinding, stormFinding } from "./full.ts";
import { smallStrings, USE_HASHES } from "./key-shapes.ts";
import {
  limitFor,
  MIB,
  memoryFacts,
  partRows,
  roleOf,
  swappedOut,
  unaccountedFor,
  WORTH_A_LOOK,
} from "./memory.ts";
import { roomAdvice, slimAdvice, splitAdvice } from "./taker.ts";

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
      "ai-saas.low-cache-hit-rate",
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
    write: redis.checkWrite(),
    rates: redis.sampleRates({ seconds: 2 }),
    clients: redis.listClients(),
  }),
  // Afterwards: looking at keys counts as hits.
).andThen([], () => ({ keys: redis.sampleKeys({ budgetMs: 5_000 }) }));

export const redisMemory = book
  .remedies({
    setPolicy: book.does(
      redis.setEvictionPolicy,
      ["state"],
      ({ state }, { params }) => {
        const from = redis.POLICIES.find((policy) => policy === state.memory?.policy);
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
        if (state.memory === null) return false;
        const { max } = state.memory;
        const bytes = limitFor(state.memory, params.maxmemoryMiB);
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
        `Queues, sessions and locks need CONFIG SET maxmemory-policy noeviction (BullMQ requires it) and room to spare; now it is ${state?.memory?.policy ?? "unknown"}. Put the cache on an instance of its own. Check before that used memory is well below maxmemory, or writes will fail at once.`,
    ),
    giveTtl: book.advises(
      "Give cache entries a TTL",
      "low",
      ({ keys }) =>
        `Set one where they are written${keys?.prefixes[0] === undefined ? "" : ` (${keys.prefixes[0].prefix} first: it holds most)`}; SET without EX also takes the TTL off a key that had one. For those that are there: EXPIRE with spread values in batches by SCAN. Or let the policy remove what was not used for long (allkeys-lru), if nothing here must stay.`,
    ),
    splitKeys: book.advises("Shrink the big keys", "destructive", splitAdvice),
    defragment: book.advises("Return fragmented memory", "low", ({ state }, context) =>
      fragmentAdvice(state?.product ?? "redis", roleOf(context)),
    ),
    slimClients: book.advises("Find clients that do not read", "low", slimAdvice),
    slimReplicas: book.advises(
      "Find the replica that does not keep up",
      "high",
      "INFO replication names the replicas with state and lag: one that is slow, far away or being copied to holds what is written meanwhile. Repair the path to it or take it out (REPLICAOF NO ONE there); client-output-buffer-limit replica bounds what it may hold, at the price of a whole copy. Room for keys does not help.",
    ),
    shrinkBacklog: book.advises(
      "Make the replication backlog smaller",
      "low",
      "CONFIG SET repl-backlog-size (and in the configuration): it is what a replica that comes back continues from, so a minute or two of what is written is enough. Or give the instance more memory by that much: the backlog is wanted, and no key makes room for it.",
    ),
    freeFile: book.advises(
      "Let the append-only file be written",
      "high",
      "What is written waits for the disk: it is slow or a rewrite is running (INFO persistence: aof_rewrite_in_progress, aof_delayed_fsync). Look at the disk's waits first; it empties by itself once the disk follows.",
    ),
    shortScripts: book.advises(
      "Keep fewer scripts",
      "low",
      "EVAL with values pasted into the text keeps one script per call: send KEYS and ARGV instead. SCRIPT FLUSH frees those that are there (clients that use EVALSHA load them again); INFO memory counts them (number_of_cached_scripts).",
    ),
    useHashes: book.advises(...USE_HASHES),
    findBigKeys: book.advises(
      "Find the big keys among the rest",
      "low",
      "The sample ended before it met them. At a quiet time, on a replica where there is one: `redis-cli --memkeys` goes through all keys by SCAN and names the biggest of each type.",
    ),
    findUnaccounted: book.advises(
      "Find what is not among the keys",
      "low",
      "MEMORY STATS and MEMORY DOCTOR name parts that INFO does not; MODULE LIST shows modules, which keep memory of their own; a copy-on-write save or a rehash of a very large table passes by itself.",
    ),
  })
  .findings((find) => [
    find.seen(["state", "write", "rates", "keys", "clients"], fullFinding),
    find(["state", "rates"], ({ state, rates }, context) =>
      stormFinding(state, rates, roleOf(context), {
        limit: context.params.evictionsPerSecond,
        hitRatio: context.thresholds.hitRatio,
      }),
    ),
    find(["state", "keys?"], ({ state: { memory }, keys }, context) => {
      const role = roleOf(context);
      const kinds = keys?.protected ?? [];
      const isAtRisk = role === "queue" || kinds.length > 0;
      return (
        memory !== null &&
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
      ({ state: { memory, keys } }, context) =>
        memory !== null &&
        memory.max > 0 &&
        memory.policy === "noeviction" &&
        roleOf(context) === "cache" && {
          id: "policy-unsuitable",
          severity: "info",
          title: "A cache with policy noeviction refuses writes once it is full",
          because:
            "The connection's role is cache, so old entries may go; with noeviction new ones fail instead.",
          evidence: [memoryFacts(memory, keys)],
          remedies: redis.takenBesideKeys(memory) !== undefined ? [] : ["setPolicy", "persistConfig"],
        },
    ),
    find(["state", "keys"], ({ state, keys }, context) =>
      neverLeaves(state, keys, roleOf(context), ["giveTtl", "setPolicy"]),
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
    find(["keys"], ({ keys }) => smallStrings(keys)),
    find(["state"], ({ state }) => fragmentFinding(state, "defragment")),
    find(["state"], ({ state }) => swappedOut(state.memory, "makeRoom")),
    find(["state", "clients?"], ({ state: { memory }, clients }) => {
      if (memory === null) return undefined;
      return buffersFinding(memory, clients, { clients: "slimClients", replicas: "slimReplicas" });
    }),
    find(["state", "keys"], ({ state: { memory }, keys }) => {
      const missing = memory === null ? undefined : unaccountedFor(memory, keys);
      return (
        memory !== null &&
        missing !== undefined &&
        missing > WORTH_A_LOOK && {
          id: "unaccounted",
          severity: "warning",
          title: `${sayBytes(missing)} of ${sayBytes(memory.used)} in use are not among the keys`,
          because: `All ${keys.keys} keys together take ${sayBytes(keys.bytes)}; the rest is counted as data and belongs to no key: a module, a leak, or sizes that the samples of big keys miss.`,
          evidence: partRows(memory, keys),
          remedies: ["findUnaccounted"],
        }
      );
    }),
  ]);
