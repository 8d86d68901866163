import { describe, expect, test } from "vitest";
import { Escalation } from "../../../src/core/words/escalation.ts";
import { RunId } from "../../../src/core/words/ids.ts";
import { createEscalator, escalateOnce } from "../../../src/escalate/loop.ts";
import { until } from "../../helpers/until.ts";
import { notification } from "../ingress/alert-fixtures.ts";
import { alice, bob, escalationRig, first } from "./rig.ts";

const rig = escalationRig("escalation");
const fire = (name = "a") => rig.deliver(notification([{ name }]));
const steps = async () => (await rig.rows()).map(({ turn, level, state }) => `${turn}/${level} ${state}`);
const audit = (event: string) => rig.audit(event);

/** The incident's run asks for a vote, since now. */
async function propose(): Promise<void> {
  await rig.pool.query(
    `UPDATE run SET status = 'waiting', diagnosed = true WHERE id = 1;
     INSERT INTO remedy (run_id, key, ord, title, risk, status) VALUES (1, 'fix', 0, 'Fix it', 'low', 'waiting');
     INSERT INTO approval (id, run_id, remedy, plan_sha256, policy, need, expires_at)
       VALUES (repeat('a', 32), 1, 'fix', 'p', '{}', 1, clock_timestamp() + interval '1 day')`,
  );
}

describe("nobody answers", () => {
  test("one step after another is taken, each once, and the thread says so", async () => {
    await fire();
    await rig.pass(9);
    await rig.look();
    expect(await steps()).toEqual([]);
    await rig.pass(1);
    await rig.look();
    await rig.look();
    expect(await steps()).toEqual(["0/0 shown"]);
    await rig.pass(9);
    await rig.look();
    expect(await steps()).toEqual(["0/0 shown"]);
    await rig.pass(1);
    await rig.look();
    await rig.pass(60);
    await rig.look();
    expect(await steps()).toEqual(["0/0 shown", "0/1 shown"]);
    expect((await rig.incident())?.escalation?.levels).toMatchObject([
      { target: { usergroup: "S0ONCALL" }, because: "severity" },
      { target: { user: "U0BOSS" } },
    ]);
    expect(await audit("incident.escalated")).toHaveLength(2);
  });

  test("several nodes at once, and after a restart: once", async () => {
    await fire();
    await rig.pass(11);
    const signal = new AbortController().signal;
    const nodes = Array.from({ length: 6 }, () => rig.deps({ store: rig.other().escalations }));
    await Promise.all(nodes.map((deps) => escalateOnce(deps, signal)));
    expect(await steps()).toEqual(["0/0 shown"]);
    // A process that starts later knows what was done from the rows alone.
    const later = createEscalator({ ...rig.deps({ store: rig.other().escalations }), everyMs: 1 });
    later.start();
    await rig.pass(10);
    await until(async () => (await steps()).length === 2);
    await later.stop();
    expect(await audit("incident.escalated")).toHaveLength(2);
  });

  test("a decision taken on what has moved since writes nothing", async () => {
    await fire();
    const step = { incident: first, level: 0, target: { user: "U0BOSS" }, because: "severity" } as const;
    expect(await rig.store.escalations.raise({ ...step, turn: 1 })).toBe(false);
    expect(await rig.store.escalations.raise({ ...step, turn: 0, level: 1 })).toBe(false);
    expect(await rig.store.escalations.raise({ ...step, turn: 0, because: "waiting" })).toBe(false);
    await rig.ack();
    expect(await rig.store.escalations.raise({ ...step, turn: 0 })).toBe(false);
    expect(await steps()).toEqual([]);
  });

  test("an alert that is not critical is escalated once a remedy waits for a vote, and no further when it is decided", async () => {
    await rig.deliver(notification([{ name: "a" }]));
    await rig.pool.query("UPDATE incident SET severity = 'warning'");
    await rig.pass(60);
    await rig.look();
    expect(await steps()).toEqual([]);
    await propose();
    await rig.pass(10);
    await rig.look();
    expect(await steps()).toEqual(["0/0 shown"]);
    await rig.pool.query("UPDATE approval SET state = 'expired'");
    await rig.pass(30);
    await rig.look();
    expect(await steps()).toEqual(["0/0 shown"]);
  });

  test("another channel reads of it there, with a link to the thread", async () => {
    const common = Escalation.parse({ after: "10m", to: [{ channel: "C0LEADS" }] });
    await fire();
    await rig.pass(10);
    await rig.look({ escalations: { common, systems: {} } });
    const { rows } = await rig.pool.query(
      "SELECT t.channel, n.text, n.about FROM notice n JOIN thread t ON t.id = n.thread_id",
    );
    expect(rows).toEqual([{ channel: "C0LEADS", text: expect.stringContaining("incident #1"), about: 1 }]);
  });
});

describe("somebody answers", () => {
  const answers: [string, () => Promise<unknown>, string][] = [
    ["says so", () => rig.ack(), "ack"],
    [
      "votes",
      async () => {
        await propose();
        await rig.pool.query(
          "INSERT INTO vote (approval_id, principal, decision, plan_sha256, via) VALUES (repeat('a', 32), 'bob', 'deny', 'p', 'cli')",
        );
      },
      "vote",
    ],
    [
      "votes on the card of another alert that asks for the same",
      async () => {
        await rig.deliver(notification([{ name: "b" }], { groupKey: "b" }));
        await rig.pool.query("UPDATE incident SET severity = 'none' WHERE id = 2");
        const { rows } = await rig.pool.query("SELECT id FROM run WHERE incident_id = 2");
        await rig.pool.query(
          `INSERT INTO remedy (run_id, key, ord, title, risk, status) VALUES (${rows[0].id}, 'fix', 0, 'Fix it', 'low', 'denied');
           INSERT INTO remedy (run_id, key, ord, title, risk, status, same_as_run, same_as_key)
             VALUES (1, 'fix', 0, 'Fix it', 'low', 'skipped', ${rows[0].id}, 'fix');
           INSERT INTO approval (id, run_id, remedy, plan_sha256, policy, need, state, expires_at)
             VALUES (repeat('a', 32), ${rows[0].id}, 'fix', 'p', '{}', 1, 'denied', clock_timestamp() + interval '1 day');
           INSERT INTO vote (approval_id, principal, decision, plan_sha256, via) VALUES (repeat('a', 32), 'bob', 'deny', 'p', 'cli')`,
        );
      },
      "vote",
    ],
    [
      "keeps the policy from acting",
      async () => {
        await propose();
        await rig.pool.query("UPDATE approval SET auto_rule = '{}', auto_at = now() + interval '1 h'");
        await rig.store.intake.stopAuto(
          { source: "cli", dedupeKey: `s${Math.random()}`, raw: "" },
          { run: RunId.parse(1), by: bob },
        );
      },
      "command",
    ],
    [
      "cancels its run",
      () =>
        rig.store.intake.requestCancel(
          { source: "cli", dedupeKey: `c${Math.random()}`, raw: "" },
          RunId.parse(1),
          bob,
        ),
      "command",
    ],
    [
      "asks about the same system",
      () =>
        rig.store.intake.submitRun(
          { source: "slack", dedupeKey: `r${Math.random()}`, raw: "" },
          {
            system: "orders",
            runbook: "pg-locks",
            title: "Locks",
            params: {},
            connections: {},
            caller: alice,
            channel: "C0OPS",
          },
        ),
      "command",
    ],
  ];
  test.each(answers)("%s: nobody further is told", async (_how, answer, how) => {
    await fire();
    await rig.pass(10);
    await rig.look();
    await answer();
    await rig.pass(60);
    await rig.look();
    expect(await steps()).toEqual(["0/0 shown"]);
    expect((await rig.incident())?.escalation?.answered).toMatchObject({ how });
  });

  test("what a schedule or an alert starts, or somebody asks of another system, is no answer", async () => {
    await fire();
    const submit = (system: string, via: "schedule" | "cli") =>
      rig.store.intake.submitRun(
        { source: via, dedupeKey: `${system}${via}`, raw: "" },
        {
          system,
          runbook: "x",
          title: "x",
          params: {},
          connections: {},
          caller: { via, name: "x" },
          channel: "C0OPS",
        },
      );
    await submit("orders", "schedule");
    await submit("website", "cli");
    await rig.pass(10);
    await rig.look();
    expect(await steps()).toEqual(["0/0 shown"]);
  });

  test("writes in the thread: Slack is asked when a step is due, and what it does not say is no answer", async () => {
    await fire();
    await rig.pool.query(
      "INSERT INTO slack_message (thread_id, slot, channel, ts, state, digest) VALUES (1, 'head', 'C0OPS', '1790000000.000100', 'sent', 'd')",
    );
    const asked: unknown[] = [];
    const replies = (by: () => Promise<string | undefined>) => ({
      since: (root: object) => {
        asked.push(root);
        return by();
      },
      link: async () => undefined,
    });
    await rig.look({ replies: replies(async () => "U0CAROL") });
    expect(asked).toEqual([]);
    await rig.pass(10);
    await rig.look({ replies: replies(async () => Promise.reject(new Error("slack is away"))) });
    expect(await steps()).toEqual(["0/0 shown"]);
    await rig.pass(10);
    await rig.look({ replies: replies(async () => "U0CAROL") });
    await rig.pass(60);
    await rig.look({ replies: replies(async () => undefined) });
    expect(await steps()).toEqual(["0/0 shown"]);
    expect(asked).toEqual([0, 0].map(() => ({ channel: "C0OPS", ts: "1790000000.000100" })));
    expect((await rig.incident())?.escalation?.answered).toMatchObject({ how: "reply", by: "U0CAROL" });
    expect(await audit("incident.answered")).toHaveLength(1);
  });

  test("whoever comes first has it; it is nobody's when it fires anew", async () => {
    await fire();
    expect(await rig.ack()).toEqual({ incident: first, state: "yours", by: "alice" });
    expect(await rig.ack(bob)).toEqual({ incident: first, state: "taken", by: "alice" });
    expect(await audit("incident.acknowledged")).toEqual([
      { actor: "alice", payload: '{"incident":1,"turn":0,"words":"restarting"}' },
    ]);
    await rig.deliver(notification([{ name: "a", status: "resolved" }]));
    expect(await rig.ack(bob)).toMatchObject({ state: "over" });
    await rig.deliver(notification([{ name: "a", at: 5 }]));
    expect((await rig.incident())?.escalation).toMatchObject({ turn: 1 });
    expect((await rig.incident())?.escalation?.answered).toBeUndefined();
    await rig.pass(11);
    await rig.look();
    expect(await steps()).toEqual(["1/0 shown"]);
    expect(await rig.ack(bob)).toEqual({ incident: first, state: "yours", by: "bob" });
  });
});

describe("nobody is told", () => {
  test("of what has ended, is closed, or was not heard of for long", async () => {
    await fire();
    await rig.pass(11);
    await rig.pool.query("UPDATE incident SET stale_at = now()");
    await rig.look();
    expect(await steps()).toEqual([]);
    await rig.pool.query("UPDATE incident SET stale_at = NULL, status = 'resolved'");
    await rig.look();
    expect(await steps()).toEqual([]);
  });

  test("while remedies are frozen; afterwards it goes on", async () => {
    await fire();
    await rig.pass(11);
    const entry = (n: string) => ({ source: "cli" as const, dedupeKey: n, raw: "" });
    await rig.store.intake.freeze(entry("freeze"), { by: alice, reason: "release" });
    await rig.look();
    expect(await steps()).toEqual([]);
    await rig.store.intake.unfreeze(entry("unfreeze"), alice, []);
    await rig.look();
    expect(await steps()).toEqual(["0/0 shown"]);
  });

  test("of more than one group that a storm shows as lines, as long as that one fires", async () => {
    const names = ["a", "b", "c"];
    for (const name of names)
      await rig.deliver(notification([{ name }], { groupKey: `{}:{alertname="${name}"}` }));
    await rig.pool.query(
      `WITH t AS (INSERT INTO thread (channel) VALUES ('C0OPS') RETURNING id),
         s AS (INSERT INTO storm (thread_id, channel) SELECT id, 'C0OPS' FROM t RETURNING id)
       UPDATE thread SET storm_id = s.id, storm_page = 1 FROM s WHERE thread.id IN (SELECT thread_id FROM incident)`,
    );
    await rig.pass(11);
    const signal = new AbortController().signal;
    await Promise.all(
      [1, 2, 3].map(() => escalateOnce(rig.deps({ store: rig.other().escalations }), signal)),
    );
    expect(await steps()).toEqual(["0/0 shown"]);
    await rig.pool.query(
      "UPDATE incident SET status = 'resolved' WHERE id IN (SELECT incident_id FROM escalation)",
    );
    await rig.look();
    expect(await steps()).toEqual(["0/0 shown", "0/0 shown"]);
  });
});
