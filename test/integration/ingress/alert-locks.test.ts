import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { locksOf } from "../../../src/store/alert/alert-locks.ts";
import { instancesOf } from "../../../src/store/alert/alert-news.ts";
import type { Client, Pool } from "../../../src/store/pool.ts";
import { openPool } from "../../../src/store/pool.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { until } from "../../helpers/until.ts";
import { deliverTo, notification } from "./alert-fixtures.ts";

let database: FreshDatabase;
let pool: Pool;
let holder: Client | undefined;
let deliver: ReturnType<typeof deliverTo>;
beforeAll(async () => {
  database = await freshDatabase("alert-locks");
  pool = openPool(database.url);
  deliver = deliverTo(pool);
});
afterEach(async () => {
  await holder?.query("ROLLBACK");
  holder?.release();
  holder = undefined;
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const group = (name: string, alerts: number, from = name) =>
  notification(
    Array.from({ length: alerts }, (_, n) => ({ name: `${from}-${n}` })),
    { groupKey: `{}:{group="${name}"}` },
  );

/** A delivery of the group stands still in the middle, as one does whose process was stopped. */
async function standsStill(held: ReturnType<typeof group>): Promise<void> {
  holder = await pool.connect();
  // Longer than a statement of the others may take.
  await holder.query("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0");
  await holder.query(locksOf({ groupKey: held.groupKey, instances: instancesOf(held.alerts) }));
}

const waiting = async () =>
  (
    await pool.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
    )
  ).rows[0]?.n;

it("a delivery that stands still holds up no group that has neither key nor alert in common with it", async () => {
  await standsStill(group("a", 60));
  for (let n = 0; n < 20; n++) expect((await deliver(group(`other-${n}`, 20))).news).toBe("opened");
});

it.each([
  ["the same group", 5, "a", "b"],
  ["another group with the same alerts", 5, "b", "a"],
  ["a large group with the same alerts", 200, "b", "a"],
])("%s waits for it", async (_, alerts, name, from) => {
  await standsStill(group("a", 5));
  const late = deliver(group(name, alerts, from));
  await until(async () => (await waiting()) === 1);
  await holder?.query("COMMIT");
  expect((await late).incident).toBeGreaterThan(0);
});

it("a large group that stands still holds up what has alerts in common with it", async () => {
  await standsStill(group("large", 200));
  const late = deliver(group("small", 5, "large"));
  await until(async () => (await waiting()) === 1);
  await holder?.query("COMMIT");
  expect((await late).incident).toBeGreaterThan(0);
});
