import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { rabbitmqBacklog } from "../../../runbooks/rabbitmq/rabbitmq-backlog.ts";
import { rabbitmq } from "../../../src/sdk/index.ts";
import { consume, type Habit } from "../../helpers/amqp-consumer.ts";
import { type RabbitServer, startRabbit, whyNoRabbit } from "../../helpers/rabbitmq-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoRabbit();
const connector = rabbitmq.kind.connector;
let server: RabbitServer;
let bench: Bench;
const endings: (() => unknown)[] = [];

describe.skipIf(missing !== undefined)(
  `on a real broker${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    beforeAll(async () => {
      if (connector === undefined) throw new Error("no connector");
      server = await startRabbit();
      bench = openBench({
        connections: { broker: { kind: "rabbitmq", url: server.url } },
        connectors: [connector],
      });
    });
    afterEach(async () => {
      for (const end of endings.splice(0).reverse()) await end();
    });
    afterAll(async () => {
      await bench?.close();
      await server?.stop();
    });

    /** A queue of its own with so many messages, as the statistics see it. */
    async function queue(name: string, messages: number, settings: object = {}): Promise<void> {
      const path = `/queues/%2F/${encodeURIComponent(name)}`;
      await server.api("PUT", path, { durable: true, arguments: settings });
      endings.push(() => server.api("DELETE", path));
      await server.publish(name, messages);
      // Counters come after the depth: what was published before a look must not count as published in it.
      await until(async () => {
        const seen = await stateOf(name);
        return seen.messages_ready === messages && (seen.message_stats?.publish ?? 0) === messages;
      });
    }
    const stateOf = async (name: string) =>
      (await server.api("GET", `/queues/%2F/${encodeURIComponent(name)}`)) as {
        messages_ready?: number;
        consumers?: number;
        message_stats?: { publish?: number };
      };
    const depth = async (name: string) => (await stateOf(name)).messages_ready;
    const consumer = async (name: string, habit: Habit) => {
      const one = await consume(server.amqpPort, server.password, name, habit);
      endings.push(() => one.close());
      await until(async () => (await stateOf(name)).consumers === 1);
      return one;
    };
    /** Publishes all the while. */
    function producer(name: string): void {
      let goes = true;
      const working = (async () => {
        while (goes) await server.publish(name, 1);
      })();
      endings.push(async () => {
        goes = false;
        await working;
      });
    }
    const diagnose = (params: Record<string, unknown> = {}) =>
      bench.diagnose(rabbitmqBacklog, { waiting: 20, ...params });
    const found = async (params: Record<string, unknown> = {}) =>
      (await diagnose(params)).findings.map(({ id, severity }) => `${severity} ${id}`);

    test("empty queues without consumers, one that delays, and one worked off are no fault", async () => {
      await queue("empty", 0);
      await queue("retry-in-10m", 30, {
        "x-message-ttl": 600_000,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "empty",
      });
      expect(await found()).toEqual([]);
    });

    test("published into, and nobody takes", async () => {
      await queue("orders", 30);
      producer("orders");
      const run = await diagnose();
      expect(run.findings.map(({ id, severity, title }) => [id, severity, title])).toEqual([
        ["no-consumer", "critical", "Nobody takes from orders"],
      ]);
      expect(run.advice("startConsumers")).toContain("`rabbitmqctl list_consumers -p /`");
    });

    test("a batch that comes later, or forgotten: said, not judged", async () => {
      await queue("nightly", 30);
      expect(await found()).toEqual(["info nobody-now"]);
    });

    test("the same message comes back again and again, until its consumer is gone", async () => {
      await queue("poisoned", 1);
      await consumer("poisoned", "requeue");
      expect(await found()).toEqual(["critical poisoned"]);
      for (const end of endings.splice(1).reverse()) await end();
      await until(async () => (await found({ waiting: 1 })).join() === "info nobody-now");
    });

    test("consumers that hold messages and finish none: hung, or long jobs", async () => {
      await queue("held", 30);
      await consumer("held", "hold");
      const run = await diagnose();
      expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning unacknowledged"]);
      expect(run.finding("unacknowledged").because).toContain("jobs of minutes look the same");
    });

    test("worked off is no fault: a burst, a batch", async () => {
      await queue("burst", 400);
      producer("burst");
      const one = await consumer("burst", "ack");
      await until(() => one.delivered() > 10);
      const all = await found({ waiting: 1 });
      expect(all.filter((word) => !/draining|growing/.test(word))).toEqual([]);
    });

    test("dead letters from before are a note, those that arrive now a warning", async () => {
      await queue("mails.dlq", 3);
      expect(await found()).toEqual(["info dead-letters"]);
      producer("mails.dlq");
      expect(await found()).toEqual(["warning dead-letters"]);
    });

    test("the alarm stands before what it blocks, and ends with its cause", async () => {
      const limit = (fraction: number) => server.limitMemory(fraction);
      endings.push(() => limit(0.4));
      await queue("idle", 0);
      await limit(0.0001);
      await until(async () => {
        const [node] = (await server.api("GET", "/nodes")) as { mem_alarm: boolean }[];
        return node?.mem_alarm === true;
      });
      const run = await diagnose();
      expect(run.findings[0]).toMatchObject({ id: "memory-alarm", severity: "critical" });
      expect(run.advice("freeBroker")).toContain("Do not raise the limit first");
    });

    test("a purge is offered only where it is asked for by name, with its count, and refused above 10,000", async () => {
      await queue("old", 25);
      expect((await diagnose()).findings.flatMap(({ remedies }) => remedies)).not.toContain("purge");
      const run = await diagnose({ purge: "old" });
      const done = await run.apply("purge");
      expect(done.previews[0]?.changes).toEqual(["throw 25 messages of queue old (/) away, for good"]);
      expect([done.holds, await depth("old")]).toEqual([true, 0]);
      expect((await diagnose({ purge: "no-such" })).finding("purge-asked").title).toBe(
        "There is no queue no-such among those looked at",
      );
    });

    test("a user that may not see nodes says so, and is not healthy", async () => {
      await server.api("PUT", "/users/looker", { password: "looker-secret-1", tags: "management" });
      await server.api("PUT", "/permissions/%2F/looker", { configure: "^$", write: "^$", read: ".*" });
      if (connector === undefined) throw new Error("no connector");
      const own = openBench({
        connections: {
          broker: { kind: "rabbitmq", url: server.url.replace(/diagbot:[^@]+/, "looker:looker-secret-1") },
        },
        connectors: [connector],
      });
      endings.push(() => own.close());
      const { findings } = await own.diagnose(rabbitmqBacklog, {});
      expect(findings.map(({ id }) => id)).toEqual(["could-not-look"]);
      expect(JSON.stringify(findings)).toContain("set_user_tags");
    });
  },
);
