import { expect, it } from "vitest";
import { cpuTimeOf } from "../../helpers/cpu-time.ts";
import { textOf } from "./slack-bench.ts";
import { describeDoor, doorRig } from "./slack-rig.ts";

const rig = doorRig("slack_commands");

describeDoor(rig, (door) => {
  it("runs a runbook with parameters and answers with its number", async () => {
    const ack = await door.bench.slack.command(
      "U0ALICE",
      "C0OPS",
      "/diag",
      "orders pg-pool-exhausted idleMinutes=25 postgres=replica deep=yes",
    );
    const run = await rig.newestRun();
    expect(textOf(ack)).toContain(`Run #${run.id}: Postgres connection pool exhausted on orders`);
    expect(run).toMatchObject({
      system: "orders",
      params: { idleMinutes: 25, order: "oldest", deep: true },
      connections: { postgres: "replica" },
      caller: { via: "slack", name: "U0ALICE", principal: "alice" },
    });
    const raw = (await rig.pool.query("SELECT raw FROM inbox ORDER BY id DESC LIMIT 1")).rows[0].raw;
    expect(raw).toContain("idleMinutes=25");
    expect(raw).not.toMatch(/response_url|"token"/);
  });

  it("runs the health matrix for a system alone, for any full member", async () => {
    await door.bench.slack.command("U0CAROL", "C0OPS", "/diag", "website");
    expect(await rig.newestRun()).toMatchObject({ runbook: "service-health", caller: { name: "U0CAROL" } });
  });

  it.each(["C0PRIVATE", "C0SHARED"])(
    "puts the thread where the bot may write, not in %s",
    async (channel) => {
      await door.bench.slack.command("U0ALICE", channel, "/diag", "orders");
      const { thread_id } = await rig.newestRun();
      const { rows } = await rig.pool.query("SELECT channel FROM thread WHERE id = $1", [thread_id]);
      expect(rows[0].channel).toBe("C0OPS");
    },
  );

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
    const before = await rig.count("run");
    const ack = await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", words);
    expect(textOf(ack)).toMatch(expected);
    expect(await rig.count("run")).toBe(before);
  });

  it.each(["help", "help pg-pool-exhausted", "list", "list orders", "status", "status 1", "history orders"])(
    "answers /diag %s",
    async (words) => {
      const ack = await door.bench.slack.command("U0CAROL", "C0OPS", "/diag", words);
      expect(textOf(ack)).not.toMatch(/did not work|Not accepted/);
      expect(ack.blocks?.length).toBeGreaterThan(0);
    },
  );

  it.each(["U0GUEST", "U0GONE", "U0BOT", "U0FOREIGN"])("lets %s run nothing", async (user) => {
    const before = await rig.count("run");
    const ack = await door.bench.slack.command(user, "C0OPS", "/diag", "orders");
    expect(textOf(ack)).toMatch(/may not use diagbot|deactivated|only members/);
    expect(await rig.count("run")).toBe(before);
  });

  it("freezes for people it knows, and for nobody else", async () => {
    expect(textOf(await door.bench.slack.command("U0CAROL", "C0OPS", "/diag", "freeze 2h"))).toMatch(
      /does not know you/,
    );
    expect(
      textOf(await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", "freeze 2h release under way")),
    ).toMatch(/frozen for 120 min|frozen for 2 h/);
    expect(textOf(await door.bench.slack.command("U0CAROL", "C0OPS", "/diag", "status"))).toMatch(
      /release under way/,
    );
    expect(textOf(await door.bench.slack.command("U0BOB", "C0OPS", "/diag", "unfreeze"))).toMatch(
      /may begin again/,
    );
  });

  it("a foreign name cannot become a mention in an answer", async () => {
    const ack = await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", "&lt;!channel&gt; x");
    expect(JSON.stringify(ack)).not.toMatch(/<!|<@|<#/);
  });

  it("opens the form without asking Postgres, grows it, shows errors at the field and runs", async () => {
    expect(textOf(await door.bench.slack.command("U0ALICE", "C0OPS", "/diag"))).toBe("");
    expect(door.bench.slack.view("U0ALICE")?.blocks).toHaveLength(1);
    await door.bench.slack.selectInView("U0ALICE", "form:system", "orders");
    await door.bench.slack.waitFor((slack) => (slack.view("U0ALICE")?.blocks.length ?? 0) === 2);
    await door.bench.slack.selectInView("U0ALICE", "form:runbook", "pg-pool-exhausted");
    const view = await door.bench.slack.waitFor((slack) => {
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
    const refused = await door.bench.slack.submit("U0ALICE", { [field("note")]: "x".repeat(30) });
    expect(refused.errors).toHaveProperty([field("note")]);
    const done = await door.bench.slack.submit("U0ALICE", {
      [field("note")]: "short",
      [field("idleMinutes")]: "30",
      "connection/orders/postgres": "replica",
    });
    expect(done.response_action).toBeUndefined();
    expect(await rig.newestRun()).toMatchObject({
      params: { idleMinutes: 30, order: "oldest", deep: false, note: "short" },
      connections: { postgres: "replica" },
    });
    await door.ephemeral("U0ALICE", new RegExp(`Run #${(await rig.newestRun()).id}:`));
  });

  it("asks for what is missing in the form", async () => {
    await door.bench.slack.command("U0BOB", "C0OPS", "/diag");
    await door.bench.slack.selectInView("U0BOB", "form:system", "orders");
    await door.bench.slack.waitFor((slack) => (slack.view("U0BOB")?.blocks.length ?? 0) === 2);
    const ack = await door.bench.slack.submit("U0BOB");
    expect(ack.response_action).toBe("errors");
    await door.bench.slack.close("U0BOB", { all: true });
  });

  it("says in the form itself what became of it where the bot may not write", async () => {
    await door.bench.slack.command("U0ALICE", "C0PRIVATE", "/diag");
    await door.bench.slack.selectInView("U0ALICE", "form:system", "website");
    await door.bench.slack.waitFor((slack) => (slack.view("U0ALICE")?.blocks.length ?? 0) === 2);
    await door.bench.slack.selectInView("U0ALICE", "form:runbook", "service-health");
    await door.bench.slack.waitFor(
      (slack) => slack.calls.filter(({ method }) => method === "views.update").length >= 2,
    );
    const ack = await door.bench.slack.submit("U0ALICE");
    expect(ack.response_action).toBe("update");
    expect(textOf(door.bench.slack.view("U0ALICE"))).toMatch(/Run #\d+: Health/);
    await door.bench.slack.close("U0ALICE", { all: true });
  });

  it("says it in a form of its own when the channel takes no answer after all", async () => {
    const { slack } = door.bench;
    await slack.command("U0ALICE", "C0OPS", "/diag");
    await slack.selectInView("U0ALICE", "form:system", "website");
    await slack.waitFor(() => (slack.view("U0ALICE")?.blocks.length ?? 0) === 2);
    await slack.selectInView("U0ALICE", "form:runbook", "service-health");
    await slack.waitFor(() => JSON.stringify(slack.view("U0ALICE")?.blocks).includes("runbook/website"));
    slack.faults.add({ method: "chat.postEphemeral", kind: "error", error: "user_not_in_channel" });
    await slack.submit("U0ALICE");
    await slack.waitFor(() => /Run #\d+: Health/.test(textOf(slack.view("U0ALICE"))));
    await slack.close("U0ALICE", { all: true });
  });

  it("draws the home tab", async () => {
    await door.bench.slack.openHome("U0ALICE");
    await door.bench.slack.waitFor((slack) => textOf(slack.home("U0ALICE")).includes("orders"));
  });

  it("leaves no old home tab standing when Slack does not take the new one", async () => {
    const { slack } = door.bench;
    slack.faults.add({ method: "views.publish", kind: "error", error: "invalid_arguments" });
    await slack.openHome("U0ALICE");
    await slack.waitFor(() => textOf(slack.home("U0ALICE")).includes("could not be drawn"));
  });

  it("shows guests neither the home tab's lists nor runbooks in the form", async () => {
    await door.bench.slack.openHome("U0GUEST");
    const home = await door.bench.slack.waitFor((slack) => slack.home("U0GUEST"));
    expect(textOf(home)).toMatch(/guests may not/);
    expect(textOf(home)).not.toMatch(/orders/);
    await door.bench.slack.command("U0GUEST", "C0OPS", "/diag");
    await door.bench.slack.selectInView("U0GUEST", "form:system", "orders");
    await door.bench.slack.waitFor((slack) => /guests may not/.test(textOf(slack.view("U0GUEST"))));
    await door.bench.slack.close("U0GUEST", { all: true });
  });

  it("acknowledges 100 commands at once within Slack's time", async () => {
    const { total } = await cpuTimeOf(() =>
      Promise.all(
        Array.from({ length: 100 }, () => door.bench.slack.command("U0ALICE", "C0OPS", "/diag", "website")),
      ),
    );
    expect(total).toBeLessThan(2_900);
  });
});
