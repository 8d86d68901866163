import { expect, it } from "vitest";
import { until } from "../../helpers/until.ts";
import { OPS } from "../support/people.ts";
import { buttonsOf, textOf } from "../support/read.ts";
import { PATIENCE_MS, type Stage } from "../support/stage.ts";
import { channelOf, type Setup } from "./setup.ts";

const statusOf = async (stage: Stage, run: number): Promise<string | undefined> =>
  (await stage.rows<{ status: string }>("SELECT status FROM run WHERE id = $1", [run]))[0]?.status;

/** One more run, asked for and ended: a worker that could have acted meanwhile has had its time. */
async function anotherRunEnds(stage: Stage): Promise<void> {
  const run = await stage.run("U0DAVE", "website");
  await until(async () => (await statusOf(stage, run)) === "succeeded", PATIENCE_MS);
}

/** Who decides what, and what becomes of it. */
export function decisionScenarios(setup: () => Setup): void {
  it.concurrent("the asker may not approve; readers see the plan; a denial needs a reason and ends it", async () => {
    const { stage, caches } = setup();
    const at = channelOf("denied");
    await caches.denied.fill();
    const run = await stage.run("U0ALICE", "denied redis-memory", at);
    const card = await stage.card(run, "Let the cache evict", at);
    await stage.click("U0ALICE", card, "remedy:approve");
    await stage.told("U0ALICE", /you asked for this run, so somebody else must decide/);

    await stage.click("U0ERIN", card, "remedy:preview");
    const plan = await stage.slack.waitFor((slack) => {
      const text = textOf(slack.view("U0ERIN")?.blocks);
      return text.includes("sha256") && text;
    }, PATIENCE_MS);
    expect(plan).toContain("CONFIG SET maxmemory-policy allkeys-lru (now noeviction");
    expect(plan).toMatch(/\b[0-9a-f]{64}\b/);
    await stage.slack.close("U0ERIN", { all: true });

    await stage.click("U0DAVE", card, "remedy:deny");
    const empty = await stage.slack.submit("U0DAVE", { reason: "" });
    expect(empty.errors).toHaveProperty("reason");
    await stage.slack.submit("U0DAVE", { reason: "the night batch <!channel> needs it" });
    const denied = await stage.thread(run, (all) => textOf(all).includes("⛔ Denied"), at);
    expect(textOf(denied)).toContain("the night batch");
    const rest = await stage.card(run, "Raise the memory limit", at);
    await stage.click("U0BOB", rest, "remedy:deny");
    await stage.slack.submit("U0BOB", { reason: "not this one either" });
    await stage.thread(run, (all) => textOf(all).includes(`Run ${run} has ended`), at);
    expect(await caches.denied.effects()).toBe(0);
  });

  it.concurrent("a run that waits can be cancelled; its buttons are worth nothing then", async () => {
    const { stage, caches } = setup();
    const at = channelOf("cancelled");
    await caches.cancelled.fill();
    const run = await stage.run("U0ALICE", "cancelled redis-memory", at);
    const card = await stage.card(run, "Let the cache evict", at);
    expect(await stage.ask("U0CAROL", `cancel ${run}`)).toMatch(/may not cancel/);
    expect(await stage.ask("U0BOB", `cancel ${run}`)).toMatch(/is being cancelled/);
    const after = await stage.thread(
      run,
      (all) => textOf(all).includes(`Run ${run} has ended`) && !all.flatMap(buttonsOf).some(isDecision),
      at,
    );
    expect(textOf(after)).toMatch(/cancelled/i);
    await stage.slack.deliver("interactive", clickOn(stage, card));
    await stage.told("U0BOB", /already|not waiting|cancelled|not .*decid/i);
    expect(await caches.cancelled.effects()).toBe(0);
    expect(await statusOf(stage, run)).toBe("cancelled");
  });

  it.concurrent("what moved after it was planned is not done, and the difference is shown", async () => {
    const { stage, caches } = setup();
    const at = channelOf("moved");
    await caches.moved.fill();
    const run = await stage.run("U0ALICE", "moved redis-memory", at);
    const card = await stage.card(run, "Let the cache evict", at);
    await caches.moved.redis.config("SET", "maxmemory", "5mb");
    await stage.click("U0BOB", card, "remedy:approve");
    const shown = await stage.thread(run, (all) => textOf(all).includes("🚫 Void"), at);
    expect(textOf(shown)).toMatch(/maxmemory: 4194304 -> 5242880/);
    expect(await caches.moved.effects()).toBe(1);
    await stage.ask("U0BOB", `cancel ${run}`);
  });

  it.concurrent("what destroys data needs two people, neither of whom asked", async () => {
    const { stage, logs } = setup();
    logs.fill();
    const run = await stage.run("U0ALICE", "logs disk-full", OPS);
    const card = await stage.card(run, "Remove the oldest rotated logs");
    expect(textOf(card.blocks)).toContain("DESTRUCTIVE");
    await stage.click("U0BOB", card, "remedy:approve");
    await stage.told("U0BOB", /1 of 2/);
    await stage.click("U0BOB", card, "remedy:approve");
    await stage.thread(run, (all) => textOf(all).includes("1 of 2 approvals"));
    await anotherRunEnds(stage);
    expect(logs.files()).toHaveLength(10);
    await stage.click("U0DAVE", card, "remedy:approve");
    await stage.thread(run, (all) => textOf(all).includes("✅ Done and verified"));
    expect(logs.files().length).toBeLessThan(10);
    const votes = await stage.rows<{ principal: string }>(
      "SELECT v.principal FROM vote v JOIN approval a ON a.id = v.approval_id WHERE a.run_id = $1 ORDER BY v.at",
      [run],
    );
    expect(votes.map(({ principal }) => principal)).toEqual(["bob", "dave"]);
  });
}

const isDecision = ({ actionId }: { actionId: string }): boolean => actionId.startsWith("remedy:");

/** The click somebody made who had not seen yet that the buttons are gone. */
const clickOn = (stage: Stage, card: { channel: string; ts: string; blocks?: unknown }) => {
  const approve = buttonsOf(card as Parameters<typeof buttonsOf>[0]).find(isDecision);
  const earlier = stage.slack.deliveries.findLast(({ payload }) => payload.type === "block_actions")?.payload;
  return {
    ...earlier,
    user: { id: "U0BOB", name: "bob", team_id: "T0LOCAL" },
    trigger_id: "1.2.late",
    container: { type: "message", message_ts: card.ts, channel_id: card.channel, is_ephemeral: false },
    channel: { id: card.channel, name: "cancelled" },
    message: { ts: card.ts },
    actions: [
      {
        type: "button",
        action_id: "remedy:approve",
        block_id: "b",
        action_ts: "1.2",
        value: approve?.value ?? "",
      },
    ],
  };
};

/** After the others: a freeze stops everybody. */
export function freezeScenario(setup: () => Setup): void {
  it("a freeze stops an approved remedy, and lifting it lets it go on", async () => {
    const { stage, caches } = setup();
    const at = channelOf("frozen");
    await caches.frozen.fill();
    const run = await stage.run("U0ALICE", "frozen redis-memory", at);
    const card = await stage.card(run, "Let the cache evict", at);
    expect(await stage.ask("U0CAROL", "freeze")).toMatch(/may not freeze/);
    expect(await stage.ask("U0BOB", "freeze 10m release under way")).toMatch(/frozen for 10 min/);
    await stage.click("U0BOB", card, "remedy:approve");
    await stage.thread(
      run,
      (all) => all.some(({ ts, blocks }) => ts === card.ts && /Approved/.test(textOf(blocks))),
      at,
    );
    await stage.thread(run, ([head]) => textOf(head?.blocks).includes("release under way"), at);
    await anotherRunEnds(stage);
    expect(await caches.frozen.effects()).toBe(0);
    expect(await stage.ask("U0DAVE", "unfreeze")).toMatch(/may begin again/);
    await stage.thread(run, (all) => textOf(all).includes("✅ Done and verified: Let the cache evict"), at);
    expect(await caches.frozen.effects()).toBe(1);
    expect(await stage.ask("U0DAVE", "unfreeze")).toMatch(/were not frozen/);
  });
}
