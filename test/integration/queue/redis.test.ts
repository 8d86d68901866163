import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkQueue, complaintsOf } from "../../../src/queue/check.ts";
import { createDispatcher } from "../../../src/queue/dispatcher.ts";
import { createJobSource } from "../../../src/queue/source.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { until } from "../../helpers/until.ts";
import { queueContract } from "./contract.ts";

const logger = createLogger({ level: "silent" });
const missing = whyNoRedis();

describe.skipIf(missing !== undefined)(`over Redis${missing === undefined ? "" : ` (${missing})`}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());
  const place = () => ({ redisUrl: server.url, databaseUrl: "postgres://unused", prefix: "contract" });

  queueContract(() => ({
    place: place(),
    stopServer: () => server.kill(),
    startServer: () => server.start(),
    forge: async (name, data) => {
      const queue = new Queue("run", { connection: { url: server.url }, prefix: "contract" });
      await queue.add(name, data);
      await queue.close();
    },
  }));

  it("outlives FLUSHALL with jobs waiting and active", async () => {
    const seen: number[] = [];
    let lift = () => {};
    const hold = new Promise<void>((resolve) => {
      lift = resolve;
    });
    const worker = createJobSource({ ...place(), prefix: "flush", logger, watchMs: 300 }).work(
      "run",
      1,
      async (id) => {
        seen.push(id);
        if (seen.length === 1) await hold;
      },
    );
    const queue = createDispatcher({ ...place(), prefix: "flush" });
    await queue.dispatch("run", 1);
    await until(() => seen.length === 1);
    await queue.dispatch("run", 1);
    await queue.dispatch("run", 2);
    const client = new Redis(server.url);
    await client.flushall();
    client.disconnect();
    lift();
    // What was waiting is gone; what the sweeper dispatches again must not be swallowed by what the flush left behind.
    await until(async () => {
      await queue.dispatch("run", 1);
      await queue.dispatch("run", 2);
      return seen.includes(2) && seen.filter((id) => id === 1).length >= 2;
    });
    await worker.close(1_000);
    await queue.close();
  });

  it("answers in time when Redis is frozen, and is well again when it thaws", async () => {
    const queue = createDispatcher({ ...place(), prefix: "frozen" });
    await queue.dispatch("run", 1);
    process.kill(server.pid(), "SIGSTOP");
    const times: number[] = [];
    try {
      for (let i = 0; i < 3; i++) {
        const before = performance.now();
        await expect(queue.dispatch("run", 2 + i)).rejects.toMatchObject({ code: "queue_unavailable" });
        times.push(performance.now() - before);
      }
    } finally {
      process.kill(server.pid(), "SIGCONT");
    }
    // Redis answers nothing while it is frozen: without limits of our own we would wait for ever.
    expect(Math.max(...times)).toBeLessThan(30_000);
    await until(() =>
      queue.dispatch("run", 9).then(
        () => true,
        () => false,
      ),
    );
    await queue.close();
  });

  it("complains at start about an eviction policy that deletes jobs", async () => {
    expect(await checkQueue(place())).toEqual([]);
    const client = new Redis(server.url);
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    expect(await checkQueue(place())).toEqual([expect.stringContaining("noeviction")]);
    await client.config("SET", "maxmemory-policy", "noeviction");
    client.disconnect();
    expect(complaintsOf("redis_version:6.0.16\r\nmaxmemory_policy:noeviction\r\n")).toEqual([
      expect.stringContaining("6.2"),
    ]);
    expect(await checkQueue({ ...place(), redisUrl: "redis://127.0.0.1:1" })).toEqual([
      expect.stringContaining("ECONNREFUSED"),
    ]);
  });
});
