import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import type { Reading, Wants } from "../../../src/core/words/reading.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

let lab: LabPostgres;
/** As a superuser: what is refused here is refused by how it is asked, not by who asks. */
let bench: Bench;

beforeAll(async () => {
  lab = await startLabPostgres();
  await lab.admin(
    "CREATE TABLE orders (id serial PRIMARY KEY, state text, created_at timestamptz DEFAULT now())",
  );
  await lab.admin("INSERT INTO orders (state) SELECT 'new' FROM generate_series(1, 250)");
  await lab.admin(
    "CREATE FUNCTION remove_all() RETURNS int LANGUAGE sql AS 'DELETE FROM orders RETURNING 1'",
  );
  bench = openBench({
    connections: { db: { kind: "postgres", url: lab.botUrl } },
    connectors: [postgresConnector],
  });
});
afterAll(async () => {
  await bench.close();
  await lab.stop();
});

const ask = (sql: string, wants: Partial<Wants> = {}) =>
  bench.call<Reading>({ action: "postgres.query", input: { sql, wants } });
const left = async () => (await ask("SELECT count(*) AS n FROM orders")).rows[0]?.[0];

describe("what a check's statement cannot do, even as a superuser", () => {
  test.each([
    ["INSERT", "INSERT INTO orders (state) VALUES ('x')"],
    ["INSERT … RETURNING", "INSERT INTO orders (state) VALUES ('x') RETURNING id"],
    ["DELETE … RETURNING", "DELETE FROM orders RETURNING id"],
    ["a DELETE inside WITH", "WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone"],
    ["a function that deletes", "SELECT remove_all()"],
    ["SELECT … INTO", "SELECT * INTO copy_of_orders FROM orders"],
    ["CREATE TABLE … AS", "CREATE TABLE copy_of_orders AS SELECT * FROM orders"],
    ["SELECT … FOR UPDATE", "SELECT id FROM orders FOR UPDATE"],
    ["nextval", "SELECT nextval('orders_id_seq')"],
    ["setval", "SELECT setval('orders_id_seq', 1)"],
    ["two statements", "SELECT 1; DELETE FROM orders"],
    ["an end of the transaction first", "SELECT 1; COMMIT; DELETE FROM orders"],
    ["COMMIT alone", "COMMIT"],
    ["COPY … TO PROGRAM", "COPY (SELECT 1) TO PROGRAM 'true'"],
    ["COPY … TO PROGRAM behind a query", "SELECT 1; COPY orders TO PROGRAM 'true'"],
    ["DO", "DO $$ BEGIN DELETE FROM orders; END $$"],
    ["EXPLAIN ANALYZE", "EXPLAIN ANALYZE DELETE FROM orders"],
    ["NOTIFY", "NOTIFY somebody"],
    ["a way out of READ ONLY", "SELECT set_config('transaction_read_only', 'off', true), remove_all()"],
    ["a quote that ends nothing", "SELECT 1'; DELETE FROM orders; --"],
    ["nothing", "-- nothing"],
  ])("%s is refused by the server", async (_name, sql) => {
    await expect(ask(sql)).rejects.toMatchObject({ code: "target_error" });
    expect(await left()).toBe(250);
  });

  test("what it sets or locks for the session does not stay", async () => {
    await ask("SELECT set_config('work_mem', '64kB', false), pg_advisory_lock(77)");
    await expect(
      ask("SELECT pg_advisory_lock(78), 1 / (SELECT count(*) - 250 FROM orders)"),
    ).rejects.toMatchObject({
      detail: "22012",
    });
    const { rows } = await ask(
      "SELECT current_setting('work_mem') AS mem, (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') AS locks",
    );
    expect(rows).toEqual([[expect.not.stringMatching(/^64kB$/), 0]]);
  });

  test("a notification it sends is rolled back", async () => {
    const heard: string[] = [];
    const listener = await lab.session("watcher");
    listener.on("notification", ({ channel }) => heard.push(channel));
    await listener.query("LISTEN somebody");
    await ask("SELECT pg_notify('somebody', 'x')");
    await listener.query("NOTIFY somebody_else");
    await listener.query("SELECT 1");
    expect(heard).toEqual([]);
  });
});

describe("what only the role holds (docs/checks.md says so)", () => {
  test("pg_terminate_backend works for who may end sessions, and not for a role that may not", async () => {
    await lab.admin("CREATE ROLE reader LOGIN PASSWORD 'reader'");
    const url = new URL(lab.botUrl);
    url.username = "reader";
    url.password = "reader";
    const reader = openBench({
      connections: { db: { kind: "postgres", url: url.href } },
      connectors: [postgresConnector],
    });
    const victim = await lab.session("watcher");
    const gone = new Promise((resolve) => victim.once("error", resolve));
    const { rows } = await victim.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const sql = `SELECT pg_terminate_backend(${rows[0]?.pid}) AS ended`;
    await expect(reader.call({ action: "postgres.query", input: { sql } })).rejects.toMatchObject({
      detail: "42501",
    });
    await reader.close();
    expect((await ask(sql)).rows).toEqual([[true]]);
    await gone;
  });
});

describe("what it returns", () => {
  test("values by their type; an interval is seconds; NULL stays NULL; NaN is no number", async () => {
    const { columns, rows, more } = await ask(
      `SELECT 3 AS n, 1.5::numeric AS d, 'x' AS t, true AS b, NULL::int AS nothing, 'NaN'::float8 AS nan,
         interval '1 day 2 hours 3.5 seconds' AS age, interval '-90 seconds' AS ago, '{1,2}'::int[] AS list`,
    );
    expect(rows).toEqual([[3, 1.5, "x", true, null, "NaN", 93_603.5, -90, "{1,2}"]]);
    expect(columns.filter(({ unit }) => unit === "seconds").map(({ name }) => name)).toEqual(["age", "ago"]);
    expect(more).toBe(false);
  });

  test("tables are found by the role's search_path; a semicolon and a comment at the end do no harm", async () => {
    expect((await ask("TABLE orders;")).rows).toHaveLength(200);
    expect((await ask("VALUES (1), (2) -- two")).rows).toEqual([[1], [2]]);
  });

  test("200 rows and no more, and it says that there were more", async () => {
    const { rows, more } = await ask("SELECT id FROM orders ORDER BY id");
    expect([rows.length, more]).toEqual([200, true]);
    // What those after them say nobody knows; how many there are is decided up to 200 only.
    const { notSeen } = await ask("SELECT id FROM orders ORDER BY id", { numbers: ["id"] });
    expect(notSeen?.map(({ what }) => what)).toEqual(["rows after the first 200"]);
    await expect(ask("SELECT id FROM orders", { rowsUpTo: 240 })).rejects.toMatchObject({
      code: "bad_output",
    });
    expect((await ask("SELECT 5000 AS rows", { rowsUpTo: 240 })).rows).toEqual([[5000]]);
    expect((await ask("SELECT id FROM orders LIMIT 9", { rowsUpTo: 240 })).notSeen).toBeUndefined();
  });

  test("a column that is asked for and not there, or is no number, is no answer", async () => {
    await expect(ask("SELECT 1 AS m", { columns: ["n"] })).rejects.toThrow("there is no n; there is m");
    await expect(ask("SELECT 1 AS m WHERE false", { columns: ["n"] })).rejects.toMatchObject({
      code: "bad_output",
    });
    await expect(ask("SELECT 'a' AS n", { numbers: ["n"] })).rejects.toThrow('n is no number but "a"');
    await expect(ask("SELECT 1 AS n, 2 AS n")).rejects.toThrow("two columns are called n");
  });

  test("a statement that takes too long is ended by the server", async () => {
    const { action, client, context } = bench.resolve({ action: "postgres.query", input: { sql: "x" } });
    if (action.effect !== "read") throw new Error("a read");
    const late = action.run(client, action.input.parse({ sql: "SELECT pg_sleep(60)" }), {
      ...context,
      timeoutMs: 700,
    });
    await expect(late).rejects.toMatchObject({ code: "timeout" });
  });
});
