import { afterAll, beforeAll, expect, it } from "vitest";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { transact } from "../../../src/store/transaction.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";

let database: FreshDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await freshDatabase("transactions");
  pool = openPool(database.url, { max: 2 });
  await pool.query("CREATE TABLE kept (n int PRIMARY KEY)");
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const kept = async () =>
  (await pool.query<{ n: number }>("SELECT n FROM kept ORDER BY n")).rows.map(({ n }) => n);
const audited = async () =>
  (await pool.query("SELECT FROM audit WHERE event = 'transactions.told'")).rowCount;

it("is stored whole, with what it tells", async () => {
  await transact(pool, async (tx) => {
    await tx.sql.query("INSERT INTO kept VALUES ($1)", [1]);
    tx.audit({ actor: "test", event: "transactions.told" });
  });
  expect(await kept()).toContain(1);
  expect(await audited()).toBe(1);
});

it("nothing is stored where what it tells is refused, though COMMIT is sent with it", async () => {
  const telling = transact(pool, async (tx) => {
    await tx.sql.query("INSERT INTO kept VALUES ($1)", [2]);
    // No number of a run.
    tx.audit({ actor: "test", event: "transactions.told", run: 2 ** 40 });
  });
  await expect(telling).rejects.toThrow(/out of range/);
  expect(await kept()).not.toContain(2);
});

it("a failure that the work passes over is no success", async () => {
  const passed = transact(pool, async (tx) => {
    await tx.sql.query("INSERT INTO kept VALUES ($1)", [3]);
    await tx.sql.query("INSERT INTO kept VALUES ($1)", [3]).catch(() => {});
  });
  await expect(passed).rejects.toThrow(/nothing of its transaction was stored/);
  expect(await kept()).not.toContain(3);
});

it("what it begins with is carried out in it, and with it refused", async () => {
  const opened = await transact(
    pool,
    async (tx) => (await tx.sql.query("SELECT n FROM kept WHERE n = 4")).rows,
    {
      first: "INSERT INTO kept VALUES (4)",
    },
  );
  expect(opened.value).toEqual([{ n: 4 }]);
  const refused = transact(pool, async (tx) => tx.sql.query("INSERT INTO kept VALUES (5)"), {
    first: "INSERT INTO kept VALUES (4)",
  });
  await expect(refused).rejects.toThrow(/duplicate key/);
  expect(await kept()).not.toContain(5);
});

it("a statement is planned once per session, and goes on where its table gets a column", async () => {
  const one = openPool(database.url, { max: 1 });
  await one.query("INSERT INTO kept VALUES (1) ON CONFLICT DO NOTHING");
  try {
    const ask = () => one.query("SELECT n FROM kept WHERE n = $1", [1]);
    const all = () => one.query("SELECT * FROM kept WHERE n = $1", [1]);
    for (let n = 0; n < 3; n++)
      expect((await Promise.all([ask(), all()])).map(({ rowCount }) => rowCount)).toEqual([1, 1]);
    const { rows } = await one.query(
      "SELECT statement, (generic_plans + custom_plans)::int AS used FROM pg_prepared_statements WHERE statement LIKE '%kept%'",
    );
    expect(rows).toEqual([{ statement: "SELECT n FROM kept WHERE n = $1", used: 3 }]);
    await pool.query("ALTER TABLE kept ADD COLUMN more text");
    expect((await ask()).rows).toEqual([{ n: 1 }]);
    expect((await all()).rows).toEqual([{ n: 1, more: null }]);
  } finally {
    await one.end();
  }
});
