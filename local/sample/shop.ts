import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import type { Cluster } from "../services/postgres.ts";
import type { RedisServer } from "../services/redis.ts";
import type { Supervisor } from "../services/supervisor.ts";
import type { TryoutFolder } from "../tryout/folder.ts";
import { until } from "../tryout/until.ts";
import type { Bug } from "./bugs.ts";
import { createBusyness } from "./busyness.ts";
import { ROLES, type ShopPasswords } from "./schema.ts";
import { openSession, type Session } from "./session.ts";

/** Folders with a size budget, as disks have; bytes. */
export const BUDGETS = { logs: 40 << 20, uploads: 40 << 20, workerMemory: 260 << 20 } as const;

/** A part of the shop that can be taken away and brought back; either is harmless when it is so already. */
export interface Service {
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** The running sample system, as faults and monitoring see it. */
export interface Shop {
  readonly apiUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly folders: { readonly logs: string; readonly uploads: string };
  /** Where this machine has no redis-server, those of the cache do nothing. */
  readonly services: { readonly database: Service; readonly cache: Service; readonly api: Service };
  /** What monitoring sees: a superuser session, so that it works when all ordinary slots are taken. */
  watch<R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  /** A session of the application's role under a name of its own, kept until it is ended or closed. */
  session(applicationName: string): Promise<Session>;
  /** Ends every session of that name, whoever opened it. */
  closeSessions(applicationName: string): Promise<void>;
  /** Throws where this machine has no redis-server. */
  cache(): Redis;
  /** Does something again and again until `relieve`; what fails is tried again. */
  keepBusy(name: string, everyMs: number, step: () => Promise<void>): void;
  relieve(name: string): Promise<void>;
  /** Makes the worker do something wrong. */
  plant(bug: Bug): Promise<void>;
  workerPid(): number | undefined;
  restartWorker(): Promise<void>;
  stop(): Promise<void>;
}

export interface ShopParts {
  readonly cluster: Cluster;
  readonly redis: RedisServer | undefined;
  readonly supervisor: Supervisor;
  readonly passwords: ShopPasswords;
  readonly port: number;
  readonly folder: TryoutFolder;
}

const WORKER = "shop-worker";
const API = "shop-api";
const WELL_WITHIN_MS = 60_000;
const NOTHING: Service = { stop: async () => undefined, start: async () => undefined };

/** Starts the sample system on its database and resolves when its health endpoint says ok. */
export async function startShop(parts: ShopParts): Promise<Shop> {
  const { cluster, redis, supervisor, port, folder, passwords } = parts;
  const databaseUrl = cluster.url(ROLES.app, passwords.app, "shop");
  const apiUrl = `http://127.0.0.1:${port}`;
  const folders = { logs: join(folder.path, "shop", "logs"), uploads: join(folder.path, "shop", "uploads") };
  await rm(join(folder.path, "shop"), { recursive: true, force: true });
  for (const path of Object.values(folders)) await mkdir(path, { recursive: true });
  const env = { SHOP_DATABASE_URL: databaseUrl, SHOP_REDIS_URL: redis?.url, SHOP_PORT: String(port) };
  await supervisor.start({ name: API, file: new URL("./api.ts", import.meta.url), env });
  await supervisor.start({ name: WORKER, file: new URL("./worker.ts", import.meta.url), env });
  await until("the shop", async () => (await fetch(`${apiUrl}/health`)).ok, { timeoutMs: WELL_WITHIN_MS });

  const monitor = createMonitor(cluster.adminUrl("shop"));
  const sessions = new Map<string, Session[]>();
  const closeSessions = async (name: string): Promise<void> => {
    const open = sessions.get(name) ?? [];
    sessions.delete(name);
    // On the server first: one that waits or computes does not notice that its client has gone.
    await monitor
      .query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [name])
      .catch((error: NodeJS.ErrnoException) => {
        // A server that is down has no sessions.
        if (error.code !== "ECONNREFUSED") throw error;
      });
    await Promise.all(open.map((session) => session.close()));
  };
  const busy = createBusyness();
  const cache = redis === undefined ? undefined : createCacheClient(redis.url);
  return {
    apiUrl,
    databaseUrl,
    redisUrl: redis?.url,
    folders,
    services: {
      database: { stop: cluster.stop, start: cluster.start },
      cache: redis ?? NOTHING,
      api: { stop: () => supervisor.hold(API), start: () => supervisor.release(API) },
    },
    watch: monitor.query,
    session: async (name) => {
      const session = await openSession(databaseUrl, name);
      sessions.set(name, [...(sessions.get(name) ?? []), session]);
      return session;
    },
    closeSessions,
    cache: () => cache ?? missingRedis(),
    keepBusy: busy.begin,
    relieve: busy.end,
    plant: (bug) => supervisor.tell(WORKER, bug),
    workerPid: () => supervisor.pid(WORKER),
    restartWorker: () => supervisor.restart(WORKER),
    stop: async () => {
      await busy.endAll();
      cache?.disconnect();
      await Promise.all([...sessions.keys()].map(closeSessions));
      await monitor.close();
    },
  };
}

function createMonitor(connectionString: string) {
  const pool = new pg.Pool({
    connectionString,
    application_name: "monitoring",
    max: 1,
    statement_timeout: 5000,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis: 0,
  });
  pool.on("error", () => undefined);
  return {
    query: async <R extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<R[]> =>
      (await pool.query<R>(sql, [...values])).rows,
    close: () => pool.end(),
  };
}

function createCacheClient(url: string): Redis {
  const cache = new Redis(url, {
    maxRetriesPerRequest: 1,
    commandTimeout: 3000,
    connectionName: "monitoring",
  });
  cache.on("error", () => undefined);
  return cache;
}

const missingRedis = (): never => {
  throw new Error("this machine has no redis-server, so the shop has no cache");
};
