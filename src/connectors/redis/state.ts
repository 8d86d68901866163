import { z } from "zod";
import { commandsIn, countIn, databasesOf, errorsIn, type Fields, numberIn, parseInfo } from "./info.ts";
import { Memory, memoryIn } from "./memory.ts";
import { Replication, replicationIn } from "./replication.ts";

export const SLOTS = 16_384;

export const Cluster = z.object({
  /** In its own words: `ok` or `fail`. */
  state: z.string(),
  /** Of 16,384. */
  slotsCovered: z.int(),
  /** Of masters that do not answer, and of those most agree are gone. */
  slotsDoubtful: z.int(),
  slotsFailed: z.int(),
  nodes: z.int(),
  /** Masters with slots. */
  masters: z.int(),
  /** Slots that belong to no node at all; null: not said. */
  slotsUnassigned: z.int().nullable().default(null),
  /** Masters that this node cannot reach (`fail?`) or most agree are gone (`fail`), at most 20. Asked where something is wrong. */
  failing: z.array(z.object({ address: z.string(), isAgreed: z.boolean(), slots: z.int() })).default([]),
  /** Nodes without slots that are gone, and masters that have no replica left while others have one, at most 20 each. */
  gone: z.array(z.string()).default([]),
  bare: z.array(z.string()).default([]),
});

/** What INFO says. Null: this version, product or service does not say it. */
export const State = z.object({
  /** `redis`, `valkey`, `dragonfly`, … */
  product: z.string(),
  version: z.string(),
  mode: z.enum(["standalone", "cluster", "sentinel"]),
  role: z.enum(["master", "replica"]),
  uptimeSeconds: z.number().nullable(),
  clients: z.object({ connected: z.int().nullable(), max: z.int().nullable(), blocked: z.int().nullable() }),
  memory: Memory.nullable(),
  keys: z.object({ total: z.number(), withTtl: z.number() }),
  /** Counted since the server started. */
  totals: z.object({
    hits: z.number(),
    misses: z.number(),
    evicted: z.number(),
    expired: z.number(),
    oomErrors: z.number(),
    readOnlyErrors: z.number(),
    rejectedConnections: z.number(),
    /** FLUSHALL and FLUSHDB. */
    flushes: z.number(),
  }),
  persistence: z.object({
    rdbOk: z.boolean(),
    aofOk: z.boolean(),
    aofOn: z.boolean(),
    changesSinceSave: z.number().nullable(),
    savedSecondsAgo: z.number().nullable(),
    loading: z.boolean(),
    /** `save` of its configuration: `3600 1 300 100`; empty: it never saves by itself. Null: it may not be asked. */
    rules: z.string().nullable().default(null),
    /** How long the last fork held all clients. Null: there was none. */
    forkMs: z.number().nullable().default(null),
    /** How long the save or rewrite that runs now has run; null: none does. */
    savingSeconds: z.number().nullable().default(null),
    lastSaveSeconds: z.number().nullable().default(null),
  }),
  replication: Replication,
  /** Null: no node of a cluster, or it does not say. */
  cluster: Cluster.nullable(),
});
export type RedisState = z.infer<typeof State>;

/** The state in INFO's text. */
export function stateOf(text: string): RedisState {
  const info = parseInfo(text);
  const databases = databasesOf(info);
  const errors = errorsIn(info);
  const commands = commandsIn(info);
  return {
    ...productIn(info),
    mode: modeIn(info),
    role: info.role === "slave" ? "replica" : "master",
    uptimeSeconds: numberIn(info, "uptime_in_seconds"),
    clients: {
      connected: numberIn(info, "connected_clients"),
      max: numberIn(info, "maxclients"),
      blocked: numberIn(info, "blocked_clients"),
    },
    memory: memoryIn(info),
    keys: {
      total: databases.reduce((sum, { keys }) => sum + keys, 0),
      withTtl: databases.reduce((sum, { withTtl }) => sum + withTtl, 0),
    },
    totals: {
      hits: countIn(info, "keyspace_hits"),
      misses: countIn(info, "keyspace_misses"),
      evicted: countIn(info, "evicted_keys"),
      expired: countIn(info, "expired_keys"),
      oomErrors: errors.OOM ?? 0,
      readOnlyErrors: errors.READONLY ?? 0,
      rejectedConnections: countIn(info, "rejected_connections"),
      flushes: (commands.get("flushall")?.calls ?? 0) + (commands.get("flushdb")?.calls ?? 0),
    },
    persistence: persistenceIn(info),
    replication: replicationIn(info),
    cluster: null,
  };
}

/** What CLUSTER INFO says. */
export function clusterOf(text: string): RedisState["cluster"] {
  const info = parseInfo(text);
  if (info.cluster_state === undefined) return null;
  return {
    state: info.cluster_state.slice(0, 20),
    slotsCovered: countIn(info, "cluster_slots_ok"),
    slotsDoubtful: countIn(info, "cluster_slots_pfail"),
    slotsFailed: countIn(info, "cluster_slots_fail"),
    nodes: countIn(info, "cluster_known_nodes"),
    masters: countIn(info, "cluster_size"),
    slotsUnassigned:
      info.cluster_slots_assigned === undefined ? null : SLOTS - countIn(info, "cluster_slots_assigned"),
    failing: [],
    gone: [],
    bare: [],
  };
}

/** `07c3… 127.0.0.1:30004@31004,host master,fail - 0 1426238317239 4 connected 0-5460 5462`: the masters among them that fail. */
export const failingIn = (nodes: string): z.infer<typeof Cluster>["failing"] =>
  nodes
    .split("\n")
    .flatMap((line) => {
      const [, address = "", flags = "", , , , , , ...slots] = line.slice(0, 20_000).trim().split(" ");
      const words = flags.split(",");
      const isAgreed = words.includes("fail");
      if (!words.includes("master") || !(isAgreed || words.includes("fail?"))) return [];
      const own = slots.reduce((sum, range) => sum + sizeOf(range), 0);
      return [{ address: (address.split("@", 1)[0] ?? "").slice(0, 120), isAgreed, slots: own }];
    })
    .slice(0, 20);

/** `0-5460` or `5462`; `[77->-…]` is a slot on its way, counted with its owner. */
function sizeOf(range: string): number {
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? [];
  return from === undefined ? 0 : Number(to ?? from) - Number(from) + 1;
}

/** They all give a redis_version for old clients; a field of their own tells them apart. */
const PRODUCTS = ["valkey", "dragonfly", "kvrocks", "garnet", "pika", "keydb"] as const;

function productIn(info: Fields): Pick<RedisState, "product" | "version"> {
  const product = PRODUCTS.find((one) => info[`${one}_version`] !== undefined || info.server_name === one);
  const version = (product && info[`${product}_version`]) ?? info.redis_version ?? "";
  return { product: product ?? "redis", version: version.slice(0, 40) };
}

function modeIn(info: Fields): RedisState["mode"] {
  if (info.redis_mode === "sentinel") return "sentinel";
  return info.redis_mode === "cluster" || info.cluster_enabled === "1" ? "cluster" : "standalone";
}

function persistenceIn(info: Fields): RedisState["persistence"] {
  const isOk = (name: string) => (info[name] ?? "ok") === "ok";
  const saved = numberIn(info, "rdb_last_save_time");
  const now = numberIn(info, "server_time_usec");
  const forked = numberIn(info, "latest_fork_usec");
  return {
    rdbOk: isOk("rdb_last_bgsave_status"),
    aofOk: isOk("aof_last_write_status") && isOk("aof_last_bgrewrite_status"),
    aofOn: info.aof_enabled === "1",
    changesSinceSave: numberIn(info, "rdb_changes_since_last_save"),
    savedSecondsAgo: saved === null || now === null ? null : Math.max(0, now / 1e6 - saved),
    loading: info.loading === "1",
    rules: null,
    forkMs: forked === null || forked === 0 ? null : forked / 1000,
    savingSeconds:
      numberIn(info, "rdb_current_bgsave_time_sec") ?? numberIn(info, "aof_current_rewrite_time_sec"),
    lastSaveSeconds: numberIn(info, "rdb_last_bgsave_time_sec"),
  };
}
