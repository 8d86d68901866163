import {
  count,
  type Finding,
  facts,
  type RunContext,
  redis,
  type Seen,
  sayBytes,
  sayPercent,
  table,
  z,
} from "../../src/sdk.ts";

export const MIB = 1024 ** 2;

export const params = z.object({
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
});

type Params = z.output<typeof params>;

export type Remedy =
  | "setPolicy"
  | "raiseMaxmemory"
  | "persistConfig"
  | "makeRoom"
  | "keepNoEviction"
  | "splitKeys"
  | "defragment"
  | "slimClients"
  | "recover";

export type Sees = {
  state: Seen<redis.RedisState>;
  write: Seen<{ accepted: true | null }>;
  rates: Seen<redis.RedisRates>;
  keys: Seen<redis.KeySample>;
};

export type Context = RunContext<Params>;

export const roleOf = ({ system }: Context) =>
  system.connections.find(({ kind }) => kind === "redis")?.role ?? "mixed";

export const policyOf = (state: Sees["state"]) =>
  state.ok ? redis.POLICIES.find((policy) => policy === state.value.memory.policy) : undefined;

export const limitFor = ({ memory }: redis.RedisState, mebibytes: number | undefined): number =>
  mebibytes !== undefined
    ? mebibytes * MIB
    : Math.ceil(Math.max(memory.used * 1.3, memory.max * 1.25) / MIB) * MIB;

export function cannotAsk(seen: Sees): Finding<Remedy>[] {
  return redis
    .failuresIn(seen)
    .filter(({ id }) => id !== "oom")
    .map(({ id, title, because, error }) => ({
      id,
      severity: "critical",
      title,
      because,
      evidence: [facts({ code: error.code, detail: error.detail ?? "–" })],
      remedies: ["recover"],
    }));
}

export const memoryFacts = ({ memory, keys }: redis.RedisState) =>
  facts({
    used: sayBytes(memory.used),
    maxmemory: memory.max === 0 ? "no limit" : sayBytes(memory.max),
    policy: memory.policy,
    peak: sayBytes(memory.peak),
    keys: `${keys.total}, ${keys.withTtl} with a TTL`,
  });

export function evicting({ state, rates }: Sees, context: Context): Finding<Remedy>[] {
  if (!state.ok || !rates.ok) return [];
  const perSecond = rates.value.evicted / rates.value.seconds;
  if (perSecond < context.params.evictionsPerSecond) return [];
  const isCache = roleOf(context) === "cache";
  return [
    {
      id: "eviction-storm",
      severity: isCache ? "warning" : "critical",
      title: `Redis evicts ${Math.round(perSecond)} keys a second`,
      because: `${sayBytes(state.value.memory.used)} of ${sayBytes(state.value.memory.max)} are used: what is written pushes out what was just written${rates.value.hitRatio === null ? "" : `, and only ${sayPercent(rates.value.hitRatio)} of lookups hit`}.${isCache ? "" : ` The connection's role is ${roleOf(context)}: data that must stay is being lost.`}`,
      evidence: [memoryFacts(state.value)],
      remedies: isCache ? ["raiseMaxmemory", "persistConfig", "makeRoom"] : ["keepNoEviction", "makeRoom"],
    },
  ];
}

export function unsuitable({ state, keys, write }: Sees, context: Context): Finding<Remedy>[] {
  if (!state.ok || state.value.memory.max === 0) return [];
  const { policy } = state.value.memory;
  const role = roleOf(context);
  const kinds = keys.ok ? keys.value.protected : [];
  if (policy.startsWith("allkeys-") && (role === "queue" || kinds.length > 0))
    return [
      {
        id: "policy-unsuitable",
        severity: "warning",
        title: `Policy ${policy} may evict what is no cache`,
        because:
          kinds.length > 0
            ? `It holds ${kinds.map(({ what, keys: n, example }) => `${n} ${what} keys such as ${example}`).join(", ")}: under pressure jobs, logins or locks vanish.`
            : `The connection's role is ${role}: under pressure jobs vanish.`,
        remedies: ["keepNoEviction"],
      },
    ];
  if (policy !== "noeviction" || role !== "cache" || !write.ok) return [];
  return [
    {
      id: "policy-unsuitable",
      severity: "info",
      title: "A cache with policy noeviction refuses writes once it is full",
      because:
        "The connection's role is cache, so old entries may go; with noeviction new ones fail instead.",
      evidence: [memoryFacts(state.value)],
      remedies: ["setPolicy", "persistConfig"],
    },
  ];
}

export function bigKeys({ keys }: Sees, { params }: Context): Finding<Remedy>[] {
  const big = keys.ok ? keys.value.biggest.filter(({ bytes }) => bytes >= params.bigKeyMiB * MIB) : [];
  const biggest = big[0];
  if (!keys.ok || biggest === undefined) return [];
  return [
    {
      id: "big-keys",
      severity: "warning",
      title: `${count(big.length, "key")} above ${params.bigKeyMiB} MiB, the biggest ${sayBytes(biggest.bytes)}`,
      because: `${biggest.key} is a ${biggest.type}. Reading, expiring or copying such a key holds every other client (looked at ${keys.value.looked} of ${keys.value.keys} keys).`,
      evidence: [
        table(
          ["key", "type", "size", "TTL"],
          big
            .slice(0, 10)
            .map((one) => [
              ...[one.key, one.type, sayBytes(one.bytes)],
              one.ttlSeconds === null ? "none" : `${Math.round(one.ttlSeconds)} s`,
            ]),
        ),
      ],
      remedies: ["splitKeys"],
    },
  ];
}

/** Below this the ratios of rss to used mean nothing. */
const WORTH_A_LOOK = 100 * MIB;

export function wasted({ state }: Sees): Finding<Remedy>[] {
  if (!state.ok) return [];
  const { used, rss, fragmentation, buffers } = state.value.memory;
  const findings: Finding<Remedy>[] = [];
  if (fragmentation > 1.5 && rss - used > WORTH_A_LOOK)
    findings.push({
      id: "fragmented",
      severity: "warning",
      title: `Redis holds ${sayBytes(rss)} of memory for ${sayBytes(used)} of data`,
      because: `The fragmentation ratio is ${fragmentation.toFixed(1)}: freed memory was not returned, mostly after many deletes or changes of value sizes.`,
      remedies: ["defragment"],
    });
  if (used > WORTH_A_LOOK && fragmentation < 0.9)
    findings.push({
      id: "swapped",
      severity: "critical",
      title: `About ${sayBytes(used - rss)} of Redis's memory is swapped out`,
      because: `Only ${sayBytes(rss)} of ${sayBytes(used)} are in memory: commands wait for the disk. The machine has too little memory.`,
      remedies: ["makeRoom"],
    });
  if (buffers > 64 * MIB && buffers > used * 0.2)
    findings.push({
      id: "client-buffers",
      severity: "warning",
      title: `Buffers of clients take ${sayBytes(buffers)}`,
      because: `That is ${sayPercent(buffers / used)} of the memory in use: clients ask for huge answers or do not read them.`,
      remedies: ["slimClients"],
    });
  return findings;
}
