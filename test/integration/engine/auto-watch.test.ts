import { expect, test } from "vitest";
import { AutoRule } from "../../../src/core/words/auto.ts";
import type { RunId } from "../../../src/core/words/ids.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { bob, entry } from "../../helpers/engine-bench.ts";
import { auto, autoRig, person } from "./auto-rig.ts";

const { rig, proposed, acted } = autoRig("auto_watch");
const watched = auto({ watch: "10m" });

/** So many minutes later the next look is due. */
async function look(run: RunId, minutes: number): Promise<void> {
  await rig.bench.sql(
    `UPDATE remedy SET held_until = clock_timestamp(), ended_at = clock_timestamp() - make_interval(mins => $2)
     WHERE run_id = $1 AND held_then = 'watch'`,
    [run, minutes],
  );
  await rig.bench.sql("UPDATE run SET wake_at = clock_timestamp() WHERE id = $1 AND status = 'waiting'", [
    run,
  ]);
  await rig.bench.engine.advance(run);
}
const isOff = async () => (await rig.bench.store.reader.auto([{ id: "sys", auto: {} }]))[0]?.off?.because;

test("what was applied without a person is watched for its time, a look each minute, and no worker waits meanwhile", async () => {
  rig.reopen({ system: watched });
  const run = await acted(await proposed());
  expect((await rig.view(run)).status).toBe("waiting");
  const { status, held } = await rig.remedy(run);
  expect([status, held?.ends]).toEqual(["succeeded", "watch"]);
  const untilNext = (held?.until.getTime() ?? 0) - (await rig.bench.store.runs.now()).getTime();
  expect(untilNext).toBeLessThanOrEqual(60_000);
  await look(run, 5);
  expect((await rig.remedy(run)).held?.ends).toBe("watch");
  await look(run, 11);
  const after = await rig.remedy(run);
  expect(after.note).toMatch(/; it has stayed so for 11 min$/);
  // From now on people may take it back, as ever.
  expect([after.status, after.held?.ends, (await rig.view(run)).status]).toEqual([
    "succeeded",
    "keep",
    "succeeded",
  ]);
  expect(await isOff()).toBeUndefined();
});

test("what has not stayed has failed: the thread says when, the policy is off, and it counts in the budget", async () => {
  rig.reopen({ system: watched });
  const run = await acted(await proposed());
  rig.bench.world.value = 10;
  await look(run, 4);
  const { status, note } = await rig.remedy(run);
  expect([status, note]).toEqual([
    "failed",
    expect.stringMatching(/^It helped at first, and did not stay so: seen 4 min later/),
  ]);
  expect(await isOff()).toMatch(/“guarded” of run #\d+ did not help: It helped at first/);
  const [state] = await rig.bench.store.reader.auto([
    { id: "sys", auto: { "level.guarded": AutoRule.parse({}) } },
  ]);
  expect(state?.used["level.guarded"]).toBeGreaterThan(0);
});

test("a cancel ends the watch; what people have approved is not watched", async () => {
  rig.reopen({ system: watched });
  const cancelled = await acted(await proposed());
  await rig.bench.store.intake.requestCancel(entry(), cancelled, person);
  await rig.bench.engine.advance(cancelled);
  expect([(await rig.view(cancelled)).status, (await rig.remedy(cancelled)).held]).toEqual([
    "cancelled",
    undefined,
  ]);
  const byPerson = await proposed();
  await rig.bench.vote(byPerson, "guarded", bob);
  await rig.bench.engine.advance(byPerson);
  expect((await rig.remedy(byPerson)).held?.ends).toBe("keep");
});

test("every state of this file can be told from the audit alone", async () => {
  expect(await auditGaps(rig.pool)).toEqual([]);
});
