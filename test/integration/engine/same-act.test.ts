import { expect, test } from "vitest";
import { ApprovalId, RunId } from "../../../src/core/words/ids.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { bob, entry } from "../../helpers/engine-bench.ts";
import { theIncident } from "./incident-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("same-act");

/** Two alerts whose runs would do the very same: the first one asks, the second one follows. */
async function twoAlerts() {
  const [first, second] = [theIncident(rig), theIncident(rig)];
  await first.fire();
  const [leader = RunId.parse(1)] = await first.workOn();
  await second.fire();
  const [follower = RunId.parse(1)] = await second.workOn();
  return { first, second, leader, follower };
}

const decide = async (run: RunId, decision: "approve" | "deny", key = "guarded") => {
  const approval = ApprovalId.parse((await rig.remedy(run, key)).approval?.id);
  await rig.bench.store.intake.castVote(entry(), { approval, voter: bob, decision, via: "cli" });
};

test("two alerts with one cause ask once, and both threads say where", async () => {
  const { first, second, leader, follower } = await twoAlerts();
  expect((await first.cards()).length).toBeGreaterThan(0);
  expect(await second.cards()).toEqual([]);
  expect(await rig.remedy(follower, "guarded")).toMatchObject({
    status: "skipped",
    note: `Run #${leader} of another alert asks for the same already`,
    sameAs: { run: leader, status: "waiting" },
  });
  expect((await rig.remedy(leader, "guarded")).askedFor).toMatchObject([
    { run: follower, incident: await second.id() },
  ]);
  expect(await rig.bench.store.sweep.endFollowing()).toBe(0);
  expect((await rig.bench.store.sweep.due()).followers).toBe(false);
});

test("what has helped for one alert is shown at the other, and nothing is asked again", async () => {
  const { second, leader, follower } = await twoAlerts();
  await decide(leader, "approve");
  await rig.bench.engine.advance(leader);
  expect((await rig.remedy(leader, "guarded")).status).toBe("succeeded");
  expect((await rig.bench.store.sweep.due()).followers).toBe(true);
  expect(await rig.bench.store.sweep.endFollowing()).toBeGreaterThan(0);
  expect((await rig.remedy(follower, "guarded")).sameAs).toMatchObject({ status: "succeeded" });
  await second.quietIsOver();
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(0);
  expect(await second.runs()).toEqual([follower]);
});

test("a person's no holds for both", async () => {
  const { second, leader, follower } = await twoAlerts();
  const { remedies } = await rig.view(leader);
  for (const { key } of remedies.filter(({ status }) => status === "waiting"))
    await decide(leader, "deny", key);
  await rig.bench.store.sweep.endFollowing();
  await second.quietIsOver();
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(0);
  expect(await second.runs()).toEqual([follower]);
});

test("where the one that asks goes away, the other alert asks for itself", async () => {
  const { first, second, leader, follower } = await twoAlerts();
  const high = rig.bench.world.value;
  // The first alert ends, and what it found with it; the second one still fires.
  rig.bench.world.value = 3;
  await first.resolve();
  await first.workOn();
  expect((await rig.remedy(leader, "guarded")).status).toBe("void");
  expect(await rig.bench.store.sweep.endFollowing()).toBeGreaterThan(0);
  expect(await rig.bench.store.sweep.endFollowing(), "once only").toBe(0);
  rig.bench.world.value = high;
  await second.quietIsOver();
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(1);
  const runs = await second.workOn();
  expect(runs).toHaveLength(2);
  expect(runs[0]).toBe(follower);
  expect((await second.cards()).map(({ status }) => status)).toContain("waiting");
  expect(await auditGaps(rig.pool)).toEqual([]);
});

test("where the other alert has ended meanwhile, nobody asks", async () => {
  const { first, second } = await twoAlerts();
  rig.bench.world.value = 3;
  await second.resolve();
  await second.workOn();
  await first.resolve();
  await first.workOn();
  await rig.bench.store.sweep.endFollowing();
  await second.quietIsOver();
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(0);
  expect(await second.cards()).toEqual([]);
});
