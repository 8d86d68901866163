import { Queue, UnrecoverableError, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { queueBacklog } from "../../../runbooks/redis/queue-backlog.ts";
import { redis } from "../../../src/sdk/index.ts";
import { celery, rq, sidekiq } from "../../helpers/queue-keys.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoRedis();
let server: RedisServer;
let bench: Bench;
let app: Redis;
const endings: (() => unknown)[] = [];

describe.skipIf(missing !== undefined)(
  `on a real Redis${missing === undefined ? "" : ` (${missing})`}`,
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
      await app.config("SET", "maxmemory", 0);
      await app.config("SET", "maxmemory-policy", "noeviction");
      await app.config("RESETSTAT");
      await app.flushall();
    });
    afterAll(async () => {
      await bench?.close();
      app?.disconnect();
      await server?.stop();
    });

    const connection = () => ({ host: "127.0.0.1", port: server.port, maxRetriesPerRequest: null });
    const bull = (name: string) => {
      const queue = new Queue(name, { connection: connection() });
      endings.push(() => queue.close());
      return queue;
    };
    const works = (name: string, does: () => Promise<unknown>, options: object = {}) => {
      const worker = new Worker(name, does, { connection: connection(), ...options });
      worker.on("error", () => {});
      endings.push(() => worker.close(true));
      return worker;
    };
    const fill = (queue: Queue, jobs: number, options: object = {}) =>
      queue.addBulk(Array.from({ length: jobs }, () => ({ name: "send", data: {}, opts: options })));
    /** Adds one job after the other all the while; `inStep`: no more than are taken. */
    const produce = (queue: Queue, options: object = {}, { inStep = false } = {}) => {
      let goes = true;
      const working = (async () => {
        while (goes) {
          await queue.add("send", {}, options);
          if (inStep) await until(async () => !goes || (await queue.getWaitingCount()) < 5);
        }
      })();
      endings.push(async () => {
        goes = false;
        await working;
      });
    };
    const diagnose = (params: Record<string, unknown> = {}) =>
      bench.diagnose(queueBacklog, { waiting: 20, seconds: 1, ...params });
    const said = (run: Awaited<ReturnType<typeof diagnose>>) =>
      run.findings.map(({ id, severity }) => `${severity} ${id}`);
    const held = () => {
      let free: () => void = () => {};
      const until = new Promise<void>((resolve) => {
        free = resolve;
      });
      endings.push(() => free());
      return until;
    };

    test("empty queues without workers are no fault, and a Redis without queues is said to be one", async () => {
      await app.set("page:1", "x");
      expect(said(await diagnose())).toEqual(["info no-queues"]);
      await bull("empty").waitUntilReady();
      await until(async () => (await app.exists("bull:empty:meta")) === 1);
      expect(said(await diagnose())).toEqual([]);
      expect(said(await diagnose({ queue: "other" }))).toEqual(["info no-such-queue"]);
    });

    test("jobs come, and nobody takes them", async () => {
      const queue = bull("mails");
      await fill(queue, 30);
      produce(queue);
      const run = await diagnose();
      expect(said(run)).toEqual(["critical no-worker"]);
      expect(run.finding("no-worker").title).toBe("Nobody takes from mails");
      expect(run.advice("startWorkers")).toContain("a Worker for a queue of exactly that name (mails)");
    });

    test("paused: its workers are no cause; it goes on once approved, and pauses again when that is taken back", async () => {
      const queue = bull("mails");
      works("mails", async () => {});
      await queue.pause();
      await fill(queue, 30);
      const run = await diagnose();
      expect(said(run)).toEqual(["warning paused"]);
      const done = await run.apply("resume");
      expect(done.previews[0]?.changes).toEqual(["resume queue mails (bull): 30 jobs wait"]);
      expect(done.holds).toBe(true);
      // A worker that waited is woken by the marker, as by BullMQ's own resume.
      await until(async () => (await queue.getCompletedCount()) === 30);
      await done.undo();
      expect(await queue.isPaused()).toBe(true);
      await queue.add("send", {});
      expect((await queue.getJobCounts("wait", "completed")).completed).toBe(30);
    });

    test("workers that are alive, hold jobs and finish none: stuck where others took far less", async () => {
      const queue = bull("slow");
      let hangs = false;
      const end = held();
      works("slow", () => (hangs ? end : Promise.resolve()));
      await fill(queue, 3);
      await until(async () => (await queue.getCompletedCount()) === 3);
      hangs = true;
      await fill(queue, 30);
      await until(async () => (await queue.getActiveCount()) === 1);
      expect(said(await diagnose())).toEqual(["warning unfinished"]);
      // As if it had been begun ten minutes ago.
      const [id = ""] = await app.lrange("bull:slow:active", 0, 0);
      await app.hset(`bull:slow:${id}`, "processedOn", Date.now() - 600_000);
      const run = await diagnose();
      expect(said(run)).toEqual(["critical stuck"]);
      expect(run.finding("stuck").title).toContain("one job for 10 min");
    });

    test("one job that fails at once and is next again; removed once approved, and the others are done", async () => {
      const queue = bull("parse");
      const fails = async () => {
        throw new Error("Unexpected token <");
      };
      const worker = works("parse", fails, { lockDuration: 2_000 });
      await queue.add("bad", { html: "<" }, { attempts: 1_000_000, jobId: "poison-1", lifo: true });
      await until(async () => Number(await app.hget("bull:parse:poison-1", "atm")) > 2);
      const run = await diagnose();
      expect(said(run)).toEqual(["critical poisoned"]);
      expect(JSON.stringify(run.finding("poisoned").evidence)).toContain("poison-1");
      await worker.close(true);
      await until(async () => (await app.exists("bull:parse:poison-1:lock")) === 0);
      await app.lrem("bull:parse:active", 0, "poison-1");
      if ((await queue.getWaitingCount()) === 0) await app.lpush("bull:parse:wait", "poison-1");
      const done = await run.apply("removePoison");
      expect(done.previews[0]?.changes[0]).toMatch(
        /^remove job poison-1 \(bad, \d+ attempts, wait\) of parse \(bull\) for good; its payload of 12 B/,
      );
      expect([done.holds, await app.keys("bull:parse:poison-1*"), await queue.getWaitingCount()]).toEqual([
        true,
        [],
        0,
      ]);
    });

    test("a job that a worker holds is not removed", async () => {
      const queue = bull("parse");
      const end = held();
      works("parse", () => end);
      await queue.add("bad", {}, { jobId: "p" });
      await until(async () => (await queue.getActiveCount()) === 1);
      const call = redis.removeJob({ prefix: "bull", name: "parse", id: "p" });
      expect((await bench.preview(call)).refused).toContain("a worker has it");
      await expect(bench.call(call)).rejects.toMatchObject({ code: "target_refused" });
      expect(await app.exists("bull:parse:p")).toBe(1);
    });

    test("a burst that is worked off is no fault", async () => {
      const queue = bull("burst");
      await fill(queue, 3_000);
      works("burst", async () => {
        await app.ping();
      });
      const all = said(await diagnose({ waiting: 1 })).filter((one) => !one.endsWith("draining"));
      expect(all).toEqual([]);
    });

    test("more comes than is done", async () => {
      const queue = bull("flood");
      await fill(queue, 30);
      works("flood", async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
      });
      produce(queue);
      produce(queue);
      expect(said(await diagnose())).toEqual(["warning growing"]);
    });

    test("failed: now, and from before; tried again by name once others are done, and done", async () => {
      const queue = bull("mails");
      let fails = true;
      works("mails", async () => {
        if (fails) throw new UnrecoverableError("connect ECONNREFUSED 10.0.0.9:25");
      });
      produce(queue, { attempts: 3 }, { inStep: true });
      await until(async () => (await queue.getFailedCount()) > 0);
      expect(said(await diagnose())).toEqual(["warning failing"]);
      for (const end of endings.splice(2)) await end();
      await until(async () => (await queue.getActiveCount()) + (await queue.getWaitingCount()) === 0);
      const before = await diagnose();
      expect(before.finding("failed-jobs").remedies).toEqual(["readFailures"]);
      fails = false;
      await queue.add("send", {});
      await until(async () => (await queue.getCompletedCount()) === 1);
      const run = await diagnose();
      expect(run.finding("failed-jobs").remedies).toEqual(["retryFailed", "readFailures"]);
      const failed = await queue.getFailedCount();
      const done = await run.apply("retryFailed");
      expect(done.previews[0]?.changes.length).toBe(Math.min(20, failed));
      expect([done.holds, await queue.getFailedCount()]).toEqual([true, failed - Math.min(20, failed)]);
    });

    test("planned jobs are no backlog; due ones that nobody moves are", async () => {
      const queue = bull("plan");
      works("plan", async () => {});
      await fill(queue, 30, { delay: 3_600_000 });
      expect(said(await diagnose())).toEqual(["info planned"]);
      await app.zadd("bull:plan:delayed", (Date.now() - 600_000) * 4_096, "1");
      const run = await diagnose();
      expect(said(run)).toEqual(["warning not-promoted"]);
      expect(run.finding("not-promoted").title).toContain("the first for 10 min");
    });

    test("Redis that throws keys away stands before what follows from it", async () => {
      const queue = bull("mails");
      await queue.add("send", {});
      await app.config("SET", "maxmemory-policy", "allkeys-random");
      await app.config("SET", "maxmemory", 3_000_000);
      for (let n = 0; n < 400; n++) await app.set(`page:${n}`, "x".repeat(20_000));
      await app.config("SET", "maxmemory", 300_000_000);
      await bull("mails").add("again", {});
      const run = await diagnose({ waiting: 1_000 });
      expect(run.findings[0]).toMatchObject({ id: "evicting", severity: "critical", remedies: ["keepKeys"] });
    });

    test("Celery: workers of other queues are no workers of this one; a busy one with its hands full is one", async () => {
      await celery.bind(app, "reports");
      for (let n = 0; n < 30; n++)
        await celery.put(app, "reports", celery.message(`r${n}`, "shop.report", "reports"));
      expect(said(await diagnose())).toEqual(["critical no-worker"]);
      const worker = new Redis(server.port, { maxRetriesPerRequest: null });
      worker.on("error", () => {});
      endings.push(() => worker.disconnect());
      worker.brpop("celery-of-others", 60).catch(() => {});
      await until(async () => /cmd=brpop/.test(String(await app.client("LIST"))));
      const run = await diagnose();
      expect(said(run)).toEqual(["warning idle-workers"]);
      expect(run.advice("startWorkers")).toContain("-Q reports");
      await celery.hold(
        app,
        "reports",
        celery.message("h", "shop.report", "reports"),
        Date.now() / 1000 - 20,
      );
      expect(said(await diagnose())).toEqual(["warning unfinished"]);
    });

    test("Sidekiq: all processes quiet before a deployment, nobody follows", async () => {
      for (let n = 0; n < 30; n++) await sidekiq.push(app, "mails", sidekiq.job(`j${n}`, "mails"));
      await sidekiq.beat(app, "web1:7:ab", ["mails"], { quiet: true });
      expect(said(await diagnose())).toEqual(["critical quiet-workers"]);
      await sidekiq.beat(app, "web2:7:ab", ["other"]);
      await app.del("web1:7:ab");
      expect(said(await diagnose())).toEqual(["warning no-worker"]);
    });

    test("RQ: due jobs without a scheduler, suspended workers, lost jobs", async () => {
      await rq.enqueue(app, "default", "a");
      await rq.worker(app, "w1", "default");
      await rq.schedule(app, "default", "late", Date.now() / 1000 - 600);
      const run = await diagnose();
      expect(said(run)).toEqual(["warning not-promoted"]);
      expect(run.advice("promote")).toContain("--with-scheduler");
      await rq.begin(app, "default", "lost", Date.now() / 1000 - 60);
      expect(said(await diagnose())).toEqual(["warning stalled", "warning not-promoted"]);
      await app.set("rq:suspended", 1);
      expect(said(await diagnose({ waiting: 1 }))).toEqual(["warning paused"]);
    });
  },
);
