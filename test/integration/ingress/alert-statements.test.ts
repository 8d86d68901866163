// What a notification costs is counted in statements, BEGIN and COMMIT included: that is the same on every machine, and each
// of them holds the group's lock for a round trip.

import { afterAll, beforeAll, expect, it } from "vitest";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { statementsOf } from "../../helpers/statements.ts";
import { type AlertLine, deliverTo, notification } from "./alert-fixtures.ts";

let database: FreshDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await freshDatabase("alert-statements");
  pool = openPool(database.url);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** Statements that one delivery sends, and its news. */
async function costOf(groupKey: string, alerts: readonly AlertLine[], runbooks: readonly string[] = []) {
  let news = "";
  const sent = await statementsOf(async () => {
    news = (await deliverTo(pool)(notification(alerts, { groupKey }), runbooks)).news;
  });
  return { news, statements: sent.length };
}
const hundred = Array.from({ length: 100 }, (_, n) => ({ name: `db${n}` }));

it("a new group is five statements however many alerts it has, and one more for each run", async () => {
  expect(await costOf("one", [{ name: "a" }])).toEqual({ news: "opened", statements: 5 });
  expect(await costOf("many", hundred)).toEqual({ news: "opened", statements: 5 });
  expect(await costOf("runs", [{ name: "b" }], ["disk-full"])).toEqual({ news: "opened", statements: 6 });
});

it("what is known already is four, what has changed in it at most seven", async () => {
  await costOf("known", [{ name: "c" }]);
  expect(await costOf("known", [{ name: "c" }])).toEqual({ news: "repeated", statements: 4 });
  const changed = await costOf("known", [{ name: "c" }, { name: "d" }]);
  expect(changed.news).toBe("updated");
  expect(changed.statements).toBeLessThanOrEqual(7);
});
