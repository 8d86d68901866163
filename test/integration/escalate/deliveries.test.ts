import { afterEach, describe, expect, test } from "vitest";
import { Escalation } from "../../../src/core/words/escalation.ts";
import { Webhook } from "../../../src/core/words/webhook.ts";
import { redactor } from "../../../src/lib/redact.ts";
import { type TestServer, webServer } from "../../helpers/web-server.ts";
import { notification } from "../ingress/alert-fixtures.ts";
import { escalationRig, first } from "./rig.ts";

const rig = escalationRig("deliveries");
let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Somebody's API, and an escalator with it as the first step and a member as the second. */
async function hooked(answer: () => number, hook: object = { kind: "pagerduty", routingKey: "R0UT1NG" }) {
  const got: string[] = [];
  server = await webServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      const body = JSON.parse(text);
      got.push(`${body.event_action ?? body.event} ${body.dedup_key ?? body.key}`);
      texts.push(text);
      response.writeHead(answer()).end("{}");
    });
  });
  const texts: string[] = [];
  const url = `http://127.0.0.1:${server.port}`;
  const common = Escalation.parse({ after: "10m", to: [{ webhook: "pager" }, { user: "U0BOSS" }] });
  const more = {
    escalations: { common, systems: {} },
    webhooks: { pager: Webhook.parse({ ...hook, url }) },
  };
  return { got, texts, more, look: () => rig.look(more) };
}
const steps = async () => (await rig.rows()).map(({ level, event, state }) => `${level} ${event} ${state}`);
const fire = async () => {
  await rig.deliver(notification([{ name: "a" }]));
  await rig.pass(11);
};
const TRIGGER = "trigger diagbot-incident-1-0";

describe("somebody outside of Slack", () => {
  test("is told once, hears that it is answered, and that it is over", async () => {
    const { got, look } = await hooked(() => 202);
    await fire();
    await look();
    await look();
    expect(got).toEqual([TRIGGER]);
    expect((await rig.incident())?.escalation?.levels).toMatchObject([
      { state: "sent", said: "HTTP 202: {}" },
    ]);
    await rig.ack();
    await look();
    await rig.deliver(notification([{ name: "a", status: "resolved" }]));
    await look();
    await look();
    expect(got).toEqual([TRIGGER, "acknowledge diagbot-incident-1-0", "resolve diagbot-incident-1-0"]);
    expect(
      await rig.pool.query("SELECT FROM escalation WHERE event = 'trigger' AND over_at IS NULL"),
    ).toMatchObject({
      rowCount: 0,
    });
  });

  test("several nodes at once: told once", async () => {
    const { got, more } = await hooked(() => 202);
    await fire();
    await Promise.all([1, 2, 3, 4].map(() => rig.look({ ...more, store: rig.other().escalations })));
    expect(got).toEqual([TRIGGER]);
  });

  test("is told again after a while when it asks for patience, and then given up for the next step at once", async () => {
    let status = 503;
    const { got, look } = await hooked(() => status);
    await fire();
    await look();
    await look();
    expect(got).toHaveLength(1);
    for (let n = 0; n < 3; n++) {
      await rig.pool.query("UPDATE escalation SET due_at = clock_timestamp() WHERE state = 'due'");
      await look();
    }
    expect(got).toHaveLength(4);
    status = 400;
    await rig.pool.query("UPDATE escalation SET due_at = clock_timestamp() WHERE state = 'due'");
    await look();
    expect(await steps()).toEqual(["0 trigger failed"]);
    await look();
    expect(await steps()).toEqual(["0 trigger failed", "1 trigger shown"]);
  });

  test("is given up after so many times", async () => {
    const { got, look } = await hooked(() => 503);
    await fire();
    for (let n = 0; n < 9; n++) {
      await look();
      await rig.pool.query("UPDATE escalation SET due_at = clock_timestamp() WHERE state = 'due'");
    }
    expect(got).toHaveLength(6);
    expect((await steps())[0]).toBe("0 trigger failed");
  });

  test("is not told what was answered or ended before", async () => {
    const { got, more, look } = await hooked(() => 202);
    await fire();
    const step = {
      incident: first,
      turn: 0,
      level: 0,
      target: { webhook: "pager" },
      because: "severity",
    } as const;
    await rig.store.escalations.raise({ ...step, webhook: { keyed: true } });
    await rig.ack();
    await rig.look(more);
    await look();
    expect(got).toEqual([]);
    expect(await steps()).toEqual(["0 trigger withdrawn"]);
  });
});

describe("a process that dies while it tells somebody", () => {
  const dies = async (keyed: boolean) => {
    const step = {
      incident: first,
      turn: 0,
      level: 0,
      target: { webhook: "pager" },
      because: "severity",
    } as const;
    await rig.store.escalations.raise({ ...step, webhook: { keyed } });
    return rig.store.escalations.claimDelivery(30_000);
  };

  test("leaves it to another: told again where it is known again", async () => {
    const { got, look } = await hooked(() => 202);
    await fire();
    const delivery = await dies(true);
    await look();
    expect(got).toEqual([]);
    await rig.pass(1);
    await look();
    expect(got).toEqual([TRIGGER]);
    // The first one thaws: what it has to say comes too late.
    await rig.store.escalations.settle(delivery!, { state: "failed", said: "late" }, 6);
    expect(await steps()).toEqual(["0 trigger sent"]);
  });

  test("is never repeated where it is not", async () => {
    const { got, look } = await hooked(() => 202, { kind: "json", bearer: "b".repeat(20) });
    await fire();
    await dies(false);
    await rig.pass(1);
    await look();
    await look();
    expect(got).toEqual([]);
    expect(await steps()).toEqual(["0 trigger unknown"]);
  });
});

test("no secret is told or kept", async () => {
  const { texts, more } = await hooked(() => 202, { kind: "json", bearer: "b".repeat(20) });
  await fire();
  await rig.pool.query("UPDATE incident SET title = 'password of db is hunter2hunter2'");
  await rig.look({ ...more, redact: redactor(["hunter2hunter2"]) });
  expect(texts).toHaveLength(1);
  expect(texts[0]).not.toContain("hunter2");
});
