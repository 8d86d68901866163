import {
  chosenOf,
  type Evidence,
  type Finding,
  facts,
  type RunContext,
  redis,
  rows,
  sayBytes,
  sayPercent,
} from "../../src/sdk/index.ts";

export const MIB = 1024 ** 2;

/** Below this the ratios of rss to used mean nothing. */
export const WORTH_A_LOOK = 100 * MIB;

type Memory = redis.RedisMemory;

/**
 * INFO has no word of swap (trap redis-swap): less in memory than is used means that the rest is on disk, or was set aside and
 * never written to, as an old server's backlog.
 */
export const swappedOut = <const R extends string>(memory: Memory | null, remedy: R): Finding<R> | false => {
  if (memory === null || memory.rss === null || memory.used <= WORTH_A_LOOK) return false;
  const { used, rss, parts } = memory;
  const missing = used - rss - (parts.backlog ?? 0);
  return (
    missing > used * 0.1 && {
      id: "swapped",
      severity: "critical",
      title: `About ${sayBytes(missing)} of Redis's memory is swapped out`,
      because: `Only ${sayBytes(rss)} of ${sayBytes(used)} are in memory: commands wait for the disk. The machine has too little memory. VmSwap in /proc/<pid>/status of its machine says it exactly.`,
      remedies: [remedy],
    }
  );
};

export type Role = "cache" | "queue" | "mixed";

/** What the connection that was asked is declared to hold. */
export const roleOf = (context: Pick<RunContext, "system" | "uses">): Role =>
  (chosenOf(context, "redis")?.about?.role as Role | undefined) ?? "mixed";

/** The limit to set, in bytes: as asked for, or 30 % above what is used. */
export const limitFor = (memory: Memory, mebibytes: number | undefined): number =>
  mebibytes !== undefined
    ? mebibytes * MIB
    : Math.ceil(Math.max(memory.used * 1.3, memory.max * 1.25) / MIB) * MIB;

/** Is there anything the policy could remove? A cache that can evict is meant to be full. */
export const canEvict = (memory: Memory, { withTtl }: redis.RedisState["keys"]): boolean =>
  memory.max > 0 &&
  redis.takenBesideKeys(memory) === undefined &&
  (memory.policy.startsWith("allkeys-") || (memory.policy.startsWith("volatile-") && withTtl > 0));

export function whyNothingEvicted(memory: Memory, { total, withTtl }: redis.RedisState["keys"]): string {
  if (redis.takenBesideKeys(memory) !== undefined)
    return "What takes it are no keys: no eviction makes it smaller.";
  if (memory.policy === "noeviction") return "With noeviction nothing is ever removed to make room.";
  if (memory.policy.startsWith("volatile-"))
    return `${memory.policy} removes keys with a TTL only, and ${withTtl} of ${total} have one.`;
  return "Evicting everything it may would not make enough room: buffers or a single key take it.";
}

/** What is held against maxmemory: buffers of replicas and of the append-only file are not. */
export const countedOf = ({ used, notCounted }: Memory): number => Math.max(0, used - notCounted);

export const memoryFacts = (memory: Memory, { total, withTtl }: redis.RedisState["keys"]): Evidence =>
  facts({
    used: sayBytes(memory.used),
    maxmemory: memory.max === 0 ? "no limit" : sayBytes(memory.max),
    policy: memory.policy,
    ...(memory.peak === null ? {} : { peak: sayBytes(memory.peak) }),
    keys: `${total}, ${withTtl} with a TTL`,
  });

const NAMES: readonly [keyof redis.RedisMemory["parts"], string][] = [
  ["dataset", "keys and values"],
  ["clients", "buffers of clients"],
  ["replicas", "buffers of replicas"],
  ["backlog", "replication backlog"],
  ["aof", "append-only file buffer"],
  ["scripts", "scripts and functions"],
  ["tables", "tables of keys, and the rest of the overhead"],
  ["startup", "the server itself"],
];

/** The parts of the memory in use, largest first; what the sample cannot find among the keys is said to be unaccounted for. */
export function partRows(memory: Memory, keys: redis.KeySample | undefined): Evidence[] {
  const named = NAMES.flatMap(([part, name]) => {
    const bytes = memory.parts[part];
    return bytes === null ? [] : [{ name, bytes }];
  });
  if (named.length === 0) return [];
  const unaccounted = unaccountedFor(memory, keys);
  const all = [
    ...named.sort((a, b) => b.bytes - a.bytes),
    ...(unaccounted === undefined
      ? []
      : [{ name: "of keys and values: unaccounted for", bytes: unaccounted }]),
  ];
  return [
    rows(`What takes ${sayBytes(memory.used)}`, all, {
      part: (one) => one.name,
      bytes: (one) => sayBytes(one.bytes),
      share: (one) => sayPercent(memory.used === 0 ? 0 : one.bytes / memory.used),
    }),
  ];
}

/** Of the keys and values, what no key explains; undefined: they were not all looked at, or it is little. */
export function unaccountedFor(memory: Memory, keys: redis.KeySample | undefined): number | undefined {
  const { dataset, tables } = memory.parts;
  if (keys === undefined || dataset === null || keys.looked < keys.keys || (keys.notSeen ?? []).length > 0)
    return undefined;
  // MEMORY USAGE counts a key's own entry in the table, too.
  const missing = dataset + (tables ?? 0) - keys.bytes;
  return missing > memory.used * 0.2 && missing > 10 * MIB ? missing : undefined;
}

export const prefixRows = (keys: redis.KeySample | undefined): Evidence[] =>
  keys === undefined || keys.prefixes.length === 0
    ? []
    : [
        rows(`By prefix (${keys.looked} of ${keys.keys} keys)`, keys.prefixes.slice(0, 8), {
          prefix: (one) => one.prefix,
          keys: (one) => one.keys,
          bytes: (one) => sayBytes(one.bytes),
          "without TTL": (one) => one.withoutTtl,
        }),
      ];
