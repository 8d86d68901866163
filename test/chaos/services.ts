import { execFileSync } from "node:child_process";
import { Redis } from "ioredis";
import type { QueuePlace } from "../../src/queue/backend.ts";
import { migrate, openPool } from "../../src/store/index.ts";
import { startPostgres } from "../helpers/postgres-server.ts";
import { startRedis, whyNoRedis } from "../helpers/redis-server.ts";

export interface Services {
  readonly databaseUrl: string;
  /** Undefined: no redis-server here, the queue runs in Postgres. */
  readonly redisUrl: string | undefined;
  /** Where the queue is. */
  readonly place: QueuePlace;
  /** Everything in the queue is lost. */
  flush(): Promise<void>;
  /** Postgres ends at once, as in a crash, and comes back. */
  crashPostgres(): Promise<void>;
  stop(): Promise<void>;
}

/** A private Postgres and, where there is one, a private Redis. */
export async function startServices(): Promise<Services> {
  const postgres = await startPostgres();
  const redis = whyNoRedis() === undefined ? await startRedis() : undefined;
  const pool = openPool(postgres.url, { max: 1 });
  await migrate(pool);
  await pool.end();
  return {
    databaseUrl: postgres.url,
    redisUrl: redis?.url,
    place: { redisUrl: redis?.url, databaseUrl: postgres.url, prefix: "chaos" },
    flush: async () => {
      if (redis === undefined) return;
      const client = new Redis(redis.url);
      await client.flushall();
      client.disconnect();
    },
    crashPostgres: async () => {
      await postgres.crash();
      await postgres.start();
    },
    stop: async () => {
      await redis?.stop();
      await postgres.stop();
    },
  };
}

/** Processors of this machine, for the report. */
export const machine = (): string =>
  `${execFileSync("nproc", { encoding: "utf8" }).trim()} cores, Node ${process.version}`;
