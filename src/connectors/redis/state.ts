import { z } from "zod";
import { commandsIn, countIn, databasesOf, errorsIn, type Fields, numberIn, parseInfo } from "./info.ts";
import { Memory, memoryIn } from "./memory.ts";
import { Replication, replicationIn } from "./replication.ts";

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
  };
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
  return {
    rdbOk: isOk("rdb_last_bgsave_status"),
    aofOk: isOk("aof_last_write_status") && isOk("aof_last_bgrewrite_status"),
    aofOn: info.aof_enabled === "1",
    changesSinceSave: numberIn(info, "rdb_changes_since_last_save"),
    savedSecondsAgo: saved === null || now === null ? null : Math.max(0, now / 1e6 - saved),
    loading: info.loading === "1",
  };
}
