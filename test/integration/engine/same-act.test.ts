import { expect, test } from "vitest";
import { z } from "zod";
import { ApprovalId, RunId } from "../../../src/core/words/ids.ts";
import { runbookOn } from "../../../src/sdk/runbook.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { bob, entry, worldRunbooks } from "../../helpers/engine-bench.ts";
import { level, setGuarded } from "../../helpers/world.ts";
import { auto, person } from "./auto-rig.ts";
import { theIncident } from "./incident-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("same-act");

const tenthBook = runbookOn("http", { id: "tenth", title: "A tenth", params: z.object({}) }, () => ({
  now: level(),
}));
const tenth = tenthBook
  .remedies({
    set: tenthBook.does(setGuarded, ["now"], ({ now }) => ({ to: now.value / 10 }), {
      title: "Set the level",
    }),
  })
  .findings((find) => [
    find(
      ["now"],
      ({ now }) =>
        now.value > 5 && {
          ...{ id: "high", severity: "warning", title: "level", because: "it is above 5" },
          remedies: ["set"],
        },
    ),
  ]);

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

test("where the card is planned again and asks for something else, the other alert asks for itself", async () => {
  // What it does follows from what it sees.
  const engine = rig.bench.another("w2", { runbooks: [...worldRunbooks, tenth] });
  const [first, second] = [theIncident(rig), theIncident(rig)];
  const workOn = async (of: typeof first) => {
    for (const run of await of.runs()) await engine.advance(run);
    return (await of.runs())[0] ?? RunId.parse(1);
  };
  const runs = [{ runbook: "tenth", title: "tenth" }];
  rig.bench.world.value = 100;
  await first.fire({ runs });
  const leader = await workOn(first);
  await second.fire({ runs });
  const follower = await workOn(second);
  expect((await rig.remedy(follower, "set")).sameAs).toMatchObject({ run: leader });
  // Planned again as it was, it still asks for both.
  await first.fire({ runs });
  await workOn(first);
  expect(await rig.bench.store.sweep.endFollowing()).toBe(0);
  rig.bench.world.value = 200;
  await first.quietIsOver();
  await first.fire({ runs });
  await workOn(first);
  expect((await rig.remedy(leader, "set")).plan?.calls[0]?.input).toEqual({ to: 20 });
  expect((await rig.bench.store.sweep.due()).followers).toBe(true);
  expect(await rig.bench.store.sweep.endFollowing()).toBe(1);
  expect(await rig.remedy(follower, "set")).toMatchObject({
    note: `Run #${leader} asked for the same, and asks for something else now`,
  });
  expect((await rig.remedy(follower, "set")).sameAs).toBeUndefined();
  expect((await rig.remedy(leader, "set")).askedFor).toBeUndefined();
  // By then the second alert sees what it was at first again.
  rig.bench.world.value = 100;
  await second.quietIsOver();
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(1);
  await workOn(second);
  expect((await second.cards()).map(({ status }) => status)).toEqual(["waiting"]);
});

test("what has helped before the other alert began keeps it from nothing", async () => {
  const { first, second, leader, follower } = await twoAlerts();
  await rig.pool.query(
    "UPDATE remedy SET status = 'succeeded', ended_at = now() - interval '2 h' WHERE run_id = $1 AND key = 'keyed'",
    [leader],
  );
  const high = rig.bench.world.value;
  rig.bench.world.value = 3;
  await first.resolve();
  await first.workOn();
  expect((await rig.remedy(follower, "guarded")).sameAs).toMatchObject({ status: "void" });
  await rig.bench.store.sweep.endFollowing();
  rig.bench.world.value = high;
  await second.quietIsOver();
  expect(await rig.bench.store.sweep.startDueRuns()).toBe(1);
  await second.workOn();
  expect((await second.cards()).length).toBeGreaterThan(0);
});

test("what the policy may apply by itself waits for no card that only people can decide", async () => {
  const [first, second] = [theIncident(rig), theIncident(rig)];
  await first.fire();
  const [leader = RunId.parse(1)] = await first.workOn();
  rig.reopen({ system: auto() });
  await second.fire();
  const [own = RunId.parse(1)] = await second.workOn();
  expect((await rig.remedy(leader, "guarded")).approval?.auto).toBeUndefined();
  expect(await rig.remedy(own, "guarded")).toMatchObject({ status: "waiting", approval: { auto: {} } });
  expect((await rig.remedy(own, "guarded")).approval?.auto?.at).toBeInstanceOf(Date);
  // The rest is for people, who have a card already.
  expect(await rig.remedy(own, "keyed")).toMatchObject({ status: "skipped", sameAs: { run: leader } });
});

test("of two that the policy may apply one asks, and a person who stops it there stops it for both", async () => {
  rig.reopen({ system: auto() });
  const [first, second, third] = [theIncident(rig), theIncident(rig), theIncident(rig)];
  await first.fire();
  const [leader = RunId.parse(1)] = await first.workOn();
  await second.fire();
  const [follower = RunId.parse(1)] = await second.workOn();
  expect((await rig.remedy(follower, "guarded")).sameAs).toMatchObject({ run: leader });
  await rig.bench.store.intake.stopAuto(entry(), { run: leader, by: person });
  await third.fire();
  const [another = RunId.parse(1)] = await third.workOn();
  expect((await rig.remedy(another, "guarded")).sameAs).toMatchObject({ run: leader });
});
