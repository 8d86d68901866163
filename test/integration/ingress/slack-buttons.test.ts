import { expect, it } from "vitest";
import { deliverTo, notification } from "./alert-fixtures.ts";
import { textOf } from "./slack-bench.ts";
import { describeDoor, doorRig } from "./slack-rig.ts";

const rig = doorRig("slack_buttons");

describeDoor(rig, (door) => {
  it("takes an approval, once, and says so to the one who clicked", async () => {
    const { id, card } = await rig.waitingRemedy(door.bench, "remedy:approve");
    await door.bench.slack.click("U0BOB", card, "remedy:approve");
    expect(await rig.approvalState(id)).toBe("approved");
    await door.ephemeral("U0BOB", /Approved/);
    await door.bench.slack.click("U0BOB", card, "remedy:approve");
    await door.ephemeral("U0BOB", /already approved/);
    expect(
      (await rig.pool.query("SELECT via, decision FROM vote WHERE approval_id = $1", [id])).rows,
    ).toEqual([{ via: "slack", decision: "approve" }]);
  });

  it("answers in the channel when the response URL is used up", async () => {
    const { slack } = door.bench;
    const { card } = await rig.waitingRemedy(door.bench, "remedy:approve");
    await slack.click("U0CAROL", card, "remedy:approve");
    await door.ephemeral("U0CAROL", /does not know you/);
    const before = slack.calls.length;
    const clicked = slack.deliveries.findLast(({ type }) => type === "interactive")?.payload ?? {};
    await slack.deliver("interactive", {
      ...clicked,
      trigger_id: "another.click",
      response_url: `${slack.url}/response/used-up`,
    });
    const shown = await slack.waitFor(() =>
      slack.calls.slice(before).find(({ method, ok }) => ok && method === "chat.postEphemeral"),
    );
    expect(shown.args).toMatchObject({ user: "U0CAROL", channel: card.channel });
    expect(JSON.stringify(shown.args.blocks)).toMatch(/does not know you/);
  });

  it("says under a freeze that nothing begins, and when the approval lapses", async () => {
    const { id, card } = await rig.waitingRemedy(door.bench, "remedy:approve");
    await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", "freeze 2h release");
    try {
      await door.bench.slack.click("U0BOB", card, "remedy:approve");
      await door.ephemeral(
        "U0BOB",
        /Approved, but frozen by alice until \d\d:\d\d UTC; this approval lapses at \d\d:\d\d UTC/,
      );
      expect(await rig.approvalState(id)).toBe("approved");
    } finally {
      await rig.pool.query("DELETE FROM write_freeze");
    }
  });

  it.each([
    ["U0ALICE", /somebody else must decide/],
    ["U0CAROL", /does not know you.*ask alice, bob/s],
    ["U0RITA", /needs the role oncall/],
    ["U0GUEST", /guests may not/],
    ["U0GONE", /deactivated/],
    ["U0BOT", /bots may not/],
    ["U0FOREIGN", /only members/],
    ["W0ERIN", /only members/],
  ])("takes no approval from %s", async (user, why) => {
    const { id, card } = await rig.waitingRemedy(door.bench, "remedy:approve");
    await door.bench.slack.click(user, card, "remedy:approve");
    await door.ephemeral(user, why);
    expect(await rig.approvalState(id)).toBe("pending");
  });

  it("takes an approval from a member who is at home in another workspace of the same Grid", async () => {
    const { id, card } = await rig.waitingRemedy(door.bench, "remedy:approve");
    await door.bench.slack.click("W0DAVE", card, "remedy:approve");
    await door.ephemeral("W0DAVE", /Approved/);
    expect(await rig.approvalState(id)).toBe("approved");
  });

  it("takes no vote in a channel shared with another company, nor from a copy of the card", async () => {
    const shared = await rig.waitingRemedy(door.bench, "remedy:approve", "alice", "C0SHARED");
    await door.bench.slack.click("U0BOB", shared.card, "remedy:approve");
    await door.ephemeral("U0BOB", /shared with another company/);
    expect(await rig.approvalState(shared.id)).toBe("pending");
    const { id } = await rig.waitingRemedy(door.bench, "remedy:approve");
    const copy = await door.bench.postCard("remedy:approve", id);
    await door.bench.slack.click("U0BOB", copy, "remedy:approve");
    expect(await rig.approvalState(id)).toBe("pending");
  });

  it("keeps the policy from acting for anybody it knows, from the card itself only", async () => {
    const { id, run, card } = await rig.waitingRemedy(door.bench, "remedy:stop-auto");
    const auto = async () =>
      (
        await rig.pool.query(
          "SELECT state, auto_at IS NULL AS stopped, auto_stopped_by AS by FROM approval WHERE id = $1",
          [id],
        )
      ).rows[0];
    await rig.pool.query(
      "UPDATE approval SET auto_rule = '{}', auto_at = now() + interval '1 h' WHERE id = $1",
      [id],
    );
    const copy = await door.bench.postCard("remedy:stop-auto", id);
    for (const [user, place] of [
      ["U0CAROL", card],
      ["U0RITA", copy],
    ] as const) {
      await door.bench.slack.click(user, place, "remedy:stop-auto");
      expect(await auto()).toEqual({ state: "pending", stopped: false, by: null });
    }
    await door.bench.slack.click("U0RITA", card, "remedy:stop-auto");
    await door.ephemeral("U0RITA", new RegExp(`Stopped: terminate of run #${run}`));
    expect(await auto()).toEqual({ state: "pending", stopped: true, by: "rita" });
    await door.bench.slack.click("U0RITA", card, "remedy:stop-auto");
    await door.ephemeral("U0RITA", /nothing that would be applied without a person/);
  });

  it("denies with a reason asked for in a form", async () => {
    const { id, card } = await rig.waitingRemedy(door.bench, "remedy:deny");
    await door.bench.slack.click("U0BOB", card, "remedy:deny");
    expect(await rig.approvalState(id)).toBe("pending");
    await door.bench.slack.submit("U0BOB", { reason: "the batch job needs these" });
    expect(await rig.approvalState(id)).toBe("denied");
    expect(
      (await rig.pool.query("SELECT reason FROM vote WHERE approval_id = $1", [id])).rows[0].reason,
    ).toBe("the batch job needs these");
  });

  it("shows a denier's refusal in the form", async () => {
    const { card } = await rig.waitingRemedy(door.bench, "remedy:deny");
    await door.bench.slack.click("U0CAROL", card, "remedy:deny");
    const ack = await door.bench.slack.submit("U0CAROL", { reason: "because I can" });
    expect(ack.errors?.reason).toMatch(/does not know you/);
    await door.bench.slack.close("U0CAROL", { all: true });
  });

  it("takes the word of those who may on a remedy in force", async () => {
    const { run, card } = await rig.waitingRemedy(door.bench, "remedy:keep");
    await rig.pool.query(
      "UPDATE remedy SET status = 'succeeded', held_until = now() + interval '1 hour' WHERE run_id = $1",
      [run],
    );
    const answers = async () =>
      (await rig.pool.query("SELECT principal, answer, via FROM answer WHERE run_id = $1", [run])).rows;
    await door.bench.slack.click("U0CAROL", card, "remedy:keep");
    await door.ephemeral("U0CAROL", /does not know you/);
    expect(await answers()).toEqual([]);
    await door.bench.slack.click("U0BOB", card, "remedy:keep");
    await door.ephemeral("U0BOB", /It stays/);
    expect(await answers()).toEqual([{ principal: "bob", answer: "keep", via: "slack" }]);
  });

  it("keeps with the vote what was shown, and takes no approval of a plan whose file is not up", async () => {
    const { id, run, thread, card } = await rig.waitingRemedy(door.bench, "remedy:approve");
    const changes = JSON.stringify(Array.from({ length: 120 }, (_, i) => `remove file ${i}`));
    await rig.pool.query(
      "UPDATE remedy SET plan = jsonb_set(plan::jsonb, '{calls,0,changes}', $2::jsonb)::text WHERE run_id = $1",
      [run, changes],
    );
    await door.bench.slack.click("U0BOB", card, "remedy:approve");
    await door.ephemeral("U0BOB", /file with all changes is not in the thread yet/);
    expect(await rig.approvalState(id)).toBe("pending");
    await rig.pool.query(
      "INSERT INTO slack_message (thread_id, slot, channel, ts, state, digest) VALUES ($1, $2, 'C0OPS', $3, 'sent', 'whole')",
      [thread, `run/${run}/plan/terminate/${"a".repeat(8)}`, `F${run}`],
    );
    await door.bench.slack.click("U0BOB", card, "remedy:approve");
    await door.ephemeral("U0BOB", /Approved/);
    expect(
      (await rig.pool.query("SELECT shown_card, shown_file FROM vote WHERE approval_id = $1", [id])).rows,
    ).toEqual([{ shown_card: "x", shown_file: "whole" }]);
    const { rows } = await rig.pool.query(
      "SELECT payload::jsonb->'shown' AS shown FROM audit WHERE event = 'vote.cast' AND run_id = $1",
      [run],
    );
    expect(rows).toEqual([{ shown: { card: "x", file: "whole" } }]);
  });

  it("shows the exact plan and every step", async () => {
    const { run, card } = await rig.waitingRemedy(door.bench, "remedy:preview");
    await door.bench.slack.click("U0RITA", card, "remedy:preview");
    const plan = await door.bench.slack.waitFor((slack) => {
      const text = textOf(slack.view("U0RITA")?.blocks);
      return text.includes("sha256") && text;
    });
    expect(plan).toContain("terminate session 4711 (app orders, idle 22 min)");
    expect(plan).toContain("a".repeat(64));
    await door.bench.slack.close("U0RITA", { all: true });
    const details = await door.bench.postCard("run:details", String(run));
    await door.bench.slack.click("U0RITA", details, "run:details");
    await door.bench.slack.waitFor((slack) => textOf(slack.view("U0RITA")?.blocks).includes(`Run #${run}`));
    await door.bench.slack.close("U0RITA", { all: true });
  });

  it("opens a step whole, page by page", async () => {
    const { run } = await rig.waitingRemedy(door.bench, "remedy:preview");
    const rows = Array.from({ length: 6_000 }, (_, i) => `session ${i} has\u200b waited`);
    await rig.pool.query(
      `INSERT INTO step (run_id, name, phase, stage, ord, action, title, effect, connection, input, state, output)
       VALUES ($1, 'usage', 'diagnose', 0, 0, 'postgres.connection-usage', 'connection usage', 'read', 'main', '{"a": 1}', 'succeeded', $2)`,
      [run, JSON.stringify({ rows })],
    );
    const details = await door.bench.postCard("run:details", String(run));
    const shows = (words: RegExp) =>
      door.bench.slack.waitFor((slack) => words.test(textOf(slack.view("U0RITA")?.blocks)));
    await door.bench.slack.click("U0RITA", details, "run:details");
    await shows(/usage: connection usage \(postgres\.connection-usage on main, succeeded/);
    await door.bench.slack.clickInView("U0RITA", "run:step");
    await shows(/session 0 has\W+u\{200b\} waited/);
    for (let page = 2; !textOf(door.bench.slack.view("U0RITA")?.blocks).includes("session 5999 "); page++) {
      await door.bench.slack.clickInView("U0RITA", "run:step-page");
      await shows(new RegExp(`page ${page} of`));
    }
    await door.bench.slack.close("U0RITA", { all: true });
  });

  it("cancels a run for its asker and for people it knows", async () => {
    await door.bench.slack.command("U0CAROL", "C0OPS", "/diag", "website");
    const { id } = await rig.newestRun();
    const card = await door.bench.postCard("run:cancel", String(id));
    const requested = async () =>
      (await rig.pool.query("SELECT cancel_requested_by FROM run WHERE id = $1", [id])).rows[0]
        .cancel_requested_by;
    await door.bench.slack.click("U0CAROL", card, "run:cancel");
    await door.ephemeral("U0CAROL", new RegExp(`Run #${id} is being cancelled`));
    expect(await requested()).toBe("U0CAROL");
    await door.bench.slack.command("U0ALICE", "C0OPS", "/diag", "orders");
    const other = await rig.newestRun();
    const ack = await door.bench.slack.command("U0CAROL", "C0OPS", "/diag", `cancel ${other.id}`);
    expect(textOf(ack)).toMatch(/may not cancel/);
  });

  it("gives an incident to whoever says so first, if it knows them", async () => {
    const { incident } = await deliverTo(rig.pool)(
      notification([{ name: door.bench.url }], { groupKey: door.bench.url }),
    );
    const card = await door.bench.postCard("incident:ack", String(incident));
    await door.bench.slack.click("U0CAROL", card, "incident:ack");
    await door.ephemeral("U0CAROL", /may not take an incident/);
    await door.bench.slack.click("U0ALICE", card, "incident:ack");
    await door.ephemeral("U0ALICE", new RegExp(`Incident #${incident} is yours`));
    const typed = await door.bench.slack.command("U0BOB", "C0OPS", "/diag", `ack ${incident} me too`);
    expect(textOf(typed)).toContain(`Incident #${incident} is alice's already`);
    const broken = await door.bench.postCard("incident:ack", "1; DROP TABLE incident");
    await door.bench.slack.click("U0BOB", broken, "incident:ack");
    await door.ephemeral("U0BOB", /does not exist any more/);
  });

  it("ticks an item of a checklist, for people it knows, and takes it back", async () => {
    const name = `list ${door.bench.url}`;
    const { incident } = await deliverTo(rig.pool)(notification([{ name }], { groupKey: name }));
    await rig.pool.query(
      `INSERT INTO checklist (incident_id, id, title, items, opened_by) VALUES ($1, 'triage', 'Triage', '[{"text":"Look"}]', 'x')`,
      [incident],
    );
    const click = async (user: string, value: string, answer: RegExp) => {
      const card = await door.bench.postCard("checklist:tick", value);
      await door.bench.slack.click(user, card, "checklist:tick");
      await door.ephemeral(user, answer);
    };
    await click("U0CAROL", `${incident}/triage/1/done`, /may not tick/);
    await click("U0ALICE", `${incident}/triage/1/done`, /Done: Look/);
    await click("U0BOB", `${incident}/triage/1/done`, /That is done already/);
    await click("U0ALICE", `${incident}/triage/1/open`, /Open again: Look/);
    await click("U0ALICE", `${incident}/triage/2/done`, /has no item 2/);
    await click("U0RITA", "1/triage/1/done; DROP TABLE", /not one of diagbot's/);
  });

  it("a button with a value of somebody else's does nothing", async () => {
    const card = await door.bench.postCard("remedy:approve", "'; DROP TABLE run; --");
    await door.bench.slack.click("U0BOB", card, "remedy:approve");
    await door.ephemeral("U0BOB", /not one of diagbot's/);
  });
});
