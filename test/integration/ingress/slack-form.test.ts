import { expect, it } from "vitest";
import { textOf } from "./slack-bench.ts";
import { describeDoor, doorRig } from "./slack-rig.ts";

const rig = doorRig("slack_form");

describeDoor(rig, (door) => {
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
});
