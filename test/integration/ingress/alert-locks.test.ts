import { expect, it } from "vitest";
import { until } from "../../helpers/until.ts";
import { notification } from "./alert-fixtures.ts";
import { alertsRig } from "./alerts-rig.ts";

const rig = alertsRig("alert-locks");

const group = (name: string, alerts: number, from = name) =>
  notification(
    Array.from({ length: alerts }, (_, n) => ({ name: `${from}-${n}` })),
    { groupKey: `{}:{group="${name}"}` },
  );

const waiting = async () =>
  (
    await rig.pool.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_locks
         WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )
  ).rows[0]?.n;

it("a delivery that stands still holds up no group that has neither key nor alert in common with it", async () => {
  await rig.standsStill(group("a", 60));
  for (let n = 0; n < 20; n++) expect((await rig.deliver(group(`other-${n}`, 20))).news).toBe("opened");
});

it.each([
  ["the same group", 5, "a", "b"],
  ["another group with the same alerts", 5, "b", "a"],
  ["a large group with the same alerts", 200, "b", "a"],
])("%s waits for it", async (_, alerts, name, from) => {
  const holder = await rig.standsStill(group("a", 5));
  const late = rig.deliver(group(name, alerts, from));
  await until(async () => (await waiting()) === 1);
  await holder.query("COMMIT");
  expect((await late).incident).toBeGreaterThan(0);
});

it("a large group that stands still holds up what has alerts in common with it", async () => {
  const holder = await rig.standsStill(group("large", 200));
  const late = rig.deliver(group("small", 5, "large"));
  await until(async () => (await waiting()) === 1);
  await holder.query("COMMIT");
  expect((await late).incident).toBeGreaterThan(0);
});
