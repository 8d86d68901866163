import { count, type Finding, type redis, sayBytes, sayPercent, table } from "../../src/sdk.ts";
import {
  type Context,
  limitFor,
  memoryFacts,
  type Remedy,
  roleOf,
  type Sees,
} from "./redis-memory-findings.ts";

/** What may be done about a full instance depends on whether it may lose keys. */
function remediesOfFull(state: redis.RedisState, context: Context): Remedy[] {
  if (roleOf(context) !== "cache") return ["makeRoom"];
  return [
    ...(state.memory.policy.startsWith("allkeys-") ? [] : (["setPolicy"] as const)),
    "raiseMaxmemory",
    "persistConfig",
    "makeRoom",
  ];
}

/** Is there anything the policy could remove? A cache that can evict is meant to be full. */
const canEvict = ({ memory, keys }: redis.RedisState): boolean =>
  memory.policy.startsWith("allkeys-") || (memory.policy.startsWith("volatile-") && keys.withTtl > 0);

export function full({ state, write, rates, keys }: Sees, context: Context): Finding<Remedy>[] {
  const refuses = (!write.ok && write.error.detail === "OOM") || (rates.ok && rates.value.oomErrors > 0);
  if (!state.ok) return [];
  const { memory, totals } = state.value;
  const evidence = [memoryFacts(state.value), ...(keys.ok ? [prefixTable(keys.value)] : [])];
  const taker = takerOf(state.value, keys);
  if (refuses)
    return [
      {
        id: "oom",
        severity: "critical",
        title: `Redis refuses writes: ${sayBytes(memory.used)} of ${sayBytes(memory.max)} are used and the policy is ${memory.policy}${taker.words}`,
        because: `${whyNothingEvicted(state.value)} ${count(totals.oomErrors, "write")} answered with OOM since the start.`,
        evidence,
        restsOn: ["write"],
        remedies: [...taker.cure, ...remediesOfFull(state.value, context)],
      },
    ];
  const limit = memory.max > 0 ? memory.max : memory.system;
  const ratio = limit === 0 ? 0 : memory.used / limit;
  if (memory.max > 0 && canEvict(state.value)) return [];
  if (ratio < context.thresholds.memory) return [];
  return [
    {
      id: "nearly-full",
      severity: "warning",
      title: `Redis uses ${sayPercent(ratio)} of ${memory.max > 0 ? "maxmemory" : "the machine's memory"} (${sayBytes(memory.used)} of ${sayBytes(limit)})${taker.words}`,
      because:
        memory.max > 0
          ? `${whyNothingEvicted(state.value)} At the limit every write fails with OOM.`
          : "maxmemory is 0, so nothing stops it before the kernel's out-of-memory killer does.",
      evidence,
      remedies: [
        ...taker.cure,
        ...(memory.max > 0 ? remediesOfFull(state.value, context) : (["makeRoom"] as const)),
      ],
    },
  ];
}

/** One key or one prefix is the cause, not one of many, from this share of the memory in use on. */
const MOST = 0.4;

interface Taker {
  /** Ends the title; empty where no one thing takes most. */
  readonly words: string;
  readonly cure: readonly Remedy[];
}

/** What takes most of the memory. */
function takerOf({ memory }: redis.RedisState, keys: Sees["keys"]): Taker {
  if (memory.buffers >= memory.used * MOST)
    return { words: `: ${sayBytes(memory.buffers)} are buffers of clients`, cure: ["slimClients"] };
  if (!keys.ok) return { words: "", cure: [] };
  const { biggest, prefixes } = keys.value;
  const [key] = biggest;
  if (key !== undefined && key.bytes >= memory.used * MOST)
    return { words: `: one ${key.type}, ${key.key}, takes ${sayBytes(key.bytes)}`, cure: ["splitKeys"] };
  const [prefix] = prefixes;
  const looked = prefixes.reduce((sum, { bytes }) => sum + bytes, 0);
  const isMost = prefix !== undefined && prefix.keys > 1 && prefix.bytes >= looked / 2;
  return { words: isMost ? `, mostly by ${prefix.prefix}` : "", cure: [] };
}

function whyNothingEvicted({ memory, keys }: redis.RedisState): string {
  if (memory.policy === "noeviction") return "With noeviction nothing is ever removed to make room.";
  if (memory.policy.startsWith("volatile-"))
    return `${memory.policy} removes keys with a TTL only, and ${keys.withTtl} of ${keys.total} have one.`;
  return "Evicting everything it may would not make enough room: buffers or a single key take it.";
}

const prefixTable = ({ prefixes, looked, keys }: redis.KeySample) =>
  table(
    ["prefix", "keys", "bytes", "without TTL"],
    prefixes.slice(0, 8).map((one) => [one.prefix, one.keys, sayBytes(one.bytes), one.withoutTtl]),
    `By prefix (${looked} of ${keys} keys)`,
  );

/** Below this size, in bytes, the key's own overhead is most of it. */
const SMALL_KEY = 150;

export function roomAdvice({ state, keys }: Sees, context: Context): string {
  const worst = keys.ok ? keys.value.prefixes[0] : undefined;
  const holder =
    worst === undefined || !keys.ok
      ? ""
      : ` ${worst.prefix} holds most (${worst.keys} of ${keys.value.looked} keys looked at, ${sayBytes(worst.bytes)}, ${worst.withoutTtl} without a TTL): give them a TTL, or remove what is not needed with UNLINK in batches.`;
  const small =
    worst !== undefined && worst.strings >= 1_000 && worst.bytes / worst.keys < SMALL_KEY
      ? ` They are many small strings (${Math.round(worst.bytes / worst.keys)} bytes each, mostly overhead): as fields of hashes of about 100 (HSET) they take a fraction.`
      : "";
  const role = roleOf(context);
  const limit =
    state.ok && state.value.memory.max > 0
      ? ` If the machine has it, CONFIG SET maxmemory ${limitFor(state.value, context.params.maxmemoryMiB)}.`
      : "";
  const keep =
    role === "cache"
      ? ""
      : ` The connection's role is ${role}, so diagbot changes neither limit nor policy: evicting would lose jobs or sessions. Let consumers catch up, remove finished jobs, and put the cache on an instance of its own.`;
  return `${keep}${holder}${small}${limit}`.trim();
}
