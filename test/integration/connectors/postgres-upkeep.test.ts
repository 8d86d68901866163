import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { nameOf } from "../../../src/connectors/postgres/upkeep/wanted-index.ts";
import type { WriteAction } from "../../../src/core/words/action.ts";
import { type Call, postgres } from "../../../src/sdk/index.ts";
import { type Pgbouncer, startPgbouncer, whyNoPgbouncer } from "../../helpers/pgbouncer.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
let bench: Bench;
const benches: Bench[] = [];

const open = (url: string): Bench => {
  const made = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  benches.push(made);
  return made;
};
const run = async (...statements: string[]) => {
  for (const statement of statements) await lab.admin(statement);
};
const indexes = async () =>
  (
    await lab.admin<{ name: string }>(
      `SELECT x.relname || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END AS name FROM pg_index i
       JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace
       WHERE n.nspname = 'public' ORDER BY 1`,
    )
  ).map(({ name }) => name);
const refusedOf = async (call: Call, on = bench) => (await on.preview(call)).refused;

beforeAll(async () => {
  lab = await startLabPostgres({ autovacuum: "off" });
  bench = open(lab.botUrl);
  await run("CREATE ROLE reader LOGIN PASSWORD 'reader' IN ROLE pg_monitor");
});
afterEach(async () => {
  await lab.endSessions();
  await run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public");
});
afterAll(async () => {
  await Promise.all(benches.map((one) => one.close()));
  await lab.stop();
});

const orders = () =>
  run(
    "CREATE TABLE orders (id int PRIMARY KEY, customer int, half bool, mail text)",
    "INSERT INTO orders SELECT i, i % 500, i % 2 = 0, 'm' || i % 900 FROM generate_series(1, 5000) i",
    "ANALYZE orders",
  );
const onCustomer = () => postgres.createIndex({ table: "public.orders", columns: ["customer"] });

/** The write under way, with what ends its client. */
function begun(call: Call) {
  const { action, client, context } = bench.resolve(call);
  const ends = new AbortController();
  const done = (action as WriteAction)
    .run(client, action.input.parse(call.input), { ...context, signal: ends.signal })
    .then(
      () => "done",
      (error: { code: string }) => error.code,
    );
  return { done, stop: () => ends.abort() };
}
const probe = async (call: Call, witness: unknown) => {
  const { action, client, context } = bench.resolve(call);
  return (action as WriteAction).probe(client, action.input.parse(call.input), witness as never, context);
};
/** No session of the bot builds, or waits to. */
const atRest = () =>
  until(
    async () =>
      (
        await lab.admin(
          "SELECT FROM pg_stat_activity WHERE application_name = 'diagbot' AND state = 'active' AND query ~ 'CONCURRENTLY'",
        )
      ).length === 0,
  );

describe("an index that is built", () => {
  it("whatever its table and columns are called", async () => {
    await run('CREATE TABLE "Or""d ers" ("a, b" int, c int)', 'INSERT INTO "Or""d ers" VALUES (1, 2)');
    const call = postgres.createIndex({ table: 'public."Or""d ers"', columns: ['"a, b"', "c"] });
    const made = await bench.call(call);
    expect(made.index).toBe('public."Or""d ers_a, b_c_idx"');
    expect((await bench.preview(call)).nothingToDo).toContain("is there already");
    expect(await refusedOf(postgres.createIndex({ table: 'public."Or""d ers"', columns: ["d"] }))).toContain(
      "has not all of the columns d any more",
    );
  });

  it("is refused where it would not help, or serves already, or the name is taken", async () => {
    await orders();
    expect(await refusedOf(postgres.createIndex({ table: "public.orders", columns: ["half"] }))).toMatch(
      /^one value is that of 50 % of the rows/,
    );
    expect(await refusedOf(postgres.createIndex({ table: "public.orders", columns: ["id"] }))).toBe(
      "public.orders_pkey begins with these columns already",
    );
    await run("CREATE INDEX orders_customer_idx ON orders (mail)");
    expect(await refusedOf(onCustomer())).toMatch(/^public\.orders_customer_idx is another index already/);
    expect(
      await refusedOf(onCustomer(), open(lab.botUrl.replace("postgres:postgres", "reader:reader"))),
    ).toMatch(/does not own public\.orders/);
  });

  it("is refused on a large table, with the statement for people", async () => {
    await orders();
    await run("UPDATE pg_class SET relpages = 200000 WHERE relname = 'orders'");
    expect(await refusedOf(onCustomer())).toMatch(
      /^public\.orders is 1\.5 GiB .* quiet hour: CREATE INDEX CONCURRENTLY orders_customer_idx ON public\.orders \(customer\)$/,
    );
    expect(await refusedOf(postgres.vacuumTable({ table: "public.orders" }))).toMatch(/1\.5 GiB/);
    expect(await refusedOf(postgres.reindexIndex({ index: "public.orders_pkey" }))).toMatch(/1\.5 GiB/);
  });

  it("that fails is dropped again; a definition that is none of its own is never sent", async () => {
    await orders();
    const again = (definition: string) =>
      postgres.createIndex({ table: "public.orders", index: "public.sole", definition });
    await expect(
      bench.call(again("CREATE UNIQUE INDEX sole ON public.orders USING btree (customer)")),
    ).rejects.toMatchObject({
      code: "target_refused",
      message: expect.stringContaining("public.sole was not built, and nothing of it is left"),
    });
    expect(await indexes()).toEqual(["orders_pkey"]);
    for (const definition of [
      "DROP TABLE public.orders CASCADE",
      "CREATE INDEX sole ON public.orders USING btree (customer); DROP TABLE public.orders",
      "CREATE INDEX other ON public.orders USING btree (customer)",
    ])
      await expect(bench.call(again(definition))).rejects.toMatchObject({ code: /^target_/ });
    expect(await indexes()).toEqual(["orders_pkey"]);
  });

  it("whose client dies ends with it; begun again, what it left is dropped first", async () => {
    await orders();
    const writer = await lab.session("writer", lab.botUrl);
    await writer.query("BEGIN; UPDATE orders SET customer = 1 WHERE id = 1");
    const { witness } = await bench.preview(onCustomer());
    const building = begun(onCustomer());
    await until(async () => (await indexes()).includes("orders_customer_idx invalid"));
    expect((await probe(onCustomer(), witness)).verdict).toBe("unknown");
    building.stop();
    expect(await building.done).toBe("timeout");
    await atRest();
    expect(await indexes()).toContain("orders_customer_idx invalid");
    expect(await probe(onCustomer(), witness)).toMatchObject({
      verdict: "unknown",
      evidence: expect.stringContaining("was left behind and is not valid"),
    });
    await writer.query("ROLLBACK");
    expect((await bench.preview(onCustomer())).changes[0]).toMatch(
      /^DROP INDEX CONCURRENTLY .*left it invalid/,
    );
    await bench.call(onCustomer());
    expect(await indexes()).toEqual(["orders_customer_idx", "orders_pkey"]);
    expect((await probe(onCustomer(), witness)).verdict).toBe("done");
  });

  it("does not wait for a transaction that is old already", async () => {
    await orders();
    const report = await lab.session("report", lab.botUrl);
    await report.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM orders");
    expect(await refusedOf(onCustomer())).toBeUndefined();
    const why = await until(() => refusedOf(onCustomer()));
    expect(why).toMatch(
      /^session \d+ \(report, role postgres\) has a transaction open for 1\d s: it would have/,
    );
    await expect(bench.call(onCustomer())).rejects.toMatchObject({ code: "target_refused" });
    // One that only holds a lock on another table is in nobody's way for a drop.
    await run("CREATE INDEX one ON orders (mail)", "CREATE INDEX two ON orders (mail)");
    expect(await refusedOf(postgres.dropIndex({ index: "public.two", because: "doubled" }))).toMatch(
      /report/,
    );
    await report.query("ROLLBACK");
    await run("PREPARE TRANSACTION 'x'").catch(() => {});
    await report.query("BEGIN; UPDATE orders SET customer = 2 WHERE id = 2; PREPARE TRANSACTION 'held'");
    expect(await refusedOf(onCustomer())).toMatch(/^a prepared transaction holds a lock on the table/);
    await report.query("ROLLBACK PREPARED 'held'");
  });
});

describe("an index that is rebuilt or dropped", () => {
  it("what a rebuild leaves is seen, dropped, and never rebuilt itself", async () => {
    await orders();
    const call = postgres.reindexIndex({ index: "public.orders_pkey" });
    const writer = await lab.session("writer", lab.botUrl);
    await writer.query("BEGIN; UPDATE orders SET customer = 1 WHERE id = 1");
    const { witness } = await bench.preview(call);
    const building = begun(call);
    await until(async () => (await indexes()).includes("orders_pkey_ccnew invalid"));
    building.stop();
    await building.done;
    await atRest();
    expect(await probe(call, witness)).toEqual({
      verdict: "not-done",
      evidence: "public.orders_pkey is as it was; left behind: public.orders_pkey_ccnew",
    });
    expect(await refusedOf(postgres.reindexIndex({ index: "public.orders_pkey_ccnew" }))).toMatch(
      /is to be dropped/,
    );
    await writer.query("ROLLBACK");
    expect((await bench.preview(call)).changes[1]).toMatch(
      /^DROP INDEX CONCURRENTLY public\.orders_pkey_ccnew/,
    );
    await bench.call(call);
    expect(await indexes()).toEqual(["orders_pkey"]);
    expect((await probe(call, witness)).verdict).toBe("done");
  });

  it("is dropped only where it is what it is called", async () => {
    await orders();
    await run("CREATE INDEX one ON orders (mail)", "CREATE INDEX two ON orders (mail)");
    const drop = (index: string, because: "invalid" | "doubled" | "made", definition?: string) =>
      refusedOf(postgres.dropIndex({ index, because, ...(definition === undefined ? {} : { definition }) }));
    expect(await drop("public.one", "doubled")).toBe("no valid index is the same as public.one any more");
    expect(await drop("public.two", "doubled")).toBeUndefined();
    expect(await drop("public.two", "invalid")).toBe("public.two is valid by now");
    const half = () => probe(postgres.dropIndex({ index: "public.two", because: "doubled" }), null);
    expect((await half()).verdict).toBe("not-done");
    await run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'two'::regclass");
    expect((await half()).verdict).toBe("unknown");
    await run("UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'two'::regclass");
    expect(await drop("public.two", "made", "CREATE INDEX two ON public.orders USING btree (id)")).toBe(
      "public.two is another index by now",
    );
    // Unique at once is more than unique at the end.
    await run("ALTER TABLE orders ADD UNIQUE (id, half) DEFERRABLE");
    await run("CREATE UNIQUE INDEX once ON orders (id, half)");
    expect(await drop("public.once", "doubled")).toMatch(/^no valid index is the same/);
    expect(await drop("public.orders_pkey", "invalid")).toMatch(/^public\.orders_pkey keeps a promise/);
    expect(await drop("pg_catalog.pg_class_oid_index", "invalid")).toMatch(/keeps a promise|system catalog/);
  });
});

describe("a table that is vacuumed", () => {
  it("gives up where somebody holds it, and says that it harmed nothing", async () => {
    await orders();
    const changer = await lab.session("changer", lab.botUrl);
    await changer.query("BEGIN; LOCK TABLE orders");
    const { action, client, context } = bench.resolve(postgres.vacuumTable({ table: "public.orders" }));
    const short = { ...context, remainingMs: () => 3_000 };
    await expect(
      (action as WriteAction).run(client, { table: "public.orders", freeze: false }, short),
    ).rejects.toMatchObject({
      code: "target_refused",
      message: expect.stringMatching(/harmed nothing: (it waited too long for a lock|its time was over)/),
    });
  });

  it("is a table, on the primary, and of the bot's role", async () => {
    await orders();
    await run("CREATE VIEW seen AS SELECT 1 AS n", "CREATE TABLE parts (n int) PARTITION BY RANGE (n)");
    const of = (table: string, on = bench) => refusedOf(postgres.vacuumTable({ table }), on);
    expect(await of("public.seen")).toBe("public.seen is not an ordinary table");
    expect(await of("public.parts")).toMatch(/partition by partition/);
    expect(await of("public.orders", open(lab.botUrl.replace("postgres:postgres", "reader:reader")))).toMatch(
      /owns neither public\.orders nor the database/,
    );
    const none = await bench.preview(postgres.vacuumTable({ table: "public.orders; DROP TABLE orders" }));
    expect(none.nothingToDo).toMatch(/does not exist any more$/);
  });
});

const missing = whyNoPgbouncer();
describe.skipIf(missing !== undefined)(missing ?? "through a real PgBouncer", () => {
  it("nothing is sent: the settings that bound it may come to another session", async () => {
    await orders();
    await run("GRANT USAGE, CREATE ON SCHEMA public TO app", "ALTER TABLE orders OWNER TO app");
    const bouncer: Pgbouncer = await startPgbouncer([
      `shop = host=127.0.0.1 port=${lab.port} user=app dbname=shop password=app`,
    ]);
    try {
      const pooled = open(bouncer.urlOf("shop"));
      await expect(pooled.call(onCustomer())).rejects.toMatchObject({
        code: "target_refused",
        message: expect.stringContaining("stands a pooler"),
      });
      expect(await indexes()).toEqual(["orders_pkey"]);
    } finally {
      await Promise.all(benches.splice(1).map((one) => one.close()));
      await bouncer.stop();
    }
  });
});

it("names are Postgres's own, and fit", () => {
  expect(nameOf("orders", ["customer", "at"])).toBe("orders_customer_at_idx");
  const long = nameOf("o".repeat(60), ["é".repeat(20)]);
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(63);
  expect(long).toMatch(/_[0-9a-f]{8}_idx$/);
  expect(nameOf("o".repeat(60), ["e".repeat(20)])).not.toBe(long);
});
