import {
  chosenOf,
  count,
  type OutputOf,
  type RunContext,
  redis,
  rows,
  sayBytes,
  sayDuration,
} from "../../src/sdk/index.ts";
import { limitFor, MIB, type Role, roleOf } from "./memory.ts";

/** What takes most of the memory. What helps is decided by it: room for keys does not help against buffers. */
export type Taker =
  | { readonly what: "part"; readonly part: redis.BesideKeys; readonly bytes: number; readonly words: string }
  | { readonly what: "key"; readonly key: redis.KeySample["biggest"][number] }
  | { readonly what: "prefix"; readonly prefix: redis.KeySample["prefixes"][number] }
  /** Those looked at are small, and what is in use is not: the rest of the keys holds it. */
  | { readonly what: "unseen"; readonly looked: number; readonly keys: number }
  | { readonly what: "many" };

/** Pure. */
export function takerOf(
  memory: redis.RedisMemory,
  keys: redis.KeySample | undefined,
  clients: Clients | undefined,
): Taker {
  const taken = redis.takenBesideKeys(memory);
  if (taken !== undefined) return { what: "part", ...taken, words: wordsOf(taken.part, clients) };
  const key = keys?.biggest[0];
  if (key !== undefined && key.bytes >= memory.used * redis.MOST) return { what: "key", key };
  if (keys !== undefined && isElsewhere(memory, keys))
    return { what: "unseen", looked: keys.looked, keys: keys.keys };
  const prefix = keys?.prefixes[0];
  const looked = (keys?.prefixes ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
  if (prefix !== undefined && prefix.keys > 1 && prefix.bytes >= looked / 2)
    return { what: "prefix", prefix };
  return { what: "many" };
}

/** A sample speaks for the rest only if the rest is like it: many times its size must be about what is in use. */
function isElsewhere(
  { parts: { dataset } }: redis.RedisMemory,
  { keys, looked, bytes }: redis.KeySample,
): boolean {
  if (dataset === null || looked === 0 || looked >= keys) return false;
  return (bytes / looked) * keys < dataset / 2;
}

type Clients = OutputOf<typeof redis.listClients>;

/** Subscribers that do not read are counted among the clients. */
function wordsOf(part: redis.BesideKeys, clients: Clients | undefined): string {
  const { subscriber = 0, normal = 0 } = clients?.byMemory ?? {};
  return part === "clients" && subscriber > normal ? "buffers of subscribers" : redis.SAY_PART[part];
}

/** Words that end a title; empty where no one thing does. */
export function sayTaker(taker: Taker): string {
  if (taker.what === "part") return `: ${sayBytes(taker.bytes)} are ${taker.words}`;
  if (taker.what === "key")
    return `: one ${taker.key.type}, ${taker.key.key}, takes ${sayBytes(taker.key.bytes)}`;
  if (taker.what === "unseen")
    return `: most is in keys that were not looked at (${taker.looked} of ${taker.keys} were)`;
  return taker.what === "prefix" ? `, mostly by ${taker.prefix.prefix}` : "";
}

const PART_CURES = {
  clients: "slimClients",
  replicas: "slimReplicas",
  backlog: "shrinkBacklog",
  aof: "freeFile",
  scripts: "shortScripts",
} as const;

/** Remedies against a full server, the surest first: by what takes it, then by what may be lost. */
export function curesOf(taker: Taker, memory: redis.RedisMemory, role: Role) {
  if (taker.what === "part") return [PART_CURES[taker.part]] as const;
  const split =
    taker.what === "key"
      ? (["splitKeys"] as const)
      : taker.what === "unseen"
        ? (["findBigKeys"] as const)
        : [];
  if (role !== "cache" || memory.max === 0) return [...split, "makeRoom"] as const;
  const policy = memory.policy.startsWith("allkeys-") ? [] : (["setPolicy"] as const);
  return [...split, ...policy, "raiseMaxmemory", "persistConfig", "makeRoom"] as const;
}

export const clientRows = (clients: Clients | undefined) =>
  clients === undefined || clients.groups.length === 0
    ? []
    : [
        rows("Who is connected", clients.groups.slice(0, 8), {
          from: (one) => one.address,
          name: (one) => one.name || "–",
          kind: (one) => one.kind,
          connections: (one) => one.connections,
          buffers: (one) => sayBytes(one.bytes),
          "last command": (one) => one.command,
          idle: (one) => (one.idleSeconds === null ? "–" : sayDuration(one.idleSeconds * 1000)),
        }),
      ];

/** What is done about buffers: only their clients make them smaller. */
export function slimAdvice({ clients }: { readonly clients?: Clients }): string {
  const top = clients?.groups[0];
  const who =
    top === undefined || top.bytes < MIB
      ? "CLIENT LIST: sort by `tot-mem` and `omem`."
      : `${top.name || top.address} (${top.kind}, ${count(top.connections, "connection")}, last command ${top.command}) holds ${sayBytes(top.bytes)}.`;
  return `${who} A client, subscriber or MONITOR that does not read piles up output; a loop that asks for huge answers without reading them does the same. Stop or repair that client (CLIENT KILL ID <id> frees its buffer at once; it connects again); then bound them: client-output-buffer-limit for subscribers and normal clients, maxmemory-clients (7.0). More memory or eviction only feeds it.`;
}

/** Below this size, in bytes, the key's own overhead is most of it. */
const SMALL_KEY = 150;

/** How room is made, by what holds it and by what may be lost. Nothing that loses jobs is ever said of a queue or mixed instance. */
export function roomAdvice(
  { state, keys }: { readonly state?: redis.RedisState; readonly keys?: redis.KeySample },
  context: RunContext<{ readonly maxmemoryMiB?: number | undefined }>,
): string {
  const worst = keys?.prefixes[0];
  const role = roleOf(context);
  const memory = state?.memory ?? null;
  const limit =
    memory === null || memory.max === 0
      ? " Give it a limit well below the machine's or container's memory, so that it refuses before the kernel kills it."
      : ` If the machine has it, CONFIG SET maxmemory ${limitFor(memory, context.params.maxmemoryMiB)}.`;
  const holds =
    worst === undefined
      ? ""
      : `${worst.prefix} holds most (${worst.keys} of ${keys?.looked} keys looked at, ${sayBytes(worst.bytes)}, ${worst.withoutTtl} without a TTL)`;
  const small =
    worst !== undefined && worst.strings >= 1_000 && worst.bytes / worst.keys < SMALL_KEY
      ? ` They are many small strings (${Math.round(worst.bytes / worst.keys)} bytes each, mostly overhead): as fields of hashes of about 100 (HSET) they take a fraction.`
      : "";
  if (role === "cache") {
    const free =
      holds === "" ? "" : `${holds}: give them a TTL, or remove what is not needed with UNLINK in batches.`;
    return `${free}${small}${limit}`.trim();
  }
  const keep = `The role of ${chosenOf(context, "redis")?.name ?? "the connection"} is ${role}, so diagbot changes neither limit nor policy, and no key here may be dropped to make room: it may be a job, a session or a lock.`;
  return `${keep}${holds === "" ? "" : ` ${holds}.`} Let consumers catch up (are they running, do they fail?), let the queue's own library keep fewer finished jobs (BullMQ removeOnComplete), and put a cache on an instance of its own.${small}${limit}`;
}

/** How a big key gets smaller, by what may be lost. */
export function splitAdvice(
  { keys }: { readonly keys?: redis.KeySample },
  context: RunContext<{ readonly bigKeyMiB: number }>,
): string {
  const all = keys?.biggest ?? [];
  const above = all.filter(({ bytes }) => bytes >= context.params.bigKeyMiB * MIB);
  const big = above.length > 0 ? above : all.slice(0, 1);
  const named = big.map(({ key, type, bytes }) => `${key} (${type}, ${sayBytes(bytes)})`).join(", ");
  const role = roleOf(context);
  if (role === "cache")
    return `Find out what writes ${named} and bound it: LTRIM for lists, XTRIM for streams, a TTL, or many small hashes. Remove one only if it can be computed again, with UNLINK (DEL blocks the server while it frees).`;
  return `Find out what writes ${named}. The connection's role is ${role}: a list, stream or sorted set here may be jobs nobody has done yet, so look at its consumers first (are they running, do they fall behind?) and let them work it off; do not cut it. What is no job belongs into many smaller keys, by its writer.`;
}
