import { z } from "zod";
import { type Fields, numberIn } from "./info.ts";

const bytes = z.number().nullable();

/** What the memory in use is used for. Null: this version or service does not say it. */
const Parts = z.object({
  /** What is left of `used` once everything else is taken off: keys and values, and what nobody accounts for. */
  dataset: bytes,
  /** Answers that clients have not read yet, and what they sent; subscribers included. */
  clients: bytes,
  replicas: bytes,
  /** What a replica that comes back is given from. */
  backlog: bytes,
  aof: bytes,
  /** Functions, scripts and the engine that runs them. */
  scripts: bytes,
  startup: bytes,
  /** Tables of keys and TTLs, and everything else that the server counts but does not name. */
  tables: bytes,
});
export type MemoryParts = z.infer<typeof Parts>;

export const Memory = z.object({
  used: z.number(),
  peak: bytes,
  rss: bytes,
  /** 0: no limit. */
  max: z.number(),
  policy: z.string(),
  /** rss / used. */
  fragmentation: z.number().nullable(),
  /** Of used, but not held against maxmemory: buffers of replicas and of the append-only file. */
  notCounted: z.number(),
  /** Of the machine, as the server sees it: a container's limit does not show. */
  system: bytes,
  parts: Parts,
});
export type RedisMemory = z.infer<typeof Memory>;

/** Null: this server says nothing of its memory. */
export function memoryIn(info: Fields): RedisMemory | null {
  const n = (name: string) => numberIn(info, name);
  const used = n("used_memory");
  if (used === null) return null;
  const rss = n("used_memory_rss");
  return {
    used,
    peak: n("used_memory_peak"),
    rss: rss === 0 ? null : rss,
    max: n("maxmemory") ?? 0,
    policy: (info.maxmemory_policy ?? "").slice(0, 40),
    fragmentation: rss === null || rss === 0 || used === 0 ? null : rss / used,
    notCounted: n("mem_not_counted_for_evict") ?? 0,
    system: n("total_system_memory") || null,
    parts: partsIn(info),
  };
}

function partsIn(info: Fields): MemoryParts {
  const n = (name: string) => numberIn(info, name);
  const overhead = n("used_memory_overhead");
  const named = {
    clients: n("mem_clients_normal"),
    replicas: n("mem_clients_slaves"),
    backlog: n("mem_replication_backlog"),
    aof: n("mem_aof_buffer"),
    scripts: n("used_memory_scripts") ?? n("used_memory_lua"),
    startup: n("used_memory_startup"),
  };
  const sum = Object.values(named).reduce<number>((total, part) => total + (part ?? 0), 0);
  return {
    dataset: n("used_memory_dataset"),
    ...named,
    tables: overhead === null ? null : Math.max(0, overhead - sum),
  };
}

/** One part is the cause, not one of many, from this share of the memory in use on. */
export const MOST = 0.4;

/** Buffers of clients and replicas. */
export const buffersOf = ({ parts: { clients, replicas } }: RedisMemory): number =>
  (clients ?? 0) + (replicas ?? 0);

/** Parts that are no keys and may grow without end. */
const BESIDE_KEYS = ["clients", "replicas", "backlog", "aof", "scripts"] as const;
export type BesideKeys = (typeof BESIDE_KEYS)[number];

/**
 * Something else than keys takes most of it: no key that is removed makes room, so eviction empties the cache and helps nothing.
 * The largest of these parts; undefined: keys do.
 */
export function takenBesideKeys({
  used,
  parts,
}: RedisMemory): { readonly part: BesideKeys; readonly bytes: number } | undefined {
  const all = BESIDE_KEYS.map((part) => ({ part, bytes: parts[part] ?? 0 }));
  const sum = all.reduce((total, { bytes }) => total + bytes, 0);
  return used > 0 && sum >= used * MOST ? all.toSorted((a, b) => b.bytes - a.bytes)[0] : undefined;
}

/** For people: what the part is. */
export const SAY_PART: Readonly<Record<BesideKeys, string>> = {
  clients: "buffers of clients",
  replicas: "buffers of replicas",
  backlog: "the replication backlog",
  aof: "the append-only file's buffer",
  scripts: "scripts and functions",
};
