import { expect, test } from "vitest";
import { RunId } from "../../../src/core/words/ids.ts";
import { notification } from "../ingress/alert-fixtures.ts";
import { alice, escalationRig } from "./rig.ts";

const rig = escalationRig("maintenance");
let asked = 0;
const entry = () => ({ source: "cli" as const, dedupeKey: `m${++asked}`, raw: "" });
const runs = async () => (await rig.pool.query("SELECT id FROM run ORDER BY id")).rows.length;

async function maintain(): Promise<string> {
  await rig.deliver(notification([{ name: "first" }], { groupKey: "first" }));
  const system: string = (await rig.pool.query("SELECT system FROM incident")).rows[0].system;
  await rig.pool.query("DELETE FROM system_freeze");
  await rig.store.intake.freezeSystem(entry(), {
    ...{ system, quiet: true, forMs: 3_600_000, by: alice, reason: "upgrade" },
  });
  return system;
}

test("what fires in maintenance is shown, told to nobody, and looked into when that is over, if it still fires", async () => {
  const system = await maintain();
  const before = await runs();
  await rig.deliver(notification([{ name: "a" }], { groupKey: "a" }));
  await rig.deliver(notification([{ name: "b" }], { groupKey: "b" }));
  expect(await runs()).toBe(before);
  const thread = (await rig.pool.query("SELECT thread_id FROM incident WHERE group_key = 'a'")).rows[0]
    .thread_id;
  expect((await rig.store.reader.thread(thread))?.freeze).toMatchObject({
    ...{ system, quiet: true, by: "alice", reason: "upgrade" },
  });
  await rig.pool.query("UPDATE incident SET severity = 'critical'");
  await rig.pass(30);
  await rig.look();
  expect(await rig.rows()).toEqual([]);
  expect(await rig.store.sweep.startDueRuns()).toBe(0);
  await rig.deliver(notification([{ name: "b", status: "resolved" }], { groupKey: "b" }));
  await rig.store.intake.unfreezeSystem(entry(), system, alice);
  await rig.pool.query("UPDATE incident SET runs_due_at = clock_timestamp() WHERE runs_due_at IS NOT NULL");
  expect(await rig.store.sweep.startDueRuns()).toBe(1);
  expect(await runs()).toBe(before + 1);
  expect((await rig.store.reader.run(RunId.parse(before + 1)))?.caller.via).toBe("alert");
  await rig.look();
  expect((await rig.rows()).length).toBeGreaterThan(0);
});

test("the channel does not hear that something fires again in maintenance", async () => {
  await maintain();
  await rig.deliver(notification([{ name: "first", status: "resolved" }], { groupKey: "first" }));
  await rig.deliver(notification([{ name: "first", at: 5 }], { groupKey: "first" }));
  expect((await rig.pool.query("SELECT announced FROM reopening")).rows).toEqual([{ announced: false }]);
});
