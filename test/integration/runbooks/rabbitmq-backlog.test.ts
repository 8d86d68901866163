import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { rabbitmqBacklog } from "../../../runbooks/rabbitmq/rabbitmq-backlog.ts";
import { rabbitmq } from "../../../src/sdk/index.ts";
import { consume, type Habit } from "../../helpers/amqp-consumer.ts";
import { type RabbitServer, startRabbit, whyNoRabbit } from "../../helpers/rabbitmq-server.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoRabbit();
const connector = rabbitmq.kind.connector;
let server: RabbitServer;
let places = 0;

const benchOf = (settings: object) =>
  openBench({
    connections: { broker: { kind: "rabbitmq", url: server.url, ...settings } },
    connectors: connector === undefined ? [] : [connector],
  });

/** A virtual host of a test's own, on the one broker: what is waited for are its statistics, so the tests wait side by side. */
async function aPlace({ onTestFinished }: TestContext) {
  places += 1;
  const vhost = `place-${places}`;
  await server.api("PUT", `/vhosts/${vhost}`);
  await server.api("PUT", `/permissions/${vhost}/diagbot`, { configure: ".*", write: ".*", read: ".*" });
  const bench = benchOf({ vhost });
  const endings: (() => unknown)[] = [() => bench.close(), () => server.api("DELETE", `/vhosts/${vhost}`)];
  onTestFinished(async () => {
    for (const end of endings.reverse()) await end();
  });
  const pathOf = (name: string) => `/queues/${vhost}/${encodeURIComponent(name)}`;
  const stateOf = async (name: string) =>
    (await server.api("GET", pathOf(name))) as {
      messages_ready?: number;
      consumers?: number;
      message_stats?: { publish?: number };
    };
  const diagnose = (params: Record<string, unknown> = {}) =>
    bench.diagnose(rabbitmqBacklog, { waiting: 20, ...params });
  return {
    vhost,
    diagnose,
    found: async (params: Record<string, unknown> = {}) =>
      (await diagnose(params)).findings.map(({ id, severity }) => `${severity} ${id}`),
    depth: async (name: string) => (await stateOf(name)).messages_ready,
    /** A queue of its own with so many messages, as the statistics see it. */
    queue: async (name: string, messages: number, settings: object = {}) => {
      await server.api("PUT", pathOf(name), { durable: true, arguments: settings });
      await server.publish(name, messages, vhost);
      // Counters come after the depth: what was published before a look must not count as published in it.
      await until(async () => {
        const seen = await stateOf(name);
        return seen.messages_ready === messages && (seen.message_stats?.publish ?? 0) === messages;
      });
    },
    consumer: async (name: string, habit: Habit) => {
      const one = await consume(server.amqpPort, server.password, name, habit, vhost);
      endings.push(one.close);
      await until(async () => (await stateOf(name)).consumers === 1);
      return one;
    },
    /** Publishes all the while. */
    producer: (name: string) => {
      let goes = true;
      const working = (async () => {
        while (goes) await server.publish(name, 1, vhost);
      })();
      endings.push(async () => {
        goes = false;
        await working;
      });
    },
  };
}

describe.skipIf(missing !== undefined)(
  `on a real broker${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    beforeAll(async () => {
      if (connector === undefined) throw new Error("no connector");
      server = await startRabbit();
    });
    afterAll(() => server?.stop());

    test.concurrent("empty queues without consumers, one that delays, and one worked off are no fault", async (context) => {
      const { queue, found } = await aPlace(context);
      await queue("empty", 0);
      await queue("retry-in-10m", 30, {
        "x-message-ttl": 600_000,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "empty",
      });
      expect(await found()).toEqual([]);
    });

    test.concurrent("published into, and nobody takes", async (context) => {
      const { vhost, queue, producer, diagnose } = await aPlace(context);
      await queue("orders", 30);
      producer("orders");
      const run = await diagnose();
      expect(run.findings.map(({ id, severity, title }) => [id, severity, title])).toEqual([
        ["no-consumer", "critical", "Nobody takes from orders"],
      ]);
      expect(run.advice("startConsumers")).toContain(`\`rabbitmqctl list_consumers -p ${vhost}\``);
    });

    test.concurrent("a batch that comes later, or forgotten: said, not judged", async (context) => {
      const { queue, found } = await aPlace(context);
      await queue("nightly", 30);
      expect(await found()).toEqual(["info nobody-now"]);
    });

    test.concurrent("the same message comes back again and again, until its consumer is gone", async (context) => {
      const { queue, found, consumer } = await aPlace(context);
      await queue("poisoned", 1);
      const one = await consumer("poisoned", "requeue");
      expect(await found()).toEqual(["critical poisoned"]);
      one.close();
      await until(async () => (await found({ waiting: 1 })).join() === "info nobody-now");
    });

    test.concurrent("consumers that hold messages and finish none: hung, or long jobs", async (context) => {
      const { queue, consumer, diagnose } = await aPlace(context);
      await queue("held", 30);
      await consumer("held", "hold");
      const run = await diagnose();
      expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning unacknowledged"]);
      expect(run.finding("unacknowledged").because).toContain("jobs of minutes look the same");
    });

    test.concurrent("worked off is no fault: a burst, a batch", async (context) => {
      const { queue, producer, consumer, found } = await aPlace(context);
      await queue("burst", 400);
      producer("burst");
      const one = await consumer("burst", "ack");
      await until(() => one.delivered() > 10);
      const all = await found({ waiting: 1 });
      expect(all.filter((word) => !/draining|growing/.test(word))).toEqual([]);
    });

    test.concurrent("dead letters from before are a note, those that arrive now a warning", async (context) => {
      const { queue, producer, found } = await aPlace(context);
      await queue("mails.dlq", 3);
      expect(await found()).toEqual(["info dead-letters"]);
      producer("mails.dlq");
      expect(await found()).toEqual(["warning dead-letters"]);
    });

    test.concurrent("a purge is offered only where it is asked for by name, with its count, and refused above 10,000", async (context) => {
      const { vhost, queue, depth, diagnose } = await aPlace(context);
      await queue("old", 25);
      expect((await diagnose()).findings.flatMap(({ remedies }) => remedies)).not.toContain("purge");
      const run = await diagnose({ purge: "old" });
      const done = await run.apply("purge");
      expect(done.previews[0]?.changes).toEqual([`throw 25 messages of queue old (${vhost}) away, for good`]);
      expect([done.holds, await depth("old")]).toEqual([true, 0]);
      expect((await diagnose({ purge: "no-such" })).finding("purge-asked").title).toBe(
        "There is no queue no-such among those looked at",
      );
    });

    test.concurrent("a user that may not see nodes says so, and is not healthy", async ({
      onTestFinished,
    }) => {
      await server.api("PUT", "/users/looker", { password: "looker-secret-1", tags: "management" });
      await server.api("PUT", "/permissions/%2F/looker", { configure: "^$", write: "^$", read: ".*" });
      const own = benchOf({ url: server.url.replace(/diagbot:[^@]+/, "looker:looker-secret-1") });
      onTestFinished(() => own.close());
      const { findings } = await own.diagnose(rabbitmqBacklog, {});
      expect(findings.map(({ id }) => id)).toEqual(["could-not-look"]);
      expect(JSON.stringify(findings)).toContain("set_user_tags");
    });

    // Of the whole broker: alone.
    test("the alarm stands before what it blocks, and ends with its cause", async (context) => {
      const { queue, diagnose } = await aPlace(context);
      const limit = (fraction: number) => server.limitMemory(fraction);
      context.onTestFinished(() => limit(0.4));
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
  },
);
