import { FlowProducer, Queue, RateLimitError, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { queueBacklog } from "../../../runbooks/redis/queue-backlog.ts";
import { redis } from "../../../src/sdk/index.ts";
import { rq, sidekiq } from "../../helpers/queue-keys.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoRedis();
let server: RedisServer;
let replica: RedisServer;
const benches: Bench[] = [];
let app: Redis;
const endings: (() => unknown)[] = [];

/** Healthy queues, and causes outside of them, that look like jobs nobody takes. */
describe.skipIf(missing !== undefined)(
  `on a real Redis${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    beforeAll(async () => {
      server = await startRedis(["--repl-diskless-sync-delay", "0"]);
      replica = await startRedis(["--replicaof", "127.0.0.1", String(server.port)]);
      app = new Redis(server.port, { maxRetriesPerRequest: null });
    });
    afterEach(async () => {
      for (const end of endings.splice(0).reverse()) await end();
      await app.flushall();
    });
    afterAll(async () => {
      for (const bench of benches) await bench.close();
      app?.disconnect();
      await replica?.stop();
      await server?.stop();
    });

    const diagnose = (params = {}, url = server.url) => {
      const bench = openBench({
        connections: { jobs: { kind: "redis", url, role: "queue" } },
        connectors: [redis.kind.connector].flatMap((one) => (one === undefined ? [] : [one])),
      });
      benches.push(bench);
      return bench.diagnose(queueBacklog, { waiting: 20, seconds: 1, ...params });
    };
    const said = (run: Awaited<ReturnType<typeof diagnose>>) =>
      run.findings.map(({ id, severity }) => `${severity} ${id}`);
    const connection = (more = {}) => ({ host: "127.0.0.1", port: server.port, ...more });
    const bull = async (name: string, jobs: number) => {
      const queue = new Queue(name, { connection: connection() });
      endings.push(() => queue.close());
      await queue.addBulk(Array.from({ length: jobs }, () => ({ name: "send", data: {} })));
      return queue;
    };
    const works = (name: string, does: (worker: Worker) => Promise<unknown>, options = {}) => {
      const worker: Worker = new Worker(name, () => does(worker), {
        connection: connection({ maxRetriesPerRequest: null }),
        ...options,
      });
      worker.on("error", () => {});
      endings.push(() => worker.close(true));
      return worker;
    };
    const briefly = () => new Promise((resolve) => setTimeout(resolve, 20));

    test("workers whose connections bear no name are seen by what they take", async () => {
      await app.call("ACL", "SETUSER", "w", "on", ">w", "~*", "&*", "+@all", "-client|setname");
      const queue = await bull("mails", 300);
      works("mails", briefly, {
        connection: connection({ username: "w", password: "w", maxRetriesPerRequest: null }),
      });
      await until(async () => (await queue.getCompletedCount()) > 3);
      expect(said(await diagnose())).toEqual(["info draining"]);
    });

    test("a replica shows no workers: that is said, and is no queue without them", async () => {
      const copy = new Redis(replica.port);
      endings.push(() => copy.disconnect());
      await until(async () => /master_link_status:up/.test(await copy.info("replication")));
      await bull("mails", 200);
      works("mails", () => new Promise((resolve) => endings.unshift(() => resolve(undefined))));
      await until(async () => (await copy.llen("bull:mails:active")) === 1);
      const run = await diagnose({}, replica.url);
      expect(said(run)).toEqual(["warning unfinished", "info could-not-look"]);
      expect(run.finding("could-not-look").because).toContain("workers are connected to its master");
    });

    test("an API that answers 429 is no poisoned job, and nothing is offered to be removed", async () => {
      await bull("mails", 200);
      works("mails", async (worker) => {
        await worker.rateLimit(50);
        throw new RateLimitError();
      });
      await until(async () => (await app.exists("bull:mails:limiter")) === 1);
      const run = await diagnose();
      expect(said(run)).toEqual(["warning limited"]);
      expect(run.finding("limited").remedies).toEqual(["askWhoLimits"]);
    });

    test("a rate limit that counts is none that holds back, unless it is full", async () => {
      const queue = await bull("mails", 30);
      const worker = works("mails", briefly, { autorun: false });
      await worker.waitUntilReady();
      await app.set("bull:mails:limiter", 5, "PX", 600_000);
      const run = await diagnose();
      expect(said(run)).toEqual(["info idle-workers"]);
      await queue.setGlobalRateLimit(5, 600_000);
      expect(said(await diagnose())).toEqual(["info limited"]);
      await queue.setGlobalRateLimit(6, 600_000);
      expect(said(await diagnose())).toEqual(["warning idle-workers"]);
    });

    test("Sidekiq and RQ: workers that are busy with queues which come first", async () => {
      const now = Date.now() / 1000;
      for (let n = 0; n < 30; n++) {
        await sidekiq.push(app, "low", sidekiq.job(`j${n}`, "low"));
        await rq.enqueue(app, "small", `a${n}`);
      }
      await sidekiq.beat(app, "web1:7:ab", ["critical", "low"]);
      for (let n = 0; n < 5; n++)
        await app.hset(
          "web1:7:ab:work",
          `tid-${n}`,
          JSON.stringify({ queue: "critical", payload: sidekiq.job(`c${n}`, "critical"), run_at: now - 3 }),
        );
      await rq.worker(app, "w1", "small", { state: "busy", current_job: "h1", queues: "high,small" });
      await app.hset("rq:job:h1", {
        status: "started",
        origin: "high",
        started_at: new Date().toISOString(),
      });
      const run = await diagnose();
      expect(said(run)).toEqual(["warning elsewhere"]);
      expect(run.finding("elsewhere").title).toBe(
        "Workers of low and small are busy with jobs of other queues",
      );
      // One thread is free: it hangs, or is paused.
      await app.hdel("web1:7:ab:work", "tid-0");
      expect(said(await diagnose({ queue: "low" }))).toEqual(["warning idle-workers"]);
    });

    test("a process whose clock is behind beats in the past, and works", async () => {
      for (let n = 0; n < 300; n++) await sidekiq.push(app, "low", sidekiq.job(`j${n}`, "low"));
      await sidekiq.beat(app, "web1:7:ab", ["low"], { at: Date.now() / 1000 - 120 });
      const taking = setInterval(() => void app.rpop("queue:low"), 20);
      endings.push(() => clearInterval(taking));
      expect(said(await diagnose())).toEqual(["info draining"]);
    });

    test("a stream cut to a length: nobody reads though its head moves, and what is lost is said", async () => {
      const add = async () => app.xadd("ev", "MAXLEN", 50, "*", "k", "v");
      await app.xgroup("CREATE", "ev", "billing", "0", "MKSTREAM");
      for (let n = 0; n < 30; n++) await add();
      const reader = app.duplicate();
      await reader.xreadgroup("GROUP", "billing", "c1", "COUNT", 1, "STREAMS", "ev", ">");
      reader.disconnect();
      await app.call("XGROUP", "DELCONSUMER", "ev", "billing", "c1");
      for (let n = 0; n < 90; n++) await add();
      const adding = setInterval(() => void add(), 20);
      endings.push(() => clearInterval(adding));
      const run = await diagnose();
      expect(said(run)).toEqual(["critical no-worker", "warning trimmed"]);
      expect(run.finding("no-worker").because).toContain("XGROUP DESTROY");
      expect(run.finding("trimmed").title).toMatch(/^\d+ entries of ev \/ billing were cut off/);
    });

    test("parents of a flow: children on their way are normal, one that failed or is gone is waited for for ever", async () => {
      const flows = new FlowProducer({ connection: connection() });
      endings.push(() => flows.close());
      const flow = async (name: string, options = {}) => {
        const child = { name, queueName: "pages", data: {}, opts: options };
        const { job } = await flows.add({
          name: "report",
          queueName: "reports",
          data: {},
          children: [child],
        });
        return job.id;
      };
      await flow("good");
      expect(said(await diagnose()), "nobody has taken the child yet").toEqual([]);
      const parent = await flow("bad");
      await flow("bad", { failParentOnFailure: true });
      const pages = new Worker(
        "pages",
        async ({ name }) => {
          if (name === "bad") throw new Error("no such page");
        },
        { connection: connection({ maxRetriesPerRequest: null }) },
      );
      endings.push(() => pages.close(true).catch(() => undefined));
      const held = await until(async () => {
        const run = await diagnose();
        return run.findings.some(({ id }) => id === "parents-held") ? run : undefined;
      });
      const found = held.finding("parents-held");
      expect(found).toMatchObject({ severity: "warning", remedies: ["mendFlow"] });
      expect(found.title).toBe("1 parent in reports waits for children that failed");
      expect(found.because).toMatch(
        new RegExp(`^Job ${parent} waits for bull:pages:.*, which failed for good`),
      );
      await pages.close(true);
      await app.flushall();
      const other = await flow("good");
      const [child = ""] = await app.smembers(`bull:reports:${other}:dependencies`);
      await app.del(child);
      expect((await diagnose()).finding("parents-held").title).toBe(
        "1 parent in reports waits for children that are gone",
      );
    });

    test("of a stream whose lag is not known only what is unread waits", async () => {
      await app.xgroup("CREATE", "ev", "g", "$", "MKSTREAM");
      const ids = Array.from({ length: 500 }, (_, n) => `${1_000 + n}-0`);
      for (const id of ids) await app.xadd("ev", id, "k", "v");
      await app.xgroup("SETID", "ev", "g", "1497-0");
      await app.xdel("ev", "1499-0");
      expect(said(await diagnose({ oldMinutes: 10_080, queue: "ev" }))).not.toContain("critical no-worker");
      const { seen } = await diagnose({ queue: "ev" });
      expect(seen.all).toMatchObject({ value: { queues: [{ waiting: 1 }] } });
    });
  },
);
