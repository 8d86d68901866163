import {
  type Evidence,
  type Finding,
  facts,
  type RunContext,
  type redis,
  rows,
  sayBytes,
} from "../../src/sdk/index.ts";

export const MIB = 1024 ** 2;

/** Below this the ratios of rss to used mean nothing. */
export const WORTH_A_LOOK = 100 * MIB;

/** INFO has no word of swap (trap redis-swap): less in memory than is used means that the rest is on disk. */
export const swappedOut = <const R extends string>(
  { memory: { used, rss, fragmentation } }: redis.RedisState,
  remedy: R,
): Finding<R> | false =>
  used > WORTH_A_LOOK &&
  fragmentation < 0.9 && {
    id: "swapped",
    severity: "critical",
    title: `About ${sayBytes(used - rss)} of Redis's memory is swapped out`,
    because: `Only ${sayBytes(rss)} of ${sayBytes(used)} are in memory: commands wait for the disk. The machine has too little memory.`,
    remedies: [remedy],
  };

export type Role = "cache" | "queue" | "mixed";

/** What the connection is declared to hold. */
export const roleOf = ({ system }: Pick<RunContext, "system">): Role =>
  (system.connections.find(({ kind }) => kind === "redis")?.about?.role as Role | undefined) ?? "mixed";

/** The limit to set, in bytes: as asked for, or 30 % above what is used. */
export const limitFor = ({ memory }: redis.RedisState, mebibytes: number | undefined): number =>
  mebibytes !== undefined
    ? mebibytes * MIB
    : Math.ceil(Math.max(memory.used * 1.3, memory.max * 1.25) / MIB) * MIB;

/** What may be done about a full instance depends on whether it has a limit and may lose keys. */
export const forFull = ({ memory }: redis.RedisState, role: Role) =>
  role !== "cache" || memory.max === 0
    ? (["makeRoom"] as const)
    : ([
        ...(memory.policy.startsWith("allkeys-") ? [] : (["setPolicy"] as const)),
        "raiseMaxmemory",
        "persistConfig",
        "makeRoom",
      ] as const);

/** Is there anything the policy could remove? A cache that can evict is meant to be full. */
export const canEvict = ({ memory, keys }: redis.RedisState): boolean =>
  memory.max > 0 &&
  (memory.policy.startsWith("allkeys-") || (memory.policy.startsWith("volatile-") && keys.withTtl > 0));

/** One key or one prefix is the cause, not one of many, from this share of the memory in use on. */
const MOST = 0.4;

/** What takes most of the memory: words that end a title (empty where no one thing does), and what helps against it. */
export function takerOf({ memory }: redis.RedisState, keys: redis.KeySample | undefined) {
  if (memory.buffers >= memory.used * MOST)
    return { words: `: ${sayBytes(memory.buffers)} are buffers of clients`, cure: ["slimClients"] as const };
  const key = keys?.biggest[0];
  if (key !== undefined && key.bytes >= memory.used * MOST)
    return {
      words: `: one ${key.type}, ${key.key}, takes ${sayBytes(key.bytes)}`,
      cure: ["splitKeys"] as const,
    };
  const prefix = keys?.prefixes[0];
  const looked = (keys?.prefixes ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
  const isMost = prefix !== undefined && prefix.keys > 1 && prefix.bytes >= looked / 2;
  return { words: isMost ? `, mostly by ${prefix.prefix}` : "", cure: [] as const };
}

export function whyNothingEvicted({ memory, keys }: redis.RedisState): string {
  if (memory.policy === "noeviction") return "With noeviction nothing is ever removed to make room.";
  if (memory.policy.startsWith("volatile-"))
    return `${memory.policy} removes keys with a TTL only, and ${keys.withTtl} of ${keys.total} have one.`;
  return "Evicting everything it may would not make enough room: buffers or a single key take it.";
}

export const memoryFacts = ({ memory, keys }: redis.RedisState): Evidence =>
  facts({
    used: sayBytes(memory.used),
    maxmemory: memory.max === 0 ? "no limit" : sayBytes(memory.max),
    policy: memory.policy,
    peak: sayBytes(memory.peak),
    keys: `${keys.total}, ${keys.withTtl} with a TTL`,
  });

export const prefixRows = (keys: redis.KeySample | undefined): Evidence[] =>
  keys === undefined
    ? []
    : [
        rows(`By prefix (${keys.looked} of ${keys.keys} keys)`, keys.prefixes.slice(0, 8), {
          prefix: (one) => one.prefix,
          keys: (one) => one.keys,
          bytes: (one) => sayBytes(one.bytes),
          "without TTL": (one) => one.withoutTtl,
        }),
      ];

/** Below this size, in bytes, the key's own overhead is most of it. */
const SMALL_KEY = 150;

/** How room is made, by what holds it and by what may be lost. */
export function roomAdvice(
  { state, keys }: { readonly state?: redis.RedisState; readonly keys?: redis.KeySample },
  context: RunContext<{ readonly maxmemoryMiB?: number | undefined }>,
): string {
  const worst = keys?.prefixes[0];
  const holder =
    worst === undefined
      ? ""
      : ` ${worst.prefix} holds most (${worst.keys} of ${keys?.looked} keys looked at, ${sayBytes(worst.bytes)}, ${worst.withoutTtl} without a TTL): give them a TTL, or remove what is not needed with UNLINK in batches.`;
  const small =
    worst !== undefined && worst.strings >= 1_000 && worst.bytes / worst.keys < SMALL_KEY
      ? ` They are many small strings (${Math.round(worst.bytes / worst.keys)} bytes each, mostly overhead): as fields of hashes of about 100 (HSET) they take a fraction.`
      : "";
  const role = roleOf(context);
  const limit =
    state !== undefined && state.memory.max > 0
      ? ` If the machine has it, CONFIG SET maxmemory ${limitFor(state, context.params.maxmemoryMiB)}.`
      : "";
  const keep =
    role === "cache"
      ? ""
      : ` The connection's role is ${role}, so diagbot changes neither limit nor policy: evicting would lose jobs or sessions. Let consumers catch up, remove finished jobs, and put the cache on an instance of its own.`;
  return `${keep}${holder}${small}${limit}`.trim();
}
