import { afterAll, beforeAll, expect, test } from "vitest";
import { levelsOf } from "../../../src/core/rules/escalation.ts";
import { Escalation } from "../../../src/core/words/escalation.ts";
import { ThreadId } from "../../../src/core/words/ids.ts";
import { escalateOnce } from "../../../src/escalate/loop.ts";
import { createStore } from "../../../src/store/index.ts";
import { createReplies } from "../../../src/thread/replies.ts";
import { until } from "../../helpers/until.ts";
import { deliverTo, notification } from "../ingress/alert-fixtures.ts";
import { type Bench, openBench } from "../thread/bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench("escalation-slack", {
    people: [
      { id: "U0ALICE", name: "alice" },
      { id: "U0BOB", name: "bob" },
      { id: "U0CAROL", name: "carol" },
    ],
    usergroups: [{ id: "S0ONCALL", handle: "oncall", name: "On call", users: ["U0BOB"] }],
  });
});
afterAll(() => bench.close());

const common = Escalation.parse({ after: "10m", to: [{ usergroup: "S0ONCALL" }, { user: "U0BOB" }] });
const escalations = { common, systems: {} };
const ago = (minutes: number) =>
  bench.pool.query(
    `UPDATE incident SET opened_at = opened_at - make_interval(mins => ${minutes});
     UPDATE escalation SET at = at - make_interval(mins => ${minutes})`,
  );
const look = () => {
  const store = createStore(bench.pool, () => {});
  const replies = createReplies({ token: bench.slack.token, apiUrl: bench.slack.apiUrl });
  return escalateOnce(
    {
      store: store.escalations,
      reader: store.reader,
      escalations,
      webhooks: {},
      replies,
      lead: async () => true,
      resign: async () => {},
      redact: (text) => text,
      logger: { warn: () => {} } as never,
    },
    new AbortController().signal,
  );
};
const shown = (slot: string) => bench.bySlot().get(slot)?.[0];

test("nobody answers: the thread and the channel call the group; somebody writes in the thread, and no one further is called", async () => {
  await deliverTo(bench.pool)(notification([{ name: "a" }]), []);
  bench.sender({}, bench.store, { levels: (incident) => levelsOf(escalations, incident) }).start();
  await until(() => shown("1/head"));
  expect(JSON.stringify(shown("1/head")?.blocks)).toContain("I have it");
  expect(JSON.stringify(shown("1/head"))).not.toContain("<!subteam");
  await ago(10);
  await look();
  const called = await until(() => shown("1/escalated/0/0"));
  expect(JSON.stringify(called.blocks)).toContain("<!subteam^S0ONCALL>, please look");
  expect(called).toMatchObject({ thread_ts: shown("1/head")?.ts });
  // What diagbot itself has posted there is nobody's answer.
  await ago(10);
  await look();
  await until(() => shown("1/escalated/0/1"));
  await bench.slack.say("U0CAROL", "C0OPS", "I am on it", shown("1/head")?.ts);
  await bench.pool.query("DELETE FROM escalation WHERE level = 1");
  await ago(60);
  await look();
  const { rows } = await bench.pool.query("SELECT level FROM escalation");
  expect(rows).toEqual([{ level: 0 }]);
  const view = await createStore(bench.pool, () => {}).reader.thread(ThreadId.parse(1));
  expect(view?.incident?.escalation?.answered).toMatchObject({ how: "reply", by: "U0CAROL" });
  await bench.touch(ThreadId.parse(1));
  await until(() =>
    JSON.stringify(shown("1/escalated/0/0")?.blocks).includes("<@U0CAROL> wrote in the thread"),
  );
});

test("its address on the web is Slack's own, and a Slack that is away says nothing", async () => {
  const root = { channel: "C0OPS", ts: shown("1/head")?.ts ?? "" };
  const replies = createReplies({ token: bench.slack.token, apiUrl: bench.slack.apiUrl });
  expect(await replies.link(root)).toMatch(/^https?:\/\/.+\/archives\/C0OPS\/p\d{16}$/);
  const away = createReplies({ token: "xoxb-none", apiUrl: bench.slack.apiUrl });
  expect(await away.link(root)).toBeUndefined();
  expect(await away.since(root, new Date(0))).toBeUndefined();
});
