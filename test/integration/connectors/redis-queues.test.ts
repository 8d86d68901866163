import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { redis } from "../../../src/sdk/index.ts";
import { celery, rq, sidekiq } from "../../helpers/queue-keys.ts";
import { whyNoRedis } from "../../helpers/redis-server.ts";
import { until } from "../../helpers/until.ts";
import { queueRig } from "./redis-queue-rig.ts";

const missing = whyNoRedis();

describe.skipIf(missing !== undefined)(
  `queues in a real Redis${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    const rig = queueRig();
    const look = async (seconds = 0.3, prefix?: string) =>
      rig.bench.call(redis.queues({ seconds, ...(prefix === undefined ? {} : { prefix }) }));
    const one = async (name: string) => {
      const { queues } = await look();
      const found = queues.filter((queue) => queue.name === name);
      expect(found, JSON.stringify(queues)).toHaveLength(1);
      return found[0] as (typeof queues)[number];
    };
    const works = (name: string, does: () => Promise<unknown>, options: object = {}) => {
      const worker = new Worker(name, does, { connection: rig.connection(), ...options });
      worker.on("error", () => {});
      rig.atEnd(() => worker.close(true));
      return worker;
    };

    test("BullMQ: what waits, what is for later, who works, and the age of the first", async () => {
      const mails = rig.bull("mails");
      await mails.add("send", {});
      await mails.add("send", {}, { delay: 3_600_000 });
      await mails.add("send", {}, { priority: 3 });
      expect(await one("mails")).toMatchObject({
        ...{ library: "BullMQ", prefix: "bull", waiting: 2, active: 0, delayed: 1, due: 0, failed: 0 },
        ...{ paused: false, workers: 0, stalled: 0, added: 0, done: 0 },
        version: expect.stringMatching(/^bullmq:/),
        oldestSeconds: expect.any(Number),
      });
      await mails.pause();
      expect(await one("mails")).toMatchObject({ paused: true, waiting: 2 });
    });

    test("BullMQ: a worker that holds a job is seen, its lock too, and one that is lost as well", async () => {
      const slow = rig.bull("slow", "{shop:jobs}");
      let free: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        free = resolve;
      });
      const worker = works("slow", () => held, { prefix: "{shop:jobs}", name: "w1" });
      await slow.add("resize", {});
      await until(async () => (await slow.getActiveCount()) === 1);
      expect(await one("slow")).toMatchObject({
        ...{ prefix: "{shop:jobs}", active: 1, workers: 1, stalled: 0, done: 0 },
        activeSeconds: expect.any(Number),
      });
      const [id = ""] = await rig.app.lrange("{shop:jobs}:slow:active", 0, 0);
      await rig.app.del(`{shop:jobs}:slow:${id}:lock`);
      expect(await one("slow")).toMatchObject({ stalled: 1 });
      free();
      await worker.close(true);
    });

    test("BullMQ: rates by its own events, failures by name and error", async () => {
      const queue = rig.bull("rates");
      works("rates", async () => {
        throw new Error("connect ECONNREFUSED 10.0.0.9:25");
      });
      let goes = true;
      const producing = (async () => {
        while (goes) await queue.add("send", {}, { attempts: 1 });
      })();
      rig.atEnd(async () => {
        goes = false;
        await producing;
      });
      await until(async () => (await queue.getFailedCount()) > 0);
      const seen = await one("rates");
      expect(seen.added).toBeGreaterThan(0);
      expect(seen.failing).toBeGreaterThan(0);
      expect(seen).toMatchObject({ workers: 1, done: 0, taken: true });
      expect(seen.failures[0]).toMatchObject({ name: "send", error: "connect ECONNREFUSED 10.0.0.9:25" });
      expect(seen.failures[0]?.ids.length).toBeLessThanOrEqual(20);
    });

    test("BullMQ: a job that comes back again and again is named with its attempts", async () => {
      const queue = rig.bull("poison");
      works("poison", async () => {
        throw new Error("bad payload");
      });
      await queue.add("parse", {}, { attempts: 1_000_000 });
      const seen = await one("poison");
      expect(seen.again[0]).toMatchObject({ id: "1", name: "parse" });
      expect(seen.again[0]?.times).toBeGreaterThan(2);
      expect(seen.done).toBe(0);
    });

    test("Celery: queues by their bindings, priorities, what workers hold and what is for later", async () => {
      await celery.bind(rig.app, "celery");
      for (const n of [1, 2, 3])
        await celery.put(rig.app, "celery", celery.message(`a${n}`, "shop.mail", "celery"));
      await celery.put(rig.app, "celery", celery.message("p1", "shop.mail", "celery"), 3);
      await celery.hold(
        rig.app,
        "celery",
        celery.message("h1", "shop.pdf", "celery"),
        Date.now() / 1000 - 40,
      );
      const eta = { eta: "2031-01-01T00:00:00+00:00" };
      await celery.hold(
        rig.app,
        "celery",
        celery.message("h2", "shop.pdf", "celery", eta),
        Date.now() / 1000,
      );
      const worker = new Redis(rig.port, { maxRetriesPerRequest: null });
      worker.on("error", () => {});
      rig.atEnd(() => worker.disconnect());
      worker.brpop("celery-of-another-name", 60).catch(() => {});
      await until(async () => /cmd=brpop/.test(String(await rig.app.client("LIST"))));
      const seen = await one("celery");
      expect(seen).toMatchObject({
        ...{ library: "Celery", waiting: 4, active: 1, delayed: 1, workers: 1, workersOf: "library" },
        ...{ failed: null, oldestSeconds: null, done: null },
      });
      expect(seen.activeSeconds).toBeGreaterThanOrEqual(40);
      expect((await look()).queues.map(({ name }) => name)).toEqual(["celery"]);
    });

    test("Sidekiq: queues, processes that beat, retries, what is due, dead jobs", async () => {
      const now = Date.now() / 1000;
      await sidekiq.push(rig.app, "mails", sidekiq.job("j1", "mails", { enqueued_at: Date.now() - 90_000 }));
      await sidekiq.push(rig.app, "mails", sidekiq.job("j2", "mails"));
      await sidekiq.later(rig.app, "schedule", sidekiq.job("j3", "mails"), now + 3_600);
      const error = { error_class: "Net::ReadTimeout", error_message: "Net::ReadTimeout", retry_count: 7 };
      await sidekiq.later(rig.app, "retry", sidekiq.job("j4", "mails", error), now - 600);
      await sidekiq.later(rig.app, "dead", sidekiq.job("j5", "mails", error), now - 60);
      await sidekiq.beat(rig.app, "web1:7:ab", ["mails"]);
      await sidekiq.beat(rig.app, "web2:7:ab", ["mails"], { at: now - 300 });
      await sidekiq.work(rig.app, "web1:7:ab", "mails", sidekiq.job("j6", "mails"), now - 30);
      await rig.app.sadd("paused", "mails");
      const seen = await one("mails");
      expect(seen).toMatchObject({
        ...{
          library: "Sidekiq",
          waiting: 2,
          active: 1,
          delayed: 2,
          due: 1,
          failed: 1,
          workers: 1,
          paused: true,
        },
        again: [{ id: "j4", name: "MailJob", attempts: 9, state: "delayed" }],
        failures: [{ name: "MailJob", error: "Net::ReadTimeout: Net::ReadTimeout", jobs: 1 }],
      });
      expect(seen.oldestSeconds).toBeGreaterThanOrEqual(90);
      expect(seen.dueSeconds).toBeGreaterThanOrEqual(600);
    });

    test("RQ: queues, workers with a heartbeat, abandoned jobs, what is due and failed", async () => {
      const now = Date.now() / 1000;
      for (const id of ["a", "b"]) await rq.enqueue(rig.app, "default", id, Date.now() - 70_000);
      await rq.worker(rig.app, "w1", "default");
      await rig.app.sadd("rq:workers:default", "rq:worker:gone");
      await rq.begin(rig.app, "default", "lost", now - 100);
      await rq.schedule(rig.app, "default", "late", now - 500);
      await rq.fail(rig.app, "default", "broken");
      const seen = await one("default");
      expect(seen).toMatchObject({
        ...{ library: "RQ", waiting: 2, active: 1, delayed: 1, due: 1, failed: 1, workers: 1, stalled: 1 },
      });
      expect(seen.oldestSeconds).toBeGreaterThanOrEqual(70);
      await rig.app.set("rq:suspended", 1);
      expect(await one("default")).toMatchObject({ paused: true });
    });

    test("streams with a group are queues, those without are not; a list by its name", async () => {
      for (const n of [1, 2, 3]) await rig.app.xadd("orders", "*", "n", n);
      await rig.app.xgroup("CREATE", "orders", "billing", "0");
      await rig.app.xreadgroup("GROUP", "billing", "c1", "COUNT", 1, "STREAMS", "orders", ">");
      await rig.app.xadd("audit", "*", "n", 1);
      await rig.app.rpush("email_queue", "a", "b");
      await rig.app.rpush("recent", "a");
      const { queues } = await look();
      expect(
        queues.map(({ name, library, waiting, active, workers }) => [
          name,
          library,
          waiting,
          active,
          workers,
        ]),
      ).toEqual([
        ["orders / billing", "stream", 2, 1, 1],
        ["email_queue", "list", 2, 0, null],
      ]);
    });

    test("several databases, another prefix, and keys that only look like a queue's", async () => {
      const other = new Redis(rig.port, { db: 3 });
      rig.atEnd(() => other.disconnect());
      await rq.enqueue(other, "far", "x");
      await rig.bull("named", "myapp").add("a", {});
      await rig.app.set("page:cache:wait", "1");
      await rig.app.sadd("queues", "x");
      const { queues } = await look();
      expect(queues.map(({ name, database }) => [name, database]).sort()).toEqual([
        ["far", 3],
        ["named", 0],
      ]);
      expect((await look(0.2, "myapp")).queues.map(({ name }) => name)).toEqual(["named"]);
    });
  },
);
