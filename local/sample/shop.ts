import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "../services/postgres.ts";
import type { RedisServer } from "../services/redis.ts";
import type { Supervisor } from "../services/supervisor.ts";
import type { TryoutFolder } from "../tryout/folder.ts";
import { until } from "../tryout/until.ts";
import type { Bug } from "./bugs.ts";
import { ROLES, type ShopPasswords } from "./schema.ts";
import { type CacheUser, type DatabaseUser, useCache, useDatabase } from "./users.ts";

/** Folders with a size budget, as disks have; bytes. */
export const BUDGETS = { logs: 40 << 20, uploads: 40 << 20, workerMemory: 260 << 20 } as const;

/** A part of the shop that can be taken away and brought back; either is harmless when it is so already. */
export interface Service {
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** The running sample system, as faults and monitoring see it. */
export interface Shop extends DatabaseUser, CacheUser {
  readonly apiUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly folders: { readonly logs: string; readonly uploads: string };
  /** Where this machine has no redis-server, those of the cache do nothing. */
  readonly services: { readonly database: Service; readonly cache: Service; readonly api: Service };
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

  const database = useDatabase(cluster.adminUrl("shop"), databaseUrl);
  const cache = useCache(redis?.url, "shop");
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
    watch: database.watch,
    session: database.session,
    closeSessions: database.closeSessions,
    cache: cache.cache,
    keepBusy: cache.keepBusy,
    relieve: cache.relieve,
    plant: (bug) => supervisor.tell(WORKER, bug),
    workerPid: () => supervisor.pid(WORKER),
    restartWorker: () => supervisor.restart(WORKER),
    stop: async () => {
      await cache.stop();
      await database.stop();
    },
  };
}
