import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { within } from "../../lib/deadline.ts";
import { ownLag } from "../../lib/own-lag.ts";
import type { RedisClient } from "./client.ts";
import { timeoutAt, toRedisError } from "./errors.ts";
import { callsOf, databasesOf, errorCountOf, numberOf, parseInfo } from "./info.ts";

const { read } = actionsOn<RedisClient>("redis");

const PINGS = 20;
const STAGE_MS = 3_000;

/**
 * A connection from scratch: name, TCP, login, twenty PINGs timed less our own delay (a busy bot is no slow Redis). The error names the stage or the reply that failed.
 * Traps redis-ping-auth (redis-cli exits 0 on NOAUTH), redis-latency (--latency never ends). sergas-agents.cache-slow.
 */
export const checkConnection = read({
  name: "redis.check-connection",
  title: "Connect, log in and answer",
  timeoutSeconds: 12,
  input: z.object({}),
  output: z.object({
    dnsMs: z.number(),
    tcpMs: z.number(),
    loginMs: z.number(),
    pingMedianMs: z.number(),
    pingWorstMs: z.number(),
  }),
  run: async (client, _input, context) => {
    const { host, port } = client.endpoint;
    const dnsMs = await timed(() => addressOf(host));
    const tcpMs = await timed(() => touch(host, port));
    const start = performance.now();
    return client.useOwn(context, async (redis) => {
      await expectPong(redis.call("PING"));
      const loginMs = round(performance.now() - start);
      const pings: number[] = [];
      for (let i = 0; i < PINGS; i++) {
        const lag = await ownLag();
        pings.push(round(Math.max(0, (await timed(() => expectPong(redis.call("PING")))) - lag)));
      }
      pings.sort((a, b) => a - b);
      const pingMedianMs = pings[PINGS / 2] ?? 0;
      return { dnsMs, tcpMs, loginMs, pingMedianMs, pingWorstMs: pings[PINGS - 1] ?? 0 };
    });
  },
});

async function expectPong(reply: Promise<unknown>): Promise<void> {
  const word = await reply;
  if (word !== "PONG") throw toRedisError(new Error(`PING was answered with ${String(word).slice(0, 60)}`));
}

const addressOf = (host: string) =>
  within(lookup(host), { ms: STAGE_MS, late: () => timeoutAt("tcp", STAGE_MS) }).catch((thrown: unknown) => {
    throw toRedisError(thrown);
  });

const touch = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: STAGE_MS });
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    socket.once("connect", () => end(resolve));
    socket.once("timeout", () => end(() => reject(timeoutAt("tcp", STAGE_MS))));
    socket.once("error", (error) => end(() => reject(toRedisError(error))));
  });

const round = (ms: number) => Math.round(ms * 100) / 100;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return round(performance.now() - start);
}

/**
 * Would a write be accepted? `MULTI`, `SET`, `DISCARD`: Redis decides about a queued write as about a real one (OOM, MISCONF,
 * READONLY, NOREPLICAS), but DISCARD throws it away, so nothing changes. A refusal is the error's `detail`. Null: nobody can
 * say, as the bot's own user may not write, or it is a replica where one may be.
 */
export const checkWrite = read({
  name: "redis.check-write",
  title: "Ask whether a write would be accepted",
  input: z.object({ mayBeReplica: z.boolean().default(false) }),
  output: z.object({ accepted: z.literal(true).nullable() }),
  run: (client, { mayBeReplica }, context) =>
    client.useOwn(context, async (redis) => {
      const [multi, queued] = await redis.all([["MULTI"], ["SET", "diagbot:would-write", "1"], ["DISCARD"]]);
      for (const reply of [multi, queued]) {
        const error = reply instanceof Error ? toRedisError(reply) : undefined;
        if (error?.detail === "NOPERM") return { accepted: null };
        if (error?.detail === "READONLY" && mayBeReplica) return { accepted: null };
        if (error !== undefined) throw error;
      }
      return { accepted: true as const };
    }),
});

const State = z.object({
  version: z.string(),
  role: z.enum(["master", "replica"]),
  uptimeSeconds: z.number(),
  clients: z.object({ connected: z.int(), max: z.int(), blocked: z.int() }),
  memory: z.object({
    used: z.number(),
    peak: z.number(),
    rss: z.number(),
    /** 0: no limit. */
    max: z.number(),
    policy: z.string(),
    /** rss / used; below 1 a part of it is swapped out. */
    fragmentation: z.number(),
    /** Buffers of clients and replicas. */
    buffers: z.number(),
    system: z.number(),
  }),
  keys: z.object({ total: z.number(), withTtl: z.number() }),
  /** Counted since the server started. */
  totals: z.object({
    hits: z.number(),
    misses: z.number(),
    evicted: z.number(),
    expired: z.number(),
    oomErrors: z.number(),
    rejectedConnections: z.number(),
    /** FLUSHALL and FLUSHDB. */
    flushes: z.number(),
  }),
  persistence: z.object({
    rdbOk: z.boolean(),
    aofOk: z.boolean(),
    changesSinceSave: z.number(),
    loading: z.boolean(),
  }),
  replication: z.object({
    masterLinkUp: z.boolean().nullable(),
    masterSilentSeconds: z.number(),
    replicas: z.int(),
  }),
});
export type RedisState = z.infer<typeof State>;

/**
 * INFO as typed fields. There is no hit rate and no swap in it (traps redis-hit-rate, redis-swap): both are derived.
 * ai-saas.cache-memory, sergas-agents.cache-performance.
 */
export const serverState = read({
  name: "redis.server-state",
  title: "Memory, clients, persistence and replication",
  input: z.object({}),
  output: State,
  run: (client, _input, context) =>
    client.use(context, async (redis) => stateOf(String(await redis.call("INFO", "everything")))),
});

/** The state in INFO's text. */
export function stateOf(text: string): RedisState {
  const info = parseInfo(text);
  const n = (name: string) => numberOf(info, name);
  const databases = databasesOf(info);
  const isReplica = info.role === "slave";
  return {
    version: info.redis_version ?? info.valkey_version ?? "",
    role: isReplica ? "replica" : "master",
    uptimeSeconds: n("uptime_in_seconds"),
    clients: { connected: n("connected_clients"), max: n("maxclients"), blocked: n("blocked_clients") },
    memory: {
      used: n("used_memory"),
      peak: n("used_memory_peak"),
      rss: n("used_memory_rss"),
      max: n("maxmemory"),
      policy: info.maxmemory_policy ?? "",
      fragmentation: n("used_memory_rss") / Math.max(1, n("used_memory")),
      buffers: n("mem_clients_normal") + n("mem_clients_slaves"),
      system: n("total_system_memory"),
    },
    keys: {
      total: databases.reduce((sum, { keys }) => sum + keys, 0),
      withTtl: databases.reduce((sum, { withTtl }) => sum + withTtl, 0),
    },
    totals: {
      hits: n("keyspace_hits"),
      misses: n("keyspace_misses"),
      evicted: n("evicted_keys"),
      expired: n("expired_keys"),
      oomErrors: errorCountOf(info, "OOM"),
      rejectedConnections: n("rejected_connections"),
      flushes: callsOf(info, "flushall") + callsOf(info, "flushdb"),
    },
    persistence: {
      rdbOk: (info.rdb_last_bgsave_status ?? "ok") === "ok",
      aofOk:
        (info.aof_last_write_status ?? "ok") === "ok" && (info.aof_last_bgrewrite_status ?? "ok") === "ok",
      changesSinceSave: n("rdb_changes_since_last_save"),
      loading: n("loading") === 1,
    },
    replication: {
      masterLinkUp: isReplica ? info.master_link_status === "up" : null,
      masterSilentSeconds: isReplica
        ? Math.max(0, n("master_last_io_seconds_ago"), n("master_link_down_since_seconds"))
        : 0,
      replicas: n("connected_slaves"),
    },
  };
}
