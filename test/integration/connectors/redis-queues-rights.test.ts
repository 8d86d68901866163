import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { checkRedis } from "../../../src/connectors/redis/check.ts";
import { openRedis } from "../../../src/connectors/redis/client.ts";
import { redis } from "../../../src/sdk/index.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

const missing = whyNoRedis();
let server: RedisServer;
let bench: Bench;
let app: Redis;
const endings: (() => unknown)[] = [];

describe.skipIf(missing !== undefined)(
  `rights on queues in a real Redis${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    beforeAll(async () => {
      server = await startRedis();
      app = new Redis(server.port, { maxRetriesPerRequest: null });
      bench = openBench({
        connections: { jobs: { kind: "redis", url: server.url, role: "queue" } },
        connectors: [redis.kind.connector].flatMap((one) => (one === undefined ? [] : [one])),
      });
    });
    afterEach(async () => {
      for (const end of endings.splice(0).reverse()) await end();
      await app.flushall();
    });
    afterAll(async () => {
      await bench?.close();
      app?.disconnect();
      await server?.stop();
    });

    const connection = () => ({ host: "127.0.0.1", port: server.port, maxRetriesPerRequest: null });
    const bull = (name: string, prefix = "bull") => {
      const queue = new Queue(name, { connection: connection(), prefix });
      endings.push(() => queue.close());
      return queue;
    };
    test("doctor names what queues need, with the line that gives it; with it all is seen and done", async () => {
      await app.acl(
        "SETUSER",
        "doctor",
        "on",
        ">doc-77",
        "%R~*",
        "+@connection",
        "+info",
        "+scan",
        "+type",
        "+acl|whoami",
      );
      await app.acl("SETUSER", "doctor", "+acl|dryrun");
      const checks = async () => {
        const client = openRedis(`redis://doctor:doc-77@127.0.0.1:${server.port}`);
        endings.push(() => client.close());
        return checkRedis(client, {
          signal: AbortSignal.timeout(5_000),
          timeoutMs: 5_000,
          connection: {} as never,
        });
      };
      const before = await checks();
      expect(before.map(({ name, state }) => `${name} ${state}`)).toEqual([
        ...["reach ok", "rights missing", "queues warning", "remedies warning"],
      ]);
      for (const { paste = [] } of before)
        for (const line of paste) await app.call("ACL", ...line.split(" ").slice(1));
      expect((await checks()).map(({ name, state }) => `${name} ${state}`)).toEqual([
        "reach ok",
        "rights ok",
      ]);
      const queue = bull("held");
      await queue.add("a", {}, { jobId: "a" });
      await queue.pause();
      const own = openBench({
        connections: { jobs: { kind: "redis", url: `redis://doctor:doc-77@127.0.0.1:${server.port}` } },
        connectors: [redis.kind.connector].flatMap((kind) => (kind === undefined ? [] : [kind])),
      });
      endings.push(() => own.close());
      const where = { prefix: "bull", name: "held" };
      await app.acl("SETUSER", "doctor", "-zadd");
      await expect(own.call(redis.setQueuePaused({ ...where, paused: false }))).rejects.toMatchObject({
        code: "target_refused",
        message: expect.stringContaining("does not let this user ZADD"),
      });
      expect(await queue.isPaused(), "no half of a script").toBe(true);
      expect(await app.exists("bull:held:marker"), "a paused queue has none").toBe(0);
      await app.acl("SETUSER", "doctor", "+zadd");
      await own.call(redis.setQueuePaused({ ...where, paused: false }));
      // What wakes a worker that waits: without it one takes the job only when it looks by itself, seconds later.
      expect(await app.zscore("bull:held:marker", "0")).toBe("0");
      await own.call(redis.removeJob({ ...where, id: "a" }));
      await queue.add("later", {}, { delay: 3_600_000 });
      await queue.pause();
      await own.call(redis.setQueuePaused({ ...where, paused: false }));
      expect(Number(await app.zscore("bull:held:marker", "1"))).toBeGreaterThan(Date.now());
      expect((await own.call(redis.queues({ seconds: 0.2 }))).queues[0]).toMatchObject({
        waiting: 0,
        paused: false,
      });
    });

    test("a user that may not list clients says so", async () => {
      await app.acl(
        "SETUSER",
        "looker",
        "on",
        ">look-77",
        "~*",
        "+@read",
        "+info",
        "+select",
        "+time",
        "+ping",
      );
      const own = openBench({
        connections: { jobs: { kind: "redis", url: `redis://looker:look-77@127.0.0.1:${server.port}` } },
        connectors: [redis.kind.connector].flatMap((kind) => (kind === undefined ? [] : [kind])),
      });
      endings.push(() => own.close());
      await bull("seen").add("a", {});
      const { queues, notSeen } = await own.call(redis.queues({ seconds: 0.2 }));
      expect(queues[0]).toMatchObject({ name: "seen", workers: null });
      expect(notSeen?.[0]?.fix).toContain("+client|list");
    });
  },
);
