import { Redis } from "ioredis";
import pg from "pg";
import { createBusyness } from "./busyness.ts";
import { openSession, type Session } from "./session.ts";

/** Somebody who has a database to look at and to hold sessions in. */
export interface DatabaseUser {
  /** What monitoring sees: a superuser session, so that it works when all ordinary slots are taken. */
  watch<R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  /** A session of the application's role under a name of its own, kept until it is ended or closed. */
  session(applicationName: string): Promise<Session>;
  /** Ends every session of that name, whoever opened it. */
  closeSessions(applicationName: string): Promise<void>;
}

/** Somebody who works with a cache. */
export interface CacheUser {
  /** Throws where this machine has no redis-server. */
  cache(): Redis;
  /** Does something again and again until `relieve`; what fails is tried again. */
  keepBusy(name: string, everyMs: number, step: () => Promise<void>): void;
  relieve(name: string): Promise<void>;
}

/** Looks at a database as its superuser (`adminUrl`), and holds sessions of the application's role (`appUrl`). */
export function useDatabase(adminUrl: string, appUrl: string): DatabaseUser & { stop(): Promise<void> } {
  const monitor = createMonitor(adminUrl);
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
  return {
    watch: monitor.query,
    session: async (name) => {
      const session = await openSession(appUrl, name);
      sessions.set(name, [...(sessions.get(name) ?? []), session]);
      return session;
    },
    closeSessions,
    stop: async () => {
      await Promise.all([...sessions.keys()].map(closeSessions));
      await monitor.close();
    },
  };
}

/** Works with the cache of a system, and looks at it; `whose` is who has none where `url` is undefined. */
export function useCache(url: string | undefined, whose: string): CacheUser & { stop(): Promise<void> } {
  const busy = createBusyness();
  const cache = url === undefined ? undefined : createCacheClient(url);
  return {
    cache: () => {
      if (cache === undefined) throw new Error(`this machine has no redis-server, so ${whose} has no cache`);
      return cache;
    },
    keepBusy: busy.begin,
    relieve: busy.end,
    stop: async () => {
      await busy.endAll();
      cache?.disconnect();
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
