import { expect, test } from "vitest";
import { PrincipalId, type RunId } from "../../../src/core/words/ids.ts";
import { Limits } from "../../../src/core/words/limits.ts";
import { bob, entry } from "../../helpers/engine-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("system_freezes");
const by = { via: "cli" as const, name: "alice", principal: PrincipalId.parse("alice") };
const freeze = (more: object = {}) =>
  rig.bench.store.intake.freezeSystem(entry(), {
    system: "sys",
    quiet: false,
    by,
    reason: "release",
    ...more,
  });
const unfreeze = (system = "sys") => rig.bench.store.intake.unfreezeSystem(entry(), system, by);

/** Past everything the engine checks: the intent alone. */
async function announced(run: RunId) {
  const { planSha256 = "" } = await rig.remedy(run);
  const claim = (await rig.bench.store.runs.claim(run, "direct", 5_000))!;
  return rig.bench.store.runs.announceWrite(claim.fence, {
    ...{ remedy: "guarded", step: "guarded/apply/1", planSha256, target: "t", timeoutMs: 1_000 },
    isUndo: false,
    limits: Limits.parse({ writesPerSystemHour: 1_000 }),
  });
}

test("no write is announced on a frozen system; another system's freeze holds nothing back", async () => {
  await freeze({ system: "other" });
  const run = await rig.proposed();
  await freeze();
  const vote = await rig.bench.vote(run, "guarded", bob);
  expect(vote).toMatchObject({ state: "approved", frozen: { by: "alice", system: "sys" } });
  expect(await announced(run)).toMatchObject({
    refused: "frozen",
    why: "writes to sys are frozen by alice: release",
  });
  // The worker that asked has let go of it.
  await rig.bench.sql("UPDATE run SET lease_until = clock_timestamp() - interval '1 s' WHERE id = $1", [run]);
  await rig.bench.engine.advance(run);
  expect([(await rig.remedy(run)).status, rig.bench.world.receipts]).toEqual(["approved", []]);
  expect(await unfreeze()).toEqual({
    was: true,
    setsOff: [{ run, system: "sys", remedy: "guarded", title: "Set the level to 1", act: "apply" }],
  });
  await rig.bench.engine.advance(run);
  expect((await rig.remedy(run)).status).toBe("succeeded");
  expect(await unfreeze()).toEqual({ was: false, setsOff: [] });
  expect((await unfreeze("other")).was).toBe(true);
});

test("what is still frozen there is not said to begin when the freeze of all ends", async () => {
  const run = await rig.proposed();
  await rig.bench.store.intake.freeze(entry(), { by, reason: "all" });
  await freeze();
  await rig.bench.vote(run, "guarded", bob);
  expect(await rig.bench.store.intake.unfreeze(entry(), by)).toEqual({ was: true, setsOff: [] });
  await unfreeze();
});

test("is never made shorter by who may not unfreeze, neither by a maintenance; and a maintenance has an end", async () => {
  const first = await freeze({ forMs: 3_600_000 });
  const shorter = await freeze({ forMs: 1_000, mayShorten: false, quiet: true });
  expect([shorter.until?.getTime(), shorter.quiet]).toEqual([first.until?.getTime(), true]);
  await freeze({});
  const kept = await freeze({ forMs: 1_000, mayShorten: false, quiet: true });
  expect([kept.until, kept.quiet]).toEqual([undefined, undefined]);
  expect((await freeze({ forMs: 60_000 })).until).toBeDefined();
  expect(await rig.bench.store.reader.systemFreezes(["sys"])).toHaveLength(1);
  await unfreeze();
});

test("ends by itself where it was announced, and the policy auto does not act in it", async () => {
  rig.reopen({ system: { auto: { "level.guarded": { upTo: "high" } } } });
  const { until } = await freeze({ forMs: 60_000, quiet: true, channels: ["C0OPS"] });
  expect(until).toBeDefined();
  const run = await rig.bench.submit("level", { caller: { via: "alert", name: "a" } });
  await rig.bench.engine.advance(run);
  expect((await rig.remedy(run)).approval?.auto?.note).toMatch(/^sys is in maintenance until .*, by alice/);
  await rig.bench.sql("UPDATE system_freeze SET until = clock_timestamp() WHERE ended_at IS NULL");
  expect((await rig.bench.store.sweep.due()).freezes).toBe(true);
  expect(await rig.bench.store.sweep.thaw()).toBe(true);
  expect(await rig.bench.store.sweep.thaw()).toBe(false);
  const { rows } = await rig.bench.sql("SELECT n.text FROM notice n ORDER BY thread_id DESC LIMIT 2");
  expect(rows.map(({ text }) => text)).toEqual([
    expect.stringMatching(/The time of the maintenance of sys \(alice\) is over/),
    expect.stringMatching(/🔧 sys is in maintenance until .* by alice: release/),
  ]);
});
