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

  it("names the channel of the thread, and links it once it is posted", async () => {
    const ack = await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", "orders");
    expect(JSON.stringify(ack.blocks)).toContain('{"type":"channel","channel_id":"C0OPS"}');
    const { id, thread_id } = await rig.newestRun();
    await rig.pool.query(
      "INSERT INTO slack_message (thread_id, slot, channel, ts, state, digest) VALUES ($1, 'head', 'C0OPS', $2, 'sent', 'x')",
      [thread_id, `17000${id}.000100`],
    );
    const link = `archives/C0OPS/p17000${id}000100`;
    const told = () => door.bench.slack.ephemerals("U0ALICE").map((shown) => JSON.stringify(shown));
    await door.bench.slack.waitFor(() => told().some((shown) => shown.includes(link)));
    // Who asks where it stands gets the link at once.
    const status = await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", `status ${id}`);
    expect(JSON.stringify(status)).toContain(link);
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

  it.each([
    ...["help", "help pg-pool-exhausted", "list", "list orders", "status", "status 1", "history orders"],
    ...["pending", "pending orders"],
  ])("answers /diag %s", async (words) => {
    const ack = await door.bench.slack.command("U0RITA", "C0OPS", "/diag", words);
    expect(textOf(ack)).not.toMatch(/did not work|Not accepted|Not allowed/);
    expect(ack.blocks?.length).toBeGreaterThan(0);
  });

  it("shows what is found on a system to its readers only", async () => {
    for (const system of ["website", "orders"])
      await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", system);
    const { id, thread_id } = await rig.newestRun();
    for (const words of [`status ${id}`, "history orders", "pending orders", "orders"])
      expect(textOf(await door.bench.slack.command("U0CAROL", "C0OPS", "/diag", words))).toMatch(
        /may not read what is found on orders/,
      );
    const newest = await door.bench.slack.command("U0CAROL", "C0OPS", "/diag", "status");
    expect(textOf(newest)).toContain("website service-health");
    expect(textOf(newest)).not.toContain("orders ");
    await door.bench.slack.openHome("U0CAROL");
    const home = await door.bench.slack.waitFor((slack) => slack.home("U0CAROL"));
    expect(textOf(home)).not.toContain("orders service-health");
    const details = await door.bench.postCard("run:details", String(id));
    const earlier = await door.bench.postCard("incident:runs", String(thread_id));
    const { card } = await rig.waitingRemedy(door.bench, "remedy:preview");
    for (const [shown, button] of [
      [details, "run:details"],
      [card, "remedy:preview"],
      [earlier, "incident:runs"],
    ] as const) {
      await door.bench.slack.click("U0CAROL", shown, button);
      const said = await door.bench.slack.waitFor((slack) => {
        const words = textOf(slack.view("U0CAROL"));
        return words !== "" && !words.includes("One moment") && words;
      });
      expect(said).toMatch(/may not read/);
      await door.bench.slack.close("U0CAROL", { all: true });
    }
  });

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
    // Rita is known, but unfreezing needs a role; freezing for a second would be the same by another word.
    expect(textOf(await door.bench.slack.command("U0RITA", "C0OPS", "/diag", "unfreeze"))).toMatch(
      /needs the role oncall/,
    );
    expect(textOf(await door.bench.slack.command("U0RITA", "C0OPS", "/diag", "freeze 1s mine"))).toMatch(
      /frozen for (119 min|2 h).*lasts longer/s,
    );
    expect(textOf(await door.bench.slack.command("U0BOB", "C0OPS", "/diag", "unfreeze"))).toMatch(
      /may begin again/,
    );
  });

  it("freezes one system, or puts it into maintenance, and says where and until when", async () => {
    const said = async (user: string, words: string) =>
      textOf(await door.bench.slack.command(user, "C0OPS", "/diag", words));
    expect(await said("U0CAROL", "maintenance orders 2h")).toMatch(/does not know you/);
    expect(await said("U0RITA", "maintenance orders 2h upgrade")).toMatch(
      /orders is in maintenance for (119 min|2 h|120 min).*rita: upgrade/s,
    );
    expect(await said("U0BOB", "maintenance")).toMatch(/orders is in maintenance until .*rita: upgrade/);
    expect(await said("U0BOB", "status")).toMatch(/orders is in maintenance until/);
    expect(await said("U0RITA", "unfreeze orders")).toMatch(/needs the role oncall/);
    expect(await said("U0BOB", "maintenance end orders")).toMatch(/may begin again on orders/);
    expect(await said("U0BOB", "freeze orders 1h release")).toMatch(/frozen on orders for/);
    expect(await said("U0BOB", "unfreeze orders")).toMatch(/may begin again on orders/);
    expect(await said("U0BOB", "unfreeze orders")).toMatch(/were not frozen on orders/);
    expect(await said("U0BOB", "maintenance")).toMatch(/Nothing is frozen/);
    expect(await said("U0BOB", "maintenance nowhere 1h")).toMatch(/no system .*nowhere/);
  });

  it("turns the policy auto off for people it knows, and on again for who may unfreeze", async () => {
    const said = async (user: string, words: string) =>
      textOf(await door.bench.slack.command(user, "C0OPS", "/diag", words));
    expect(await said("U0CAROL", "auto off orders")).toMatch(/does not know you/);
    expect(await said("U0RITA", "auto off orders release")).toMatch(/auto is off for orders/);
    expect(await said("U0RITA", "auto on orders")).toMatch(/needs the role oncall/);
    expect(await said("U0BOB", "auto orders")).toMatch(
      /off for orders since .*rita.*release.*auto on orders/s,
    );
    expect(await said("U0BOB", "auto on orders")).toMatch(/auto is on for orders/);
    expect(await said("U0BOB", "auto")).toMatch(/Nothing is applied without a person/);
  });

  it("announces freeze and unfreeze in every channel that shows remedies", async () => {
    const notices = async () =>
      (
        await rig.pool.query(
          "SELECT t.channel, n.text FROM notice n JOIN thread t ON t.id = n.thread_id ORDER BY t.id DESC LIMIT 2",
        )
      ).rows;
    await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", "freeze 2h release under way");
    expect((await notices())[0]).toEqual({
      channel: "C0OPS",
      text: expect.stringMatching(/frozen by alice until .*UTC: release under way/),
    });
    await door.bench.slack.command("U0BOB", "C0OPS", "/diag", "unfreeze");
    expect((await notices())[0]).toEqual({
      channel: "C0OPS",
      text: expect.stringMatching(/freeze of alice was ended by bob: remedies may begin again/),
    });
  });

  it("says what unfreezing sets off, and asks once more when the freeze is old", async () => {
    const { run, id } = await rig.waitingRemedy(door.bench, "remedy:approve");
    await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", "freeze release under way");
    await rig.pool.query(
      "UPDATE approval SET state = 'approved', execute_before = now() + '5 min' WHERE id = $1",
      [id],
    );
    await rig.pool.query("UPDATE remedy SET status = 'approved' WHERE run_id = $1", [run]);
    await rig.pool.query("UPDATE write_freeze SET since = now() - interval '2 hours'");
    const asked = await door.bench.slack.command("U0BOB", "C0OPS", "/diag", "unfreeze");
    expect(textOf(asked)).toMatch(
      new RegExp(`Still frozen.*apply: Terminate .run #${run} on orders.*unfreeze yes`, "s"),
    );
    expect(await rig.count("write_freeze")).toBe(1);
    const done = await door.bench.slack.command("U0BOB", "C0OPS", "/diag", "unfreeze yes");
    expect(textOf(done)).toMatch(new RegExp(`may begin again.*apply: Terminate .run #${run} on orders`, "s"));
    expect(await rig.count("write_freeze")).toBe(0);
    await rig.pool.query("UPDATE run SET status = 'cancelled' WHERE id = $1", [run]);
  });

  it("a foreign name cannot become a mention in an answer", async () => {
    const ack = await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", "&lt;!channel&gt; x");
    expect(JSON.stringify(ack)).not.toMatch(/<!|<@|<#/);
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

  it("gives every member a bucket of their own", async () => {
    const ask = (user: string) => door.bench.slack.command(user, "C0OPS", "/diag", "help");
    const isRefused = (ack: unknown) => /more than 200 requests a minute/.test(textOf(ack));
    let refused = false;
    for (let asked = 0; asked < 2_000 && !refused; asked += 20)
      refused = (await Promise.all(Array.from({ length: 20 }, () => ask("U0CAROL")))).some(isRefused);
    expect(refused).toBe(true);
    expect(textOf(await ask("U0RITA"))).toMatch(/What you can ask/);
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
