import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkSlack } from "../../../src/ingress/slack/check.ts";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { until } from "../../helpers/until.ts";
import { type SlackBench, startSlackBench, textOf } from "./slack-bench.ts";

let database: FreshDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await freshDatabase("slack_door");
  pool = openPool(database.url);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const newestRun = async () => (await pool.query("SELECT * FROM run ORDER BY id DESC LIMIT 1")).rows[0];
const count = async (table: string): Promise<number> =>
  (await pool.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n;

/** A remedy of a new run of `requester`'s that waits for approval, with its card posted and recorded. */
async function waitingRemedy(bench: SlackBench, actionId: string, requester = "alice", channel = "C0OPS") {
  const id = randomBytes(16).toString("hex");
  const hash = "a".repeat(64);
  const { rows } = await pool.query(
    `WITH t AS (INSERT INTO thread (channel) VALUES ($1) RETURNING id)
     INSERT INTO run (thread_id, system, runbook, title, params, connections, caller, status)
     SELECT id, 'orders', 'pg-pool-exhausted', 'Pool', '{}', '{}', $2, 'waiting' FROM t RETURNING id, thread_id`,
    [
      channel,
      { via: "slack", name: "U0ALICE", principal: requester, slack: { team: "T0LOCAL", user: "U0ALICE" } },
    ],
  );
  const { id: run, thread_id: thread } = rows[0];
  const plan = {
    version: 1,
    run,
    system: "orders",
    runbook: "pg-pool-exhausted",
    remedy: "terminate",
    title: "Terminate",
    risk: "high",
    verifyWithin: "30s",
    undo: "none: clients reconnect",
    calls: [
      {
        action: "postgres.terminate-sessions",
        on: "main",
        input: { pids: [4711] },
        class: "guarded",
        risk: "high",
        target: "sessions",
        changes: ["terminate session 4711 (app orders, idle 22 min)"],
        witness: { at: 1 },
        timeoutSeconds: 10,
      },
    ],
  };
  await pool.query(
    "INSERT INTO remedy (run_id, key, ord, title, risk, status, plan, plan_sha256) VALUES ($1, 'terminate', 0, 'Terminate', 'high', 'waiting', $2, $3)",
    [run, JSON.stringify(plan), hash],
  );
  await pool.query(
    "INSERT INTO approval (id, run_id, remedy, plan_sha256, policy, requester, need, expires_at) VALUES ($1, $2, 'terminate', $3, $4, $5, 1, now() + interval '10 min')",
    [
      id,
      run,
      hash,
      { approvals: 1, from: ["oncall"], self: false, expires: 600_000, execute: 600_000, undo: "ask" },
      requester,
    ],
  );
  const card = await bench.postCard(actionId, id, channel);
  await pool.query(
    "INSERT INTO slack_message (thread_id, slot, channel, ts, state, digest) VALUES ($1, $2, $3, $4, 'sent', 'x')",
    [thread, `run/${run}/remedy/terminate`, card.channel, card.ts],
  );
  return { id, run, card };
}

const approvalState = async (id: string) =>
  (await pool.query("SELECT state FROM approval WHERE id = $1", [id])).rows[0].state;

describe.each(["http", "socket"] as const)("the Slack door (%s)", (mode) => {
  let bench: SlackBench;
  beforeAll(async () => {
    bench = await startSlackBench(mode, pool);
    if (mode === "socket") await bench.slack.waitFor((slack) => slack.connected === 2);
  });
  afterAll(() => bench.stop());
  const ephemeral = (user: string, words: RegExp) =>
    bench.slack.waitFor(() => bench.slack.ephemerals(user).find((shown) => words.test(textOf(shown))));

  it("runs a runbook with parameters and answers with its number", async () => {
    const ack = await bench.slack.command(
      "U0ALICE",
      "C0OPS",
      "/diag",
      "orders pg-pool-exhausted idleMinutes=25 postgres=replica deep=yes",
    );
    const run = await newestRun();
    expect(textOf(ack)).toContain(`Run #${run.id}: Postgres connection pool exhausted on orders`);
    expect(run).toMatchObject({
      system: "orders",
      params: { idleMinutes: 25, order: "oldest", deep: true },
      connections: { postgres: "replica" },
      caller: { via: "slack", name: "U0ALICE", principal: "alice" },
    });
    const raw = (await pool.query("SELECT raw FROM inbox ORDER BY id DESC LIMIT 1")).rows[0].raw;
    expect(raw).toContain("idleMinutes=25");
    expect(raw).not.toMatch(/response_url|"token"/);
  });

  it("runs the health matrix for a system alone, for any full member", async () => {
    await bench.slack.command("U0CAROL", "C0OPS", "/diag", "website");
    expect(await newestRun()).toMatchObject({ runbook: "service-health", caller: { name: "U0CAROL" } });
  });

  it("puts the thread where the bot may write", async () => {
    await bench.slack.command("U0ALICE", "C0PRIVATE", "/diag", "orders");
    const { thread_id } = await newestRun();
    const { rows } = await pool.query("SELECT channel FROM thread WHERE id = $1", [thread_id]);
    expect(rows[0].channel).toBe("C0OPS");
  });

  it.each([
    ["ordres", /did you mean/],
    ["hlep", /\/diag help/],
    ["orders pg-pool-exhuasted", /did you mean.*pg-pool-exhausted/s],
    ["orders pg-pool-exhausted idleMintues=3", /did you mean.*idleMinutes/s],
    ["orders pg-pool-exhausted idleMinutes=0 order=sideways", /idleMinutes: .*order: /s],
    ["website pg-pool-exhausted", /needs a postgres connection/],
    ['orders pg-pool-exhausted note="a', /not closed/],
    ["status 99999", /no run #99999/],
    ["cancel", /number of one run/],
  ])("explains a mistake: /diag %s", async (words, expected) => {
    const before = await count("run");
    const ack = await bench.slack.command("U0ALICE", "C0OPS", "/diag", words);
    expect(textOf(ack)).toMatch(expected);
    expect(await count("run")).toBe(before);
  });

  it.each(["help", "help pg-pool-exhausted", "list", "list orders", "status", "status 1", "history orders"])(
    "answers /diag %s",
    async (words) => {
      const ack = await bench.slack.command("U0CAROL", "C0OPS", "/diag", words);
      expect(textOf(ack)).not.toMatch(/did not work|Not accepted/);
      expect(ack.blocks?.length).toBeGreaterThan(0);
    },
  );

  it.each(["U0GUEST", "U0GONE", "U0BOT", "U0FOREIGN"])("lets %s run nothing", async (user) => {
    const before = await count("run");
    const ack = await bench.slack.command(user, "C0OPS", "/diag", "orders");
    expect(textOf(ack)).toMatch(/may not use diagbot|deactivated|only members/);
    expect(await count("run")).toBe(before);
  });

  it("freezes for people it knows, and for nobody else", async () => {
    expect(textOf(await bench.slack.command("U0CAROL", "C0OPS", "/diag", "freeze 2h"))).toMatch(
      /does not know you/,
    );
    expect(
      textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "freeze 2h release under way")),
    ).toMatch(/frozen for 120 min|frozen for 2 h/);
    expect(textOf(await bench.slack.command("U0CAROL", "C0OPS", "/diag", "status"))).toMatch(
      /release under way/,
    );
    expect(textOf(await bench.slack.command("U0BOB", "C0OPS", "/diag", "unfreeze"))).toMatch(
      /may begin again/,
    );
  });

  it("a foreign name cannot become a mention in an answer", async () => {
    const ack = await bench.slack.command("U0ALICE", "C0OPS", "/diag", "&lt;!channel&gt; x");
    expect(JSON.stringify(ack)).not.toMatch(/<!|<@|<#/);
  });

  it("opens the form without asking Postgres, grows it, shows errors at the field and runs", async () => {
    expect(textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag"))).toBe("");
    expect(bench.slack.view("U0ALICE")?.blocks).toHaveLength(1);
    await bench.slack.selectInView("U0ALICE", "form:system", "orders");
    await bench.slack.waitFor((slack) => (slack.view("U0ALICE")?.blocks.length ?? 0) === 2);
    await bench.slack.selectInView("U0ALICE", "form:runbook", "pg-pool-exhausted");
    const view = await bench.slack.waitFor((slack) => {
      const top = slack.view("U0ALICE");
      return (top?.blocks.length ?? 0) > 3 && top;
    });
    expect(view.blocks.map((block) => block.block_id)).toEqual([
      "system",
      "runbook/orders",
      "connection/orders/postgres",
      "param/pg-pool-exhausted/idleMinutes",
      "param/pg-pool-exhausted/order",
      "param/pg-pool-exhausted/deep",
      "param/pg-pool-exhausted/note",
    ]);
    const field = (name: string) => `param/pg-pool-exhausted/${name}`;
    const refused = await bench.slack.submit("U0ALICE", { [field("note")]: "x".repeat(30) });
    expect(refused.errors).toHaveProperty([field("note")]);
    const done = await bench.slack.submit("U0ALICE", {
      [field("note")]: "short",
      [field("idleMinutes")]: "30",
      "connection/orders/postgres": "replica",
    });
    expect(done.response_action).toBeUndefined();
    expect(await newestRun()).toMatchObject({
      params: { idleMinutes: 30, order: "oldest", deep: false, note: "short" },
      connections: { postgres: "replica" },
    });
    await ephemeral("U0ALICE", new RegExp(`Run #${(await newestRun()).id}:`));
  });

  it("asks for what is missing in the form", async () => {
    await bench.slack.command("U0BOB", "C0OPS", "/diag");
    await bench.slack.selectInView("U0BOB", "form:system", "orders");
    await bench.slack.waitFor((slack) => (slack.view("U0BOB")?.blocks.length ?? 0) === 2);
    const ack = await bench.slack.submit("U0BOB");
    expect(ack.response_action).toBe("errors");
    await bench.slack.close("U0BOB", { all: true });
  });

  it("says in the form itself what became of it where the bot may not write", async () => {
    await bench.slack.command("U0ALICE", "C0PRIVATE", "/diag");
    await bench.slack.selectInView("U0ALICE", "form:system", "website");
    await bench.slack.waitFor((slack) => (slack.view("U0ALICE")?.blocks.length ?? 0) === 2);
    await bench.slack.selectInView("U0ALICE", "form:runbook", "service-health");
    await bench.slack.waitFor(
      (slack) => slack.calls.filter(({ method }) => method === "views.update").length >= 2,
    );
    const ack = await bench.slack.submit("U0ALICE");
    expect(ack.response_action).toBe("update");
    expect(textOf(bench.slack.view("U0ALICE"))).toMatch(/Run #\d+: Health/);
    await bench.slack.close("U0ALICE", { all: true });
  });

  it("takes an approval, once, and says so to the one who clicked", async () => {
    const { id, card } = await waitingRemedy(bench, "remedy:approve");
    await bench.slack.click("U0BOB", card, "remedy:approve");
    expect(await approvalState(id)).toBe("approved");
    await ephemeral("U0BOB", /Approved/);
    await bench.slack.click("U0BOB", card, "remedy:approve");
    await ephemeral("U0BOB", /already approved/);
    expect((await pool.query("SELECT via, decision FROM vote WHERE approval_id = $1", [id])).rows).toEqual([
      { via: "slack", decision: "approve" },
    ]);
  });

  it.each([
    ["U0ALICE", /somebody else must decide/],
    ["U0CAROL", /does not know you.*ask alice, bob/s],
    ["U0GUEST", /guests may not/],
    ["U0GONE", /deactivated/],
    ["U0BOT", /bots may not/],
    ["U0FOREIGN", /only members/],
  ])("takes no approval from %s", async (user, why) => {
    const { id, card } = await waitingRemedy(bench, "remedy:approve");
    await bench.slack.click(user, card, "remedy:approve");
    await ephemeral(user, why);
    expect(await approvalState(id)).toBe("pending");
  });

  it("takes no vote in a channel shared with another company, nor from a copy of the card", async () => {
    const shared = await waitingRemedy(bench, "remedy:approve", "alice", "C0SHARED");
    await bench.slack.click("U0BOB", shared.card, "remedy:approve");
    await ephemeral("U0BOB", /shared with another company/);
    expect(await approvalState(shared.id)).toBe("pending");
    const { id } = await waitingRemedy(bench, "remedy:approve");
    const copy = await bench.postCard("remedy:approve", id);
    await bench.slack.click("U0BOB", copy, "remedy:approve");
    expect(await approvalState(id)).toBe("pending");
  });

  it("denies with a reason asked for in a form", async () => {
    const { id, card } = await waitingRemedy(bench, "remedy:deny");
    await bench.slack.click("U0BOB", card, "remedy:deny");
    expect(await approvalState(id)).toBe("pending");
    await bench.slack.submit("U0BOB", { reason: "the batch job needs these" });
    expect(await approvalState(id)).toBe("denied");
    expect((await pool.query("SELECT reason FROM vote WHERE approval_id = $1", [id])).rows[0].reason).toBe(
      "the batch job needs these",
    );
  });

  it("shows a denier's refusal in the form", async () => {
    const { card } = await waitingRemedy(bench, "remedy:deny");
    await bench.slack.click("U0CAROL", card, "remedy:deny");
    const ack = await bench.slack.submit("U0CAROL", { reason: "because I can" });
    expect(ack.errors?.reason).toMatch(/does not know you/);
    await bench.slack.close("U0CAROL", { all: true });
  });

  it("takes the word of those who may on a remedy in force", async () => {
    const { run, card } = await waitingRemedy(bench, "remedy:keep");
    await pool.query(
      "UPDATE remedy SET status = 'succeeded', held_until = now() + interval '1 hour' WHERE run_id = $1",
      [run],
    );
    const answers = async () =>
      (await pool.query("SELECT principal, answer, via FROM answer WHERE run_id = $1", [run])).rows;
    await bench.slack.click("U0CAROL", card, "remedy:keep");
    await ephemeral("U0CAROL", /does not know you/);
    expect(await answers()).toEqual([]);
    await bench.slack.click("U0BOB", card, "remedy:keep");
    await ephemeral("U0BOB", /It stays/);
    expect(await answers()).toEqual([{ principal: "bob", answer: "keep", via: "slack" }]);
  });

  it("shows the exact plan and every step", async () => {
    const { run, card } = await waitingRemedy(bench, "remedy:preview");
    await bench.slack.click("U0CAROL", card, "remedy:preview");
    const plan = await bench.slack.waitFor((slack) => {
      const text = textOf(slack.view("U0CAROL")?.blocks);
      return text.includes("sha256") && text;
    });
    expect(plan).toContain("terminate session 4711 (app orders, idle 22 min)");
    expect(plan).toContain("a".repeat(64));
    await bench.slack.close("U0CAROL", { all: true });
    const details = await bench.postCard("run:details", String(run));
    await bench.slack.click("U0CAROL", details, "run:details");
    await bench.slack.waitFor((slack) => textOf(slack.view("U0CAROL")?.blocks).includes(`Run #${run}`));
    await bench.slack.close("U0CAROL", { all: true });
  });

  it("cancels a run for its asker and for people it knows", async () => {
    await bench.slack.command("U0CAROL", "C0OPS", "/diag", "orders");
    const { id } = await newestRun();
    const card = await bench.postCard("run:cancel", String(id));
    const requested = async () =>
      (await pool.query("SELECT cancel_requested_by FROM run WHERE id = $1", [id])).rows[0]
        .cancel_requested_by;
    await bench.slack.click("U0CAROL", card, "run:cancel");
    await ephemeral("U0CAROL", new RegExp(`Run #${id} is being cancelled`));
    expect(await requested()).toBe("U0CAROL");
    await bench.slack.command("U0ALICE", "C0OPS", "/diag", "orders");
    const other = await newestRun();
    const ack = await bench.slack.command("U0CAROL", "C0OPS", "/diag", `cancel ${other.id}`);
    expect(textOf(ack)).toMatch(/may not cancel/);
  });

  it("a button with a value of somebody else's does nothing", async () => {
    const card = await bench.postCard("remedy:approve", "'; DROP TABLE run; --");
    await bench.slack.click("U0BOB", card, "remedy:approve");
    await ephemeral("U0BOB", /not one of diagbot's/);
  });

  it("draws the home tab", async () => {
    await bench.slack.openHome("U0ALICE");
    await bench.slack.waitFor((slack) => textOf(slack.home("U0ALICE")).includes("orders"));
  });

  it("shows guests neither the home tab's lists nor runbooks in the form", async () => {
    await bench.slack.openHome("U0GUEST");
    const home = await bench.slack.waitFor((slack) => slack.home("U0GUEST"));
    expect(textOf(home)).toMatch(/guests may not/);
    expect(textOf(home)).not.toMatch(/orders/);
    await bench.slack.command("U0GUEST", "C0OPS", "/diag");
    await bench.slack.selectInView("U0GUEST", "form:system", "orders");
    await bench.slack.waitFor((slack) => /guests may not/.test(textOf(slack.view("U0GUEST"))));
    await bench.slack.close("U0GUEST", { all: true });
  });

  it("acknowledges 100 commands at once within Slack's time", async () => {
    const times = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const began = performance.now();
        await bench.slack.command("U0ALICE", "C0OPS", "/diag", "website");
        return performance.now() - began;
      }),
    );
    expect(Math.max(...times)).toBeLessThan(2_900);
  });

  it("asks Slack once who we are", () => {
    expect(bench.slack.calls.filter(({ method }) => method === "auth.test")).toHaveLength(1);
  });
});

describe("in HTTP mode", () => {
  let bench: SlackBench;
  beforeAll(async () => {
    bench = await startSlackBench("http", pool);
  });
  afterAll(() => bench.stop());
  const post = (body: string, headers: Record<string, string>) =>
    fetch(`${bench.url}/slack/events`, {
      method: "POST",
      body: Buffer.from(body),
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    });
  const form = (trigger: string) =>
    new URLSearchParams({
      command: "/diag",
      text: "orders",
      team_id: "T0LOCAL",
      user_id: "U0ALICE",
      channel_id: "C0OPS",
      trigger_id: trigger,
      response_url: "http://127.0.0.1:1/",
    }).toString();
  const now = () => Math.floor(Date.now() / 1000);

  it("refuses old, future, unsigned, altered and replayed requests", async () => {
    const before = await count("run");
    const body = form("t-1");
    expect((await post(body, {})).status).toBe(401);
    expect((await post(body, bench.slack.sign(body, now() - 301))).status).toBe(401);
    expect((await post(body, bench.slack.sign(body, now() + 302))).status).toBe(401);
    expect((await post(`${body}x`, bench.slack.sign(body))).status).toBe(401);
    expect(await count("run")).toBe(before);
    const headers = bench.slack.sign(body);
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(body, headers)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await count("run")).toBe(before + 1);
  });

  it("one command delivered again with another signature is one run", async () => {
    const before = await count("run");
    const body = form("t-2");
    for (const at of [now(), now() - 1, now() + 1])
      expect((await post(body, bench.slack.sign(body, at))).status).toBe(200);
    expect(await count("run")).toBe(before + 1);
  });

  it("answers Slack's certificate check and refuses large bodies", async () => {
    expect((await post("ssl_check=1&token=x", {})).status).toBe(200);
    expect((await post("x".repeat(1_100_000), {})).status).toBe(413);
  });
});

describe("when things are slow or away", () => {
  it("acknowledges in time with the truth, and tells the rest later", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const bench = await startSlackBench("http", pool, (intake) => ({
      ...intake,
      submitRun: async (entry, request) => {
        await held;
        return intake.submitRun(entry, request);
      },
    }));
    const began = performance.now();
    const ack = await bench.slack.command("U0ALICE", "C0OPS", "/diag", "orders");
    expect(performance.now() - began).toBeLessThan(2_950);
    expect(textOf(ack)).toMatch(/not accepted yet/);
    release();
    await bench.slack.waitFor((slack) =>
      slack.ephemerals("U0ALICE").some((shown) => /Run #\d+/.test(textOf(shown))),
    );
    await bench.stop();
  });

  it("says not accepted when Postgres is away", async () => {
    const nowhere = openPool("postgres://postgres@127.0.0.1:1/none");
    const bench = await startSlackBench("http", nowhere);
    expect(textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "orders"))).toMatch(/Not accepted/);
    await bench.slack.command("U0ALICE", "C0OPS", "/diag");
    expect(bench.slack.view("U0ALICE")?.callback_id).toBe("diag:form");
    await bench.stop();
    await nowhere.end();
  });

  it("keeps two sockets open through refreshes and cuts", async () => {
    const bench = await startSlackBench("socket", pool);
    await bench.slack.waitFor((slack) => slack.connected === 2);
    for (const hurt of [() => bench.slack.disconnectSockets(), () => bench.slack.cutSockets()]) {
      hurt();
      await bench.slack.waitFor((slack) => slack.connected < 2, 5_000);
      await until(() => bench.door.health().ok && bench.slack.connected === 2, 20_000);
      expect(textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "list"))).toMatch(/orders/);
    }
    await bench.stop();
    expect(bench.slack.connected).toBe(0);
  });

  it("a Slack that does not know us is shown by health and tried again", async () => {
    const bench = await startSlackBench("http", pool, undefined, (slack) =>
      slack.faults.add({ kind: "error", method: "auth.test", error: "invalid_auth", times: 1 }),
    );
    expect(bench.door.health()).toEqual({ ok: false, detail: "Slack said invalid_auth" });
    await until(() => bench.door.health().ok);
    expect(textOf(await bench.slack.command("U0ALICE", "C0OPS", "/diag", "list"))).toMatch(/orders/);
    await bench.stop();
  });

  it.each(["users.info", "conversations.info"])(
    "a vote is refused while %s does not answer",
    async (method) => {
      const bench = await startSlackBench("http", pool);
      const { id, card } = await waitingRemedy(bench, "remedy:approve");
      bench.slack.faults.add({ kind: "error", method, error: "internal_error" });
      await bench.slack.click("U0BOB", card, "remedy:approve");
      await bench.slack.waitFor((slack) =>
        slack.ephemerals("U0BOB").find((shown) => /could not look up/.test(textOf(shown))),
      );
      expect(await approvalState(id)).toBe("pending");
      await bench.slack.click("U0BOB", card, "remedy:approve");
      expect(await approvalState(id)).toBe("approved");
      await bench.stop();
    },
  );

  it("doctor names what is wrong with tokens and channels", async () => {
    const bench = await startSlackBench("socket", pool);
    const { apiUrl, token, appToken } = bench.slack;
    const found = await checkSlack({ botToken: token, appToken, apiUrl }, [
      "C0OPS",
      "C0PRIVATE",
      "C0NOWHERE",
    ]);
    expect(found.map(({ ok }) => ok)).toEqual([true, true, true, false, false]);
    expect(await checkSlack({ botToken: "xoxb-wrong", apiUrl }, ["C0OPS"])).toMatchObject([
      { ok: false, detail: "invalid_auth" },
    ]);
    await bench.stop();
  });
});
