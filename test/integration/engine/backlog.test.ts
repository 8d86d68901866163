// Health knows workers by their rows: a frozen process is there, but gives no sign of life.
import { expect, test } from "vitest";
import { workersHealth } from "../../../src/app/workers-health.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("backlog");
const look = async () => {
  const backlog = await rig.bench.store.sweep.backlog();
  return { ...backlog, ...workersHealth(backlog) };
};
const worker = { id: "w", host: "h", pid: 1, version: "1" };

test("no worker was ever there: well until something waits for one", async () => {
  expect(await look()).toMatchObject({ alive: 0, dueSeconds: 0, ok: true });
  const run = await rig.bench.submit("level");
  await rig.bench.sql(
    "UPDATE outbox SET since = now() - interval '11 s', touched_at = now() - interval '11 s' WHERE id = $1",
    [run],
  );
  const { dueSeconds, ok, detail } = await look();
  expect([Math.floor(dueSeconds), ok, detail]).toEqual([
    11,
    false,
    "a run has been due for 11 s and there is no worker",
  ]);
});

test("a worker that gave no sign of life for 11 s is not well, and well again with the next", async () => {
  await rig.bench.sql("DELETE FROM outbox");
  await rig.bench.store.sweep.beat(worker, { name: "sweeper", leaseMs: 5_000 });
  expect(await look()).toMatchObject({ alive: 1, ok: true, detail: "1 worker" });
  await rig.bench.sql("UPDATE worker SET beat_at = now() - interval '11 s'");
  expect(await look()).toMatchObject({
    alive: 0,
    ok: false,
    detail: "no worker has given a sign of life for 11 s",
  });
  await rig.bench.store.sweep.beat(worker, { name: "sweeper", leaseMs: 5_000 });
  expect((await look()).ok).toBe(true);
});

test("runs nobody claims are seen, whoever lives: told about, woken up, lost by their worker", async () => {
  await rig.bench.store.sweep.beat(worker, { name: "sweeper", leaseMs: 5_000 });
  const run = await rig.bench.submit("level");
  const due = async (change: string) => {
    await rig.bench.sql(`UPDATE run SET ${change} WHERE id = $1`, [run]);
    await rig.bench.sql(
      "UPDATE outbox SET since = now() - interval '31 s', touched_at = now() - interval '31 s'",
    );
    const { dueSeconds, ok } = await look();
    return [Math.floor(dueSeconds), ok];
  };
  expect(await due("title = title")).toEqual([31, false]);
  expect(await due("status = 'waiting', wake_at = now() - interval '40 s'")).toEqual([40, false]);
  expect(await due("status = 'running', wake_at = NULL, lease_until = now() - interval '50 s'")).toEqual([
    50,
    false,
  ]);
  expect(await due("lease_until = now() + interval '10 s'")).toEqual([0, true]);
});
