import { expect, it } from "vitest";
import { PrincipalId } from "../../../src/core/words/ids.ts";
import { bob, entry } from "../../helpers/engine-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("freezes");
const by = { via: "cli" as const, name: "alice", principal: PrincipalId.parse("alice") };
const freeze = (more: object) => rig.bench.store.intake.freeze(entry(), { by, reason: "deploy", ...more });
const notices = async () =>
  (
    await rig.pool.query<{ channel: string; text: string }>(
      "SELECT t.channel, n.text FROM notice n JOIN thread t ON t.id = n.thread_id ORDER BY t.id",
    )
  ).rows;

it("an approval under a freeze says who froze and when it lapses, begins nothing, and is what the end sets off", async () => {
  const run = await rig.proposed();
  const { until } = await freeze({ forMs: 7_200_000 });
  const vote = await rig.bench.vote(run, "guarded", bob);
  const { executeBefore } = (await rig.remedy(run)).approval ?? {};
  expect(vote).toMatchObject({ state: "approved", frozen: { by: "alice", until, lapsesAt: executeBefore } });
  await rig.bench.engine.advance(run);
  expect((await rig.remedy(run)).status).toBe("approved");
  const effects = rig.bench.world.receipts.length;
  expect(await rig.bench.store.reader.setsOff()).toEqual([
    { run, system: "sys", remedy: "guarded", title: "Set the level to 1", act: "apply" },
  ]);
  expect(await rig.bench.store.intake.unfreeze(entry(), by)).toMatchObject({
    was: true,
    setsOff: [{ run, act: "apply" }],
  });
  await rig.bench.engine.advance(run);
  expect(rig.bench.world.receipts.length).toBeGreaterThan(effects);
});

it("an approval that has lapsed is not said to begin", async () => {
  const run = await rig.proposed();
  await freeze({});
  await rig.bench.vote(run, "guarded", bob);
  await rig.pool.query("UPDATE approval SET execute_before = now() WHERE run_id = $1", [run]);
  expect(await rig.bench.store.reader.setsOff()).toEqual([]);
});

it("a freeze that ends by itself is announced where it was announced", async () => {
  await freeze({ forMs: 60_000, channels: ["C0OPS", "C0SHOP"] });
  const before = (await notices()).length;
  await rig.pool.query("UPDATE write_freeze SET until = now()");
  expect(await rig.bench.store.sweep.thaw()).toBe(true);
  expect((await notices()).slice(before)).toEqual(
    ["C0OPS", "C0SHOP"].map((channel) => ({
      channel,
      text: expect.stringMatching(/time of the freeze of alice is over: remedies may begin again/),
    })),
  );
  expect(await rig.bench.store.sweep.thaw()).toBe(false);
});

it("is never made shorter by who may not unfreeze", async () => {
  const end = async (more: object) => (await freeze({ mayShorten: false, ...more })).until?.getTime();
  const first = await end({ forMs: 3_600_000 });
  expect(await end({ forMs: 1_000 })).toBe(first);
  expect(await end({ forMs: 7_200_000 })).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
  expect(await end({})).toBeUndefined();
  expect(await end({ forMs: 1_000 })).toBeUndefined();
  expect((await freeze({ mayShorten: true, forMs: 1_000 })).until).toBeDefined();
});

it("what waits for people is listed, of the asked systems only", async () => {
  const run = await rig.proposed();
  const pending = async (systems?: string[]) =>
    (await rig.bench.store.reader.pending(systems)).filter((one) => one.run === run);
  expect(await pending()).toContainEqual({
    ...{ run, system: "sys", runbook: "level", remedy: "guarded", title: "Set the level to 1", risk: "high" },
    ...{ wants: "approval", have: 0, need: 1, requester: "alice", until: expect.any(Date) },
  });
  expect(await pending(["other"])).toEqual([]);
  await rig.pool.query("UPDATE approval SET expires_at = now() WHERE run_id = $1", [run]);
  expect(await pending()).toEqual([]);
});
