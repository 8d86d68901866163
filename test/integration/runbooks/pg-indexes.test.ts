import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgIndexes } from "../../../runbooks/postgres/pg-indexes.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { postgres } from "../../../src/sdk/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres({ autovacuum: "off" });
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
  await lab.admin("DROP TABLE IF EXISTS orders, events, customers CASCADE");
});
afterAll(() => lab.stop());

const diagnose = (params = {}, url = lab.botUrl): Promise<Diagnosis> => {
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench.diagnose(pgIndexes, { minimumMiB: 0, ...params });
};
const ids = ({ findings }: Diagnosis) => findings.map(({ id }) => id);
const redundant = async () => {
  const { seen } = await diagnose();
  const value = seen.use?.ok ? (seen.use.value as { redundant: { index: string; by: string }[] }) : undefined;
  return value?.redundant.map(({ index, by }) => `${index} < ${by}`);
};
const run = async (...statements: string[]) => {
  for (const statement of statements) await lab.admin(statement);
};
/** Every index is read once, so that none is unused. */
const readBy = async (...conditions: string[]) => {
  const app = await lab.session("app", lab.botUrl);
  await app.query("SET enable_seqscan = off; SET enable_bitmapscan = off");
  for (const condition of conditions) await app.query(`SELECT * FROM orders WHERE ${condition}`);
  await app.end();
};

describe("indexes that another one stands for", () => {
  it("the same twice, the beginning of a longer one; each a decoy beside it", async () => {
    await run(
      "CREATE TABLE orders (id int PRIMARY KEY, customer int, at timestamptz, note text)",
      "INSERT INTO orders SELECT i, i % 100, now(), 'n' FROM generate_series(1, 5000) i",
      "CREATE INDEX first ON orders (customer, at)",
      "CREATE INDEX second ON orders (customer, at)",
      "CREATE INDEX beginning ON orders (customer)",
      'CREATE INDEX "Of Key" ON orders (id)',
      // Of another order, condition, column, operator class or method, or with a promise: none is the same.
      "CREATE INDEX descending ON orders (customer, at DESC)",
      "CREATE INDEX partial ON orders (customer) WHERE note <> ''",
      "CREATE INDEX including ON orders (customer) INCLUDE (note)",
      "CREATE INDEX expression ON orders (lower(note))",
      "CREATE INDEX other_expression ON orders (upper(note))",
      "CREATE INDEX plain ON orders (note)",
      "CREATE INDEX pattern ON orders (note text_pattern_ops)",
      "CREATE INDEX hashed ON orders USING hash (customer)",
      "CREATE UNIQUE INDEX promise ON orders (at, id)",
      "ANALYZE orders",
    );
    expect((await redundant())?.sort()).toEqual([
      'public."Of Key" < public.orders_pkey',
      "public.beginning < public.descending",
      "public.second < public.first",
    ]);
    const found = await diagnose();
    expect(found.finding("duplicate-indexes").title).toMatch(/^2 indexes are the same as another one: /);
    expect(found.finding("covered-indexes").severity).toBe("info");
    expect(found.advice("dropCovered")).toMatch(/^DROP INDEX CONCURRENTLY public\.beginning \(public/);
    const applied = await found.apply("dropDoubled");
    expect(applied.previews.map(({ changes }) => changes.join()).join()).toContain(
      'DROP INDEX CONCURRENTLY public."Of Key" (',
    );
    expect(applied.holds).toBe(true);
    expect(await redundant()).toEqual(["public.beginning < public.descending"]);
    await applied.undo();
    expect((await redundant())?.sort()).toEqual([
      'public."Of Key" < public.orders_pkey',
      "public.beginning < public.descending",
      "public.second < public.first",
    ]);
  });

  it("a plain one beside a unique one goes, the unique one never", async () => {
    await run(
      "CREATE TABLE orders (id int, customer int)",
      "INSERT INTO orders SELECT i, i FROM generate_series(1, 2000) i",
      "CREATE INDEX older ON orders (id)",
      "CREATE UNIQUE INDEX newer ON orders (id)",
      "ANALYZE orders",
    );
    expect(await redundant()).toEqual(["public.older < public.newer"]);
    await run("DROP INDEX older", "CREATE UNIQUE INDEX twin ON orders (id)", "ANALYZE orders");
    expect(await redundant()).toEqual(["public.twin < public.newer"]);
    await run("ALTER TABLE orders REPLICA IDENTITY FULL", "ALTER TABLE orders ADD UNIQUE USING INDEX twin");
    expect(await redundant()).toEqual(["public.newer < public.twin"]);
  });
});

describe("indexes nobody reads", () => {
  it("are named with what cannot be known; unique ones and read ones are not", async () => {
    await run(
      "CREATE TABLE orders (id int PRIMARY KEY, customer int, note text, mail text UNIQUE)",
      "INSERT INTO orders SELECT i, i, 'n' || i, 'm' || i FROM generate_series(1, 5000) i",
      "CREATE INDEX read ON orders (customer)",
      "CREATE INDEX unread ON orders (note)",
      "ANALYZE orders",
    );
    await readBy("customer = 7");
    const found = await until(async () => {
      const one = await diagnose({ minimumDays: 0 });
      const unused = one.findings.find(({ id }) => id === "unused-indexes");
      return unused?.title.includes("1 index was") ? one : undefined;
    });
    expect(ids(found)).toEqual(["unused-indexes"]);
    expect(found.finding("unused-indexes").title).toMatch(/: public\.unread \(.* KiB\)$/);
    expect(found.finding("unused-indexes").because).toContain("No standby follows now");
    expect(found.advice("dropUnused")).toContain("DROP INDEX CONCURRENTLY public.unread");
    // On a server that was set up, or crashed, just now nothing can be said, though nobody has reset a counter.
    const fresh = await diagnose();
    expect(fresh.finding("could-not-look").because).toContain("the server is no older");
    await run("SELECT pg_stat_reset()", "UPDATE orders SET customer = 1 WHERE id = 1");
    const young = await until(async () => {
      const one = await diagnose();
      return ids(one).length > 0 ? one : undefined;
    });
    expect(young.finding("could-not-look").because).toContain("counted for 0.0 days only");
  });

  it("one that was made just now, on a table that is old, is not among them", async () => {
    await run(
      "CREATE TABLE orders (id int PRIMARY KEY, customer int, note text)",
      "INSERT INTO orders SELECT i, i, 'n' || i FROM generate_series(1, 5000) i",
      "CREATE INDEX old ON orders (customer)",
      "ANALYZE orders",
    );
    const bench = openBench({
      connections: { db: { kind: "postgres", url: lab.botUrl } },
      connectors: [postgresConnector],
    });
    benches.push(bench);
    const unused = async () => {
      // Half of the time the counters run: as if a fortnight were that of a server a month old.
      const [own] = await lab.admin<{ days: number }>(
        "SELECT extract(epoch FROM now() - pg_postmaster_start_time())::float8 / 86400 AS days",
      );
      const minimumDays = (own?.days ?? 0) / 4;
      const { unused: found } = await bench.call(postgres.indexUse({ minimumBytes: 0, minimumDays }));
      return found?.map(({ index }) => index);
    };
    const writer = await lab.session("writer", lab.botUrl);
    const [{ xids }] = (await lab.admin<{ xids: number }>(
      "SELECT txid_snapshot_xmax(txid_current_snapshot())::float8 AS xids",
    )) as [{ xids: number }];
    await writer.query(
      `DO $$ BEGIN FOR i IN 1..${Math.ceil(xids)} LOOP UPDATE orders SET note = 'x' WHERE id = 1; COMMIT; END LOOP; END $$`,
    );
    await run("CREATE INDEX young ON orders (note)");
    await until(async () => {
      const found = await unused();
      return found?.includes("public.old") ? found : undefined;
    });
    expect(await unused()).toEqual(["public.old"]);
  });

  it("parts of a partitioned index count together", async () => {
    await run(
      "CREATE TABLE events (at int, kind int) PARTITION BY RANGE (at)",
      "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000)",
      "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000)",
      "CREATE INDEX by_kind ON events (kind)",
      "INSERT INTO events SELECT i, i FROM generate_series(0, 1999) i",
      "ANALYZE events",
    );
    const unused = async () => {
      const one = await diagnose({ minimumDays: 0 });
      return one.findings.find(({ id }) => id === "unused-indexes");
    };
    const found = await until(unused);
    expect(found.title).toContain("1 index was never read");
    expect(JSON.stringify(found.evidence)).toContain("public.by_kind");
    const app = await lab.session("app", lab.botUrl);
    await app.query("SET enable_seqscan = off; SET enable_bitmapscan = off");
    await app.query("SELECT * FROM events_1 WHERE kind = 7");
    await app.end();
    await until(async () => (await unused()) === undefined);
  });
});

describe("a partition that lacks an index of its siblings", () => {
  const events = async (n: number, indexed: readonly number[]) => {
    await run("CREATE TABLE events (at int, kind int, mail text) PARTITION BY RANGE (at)");
    for (let i = 0; i < n; i++)
      await run(
        `CREATE TABLE events_${i} PARTITION OF events FOR VALUES FROM (${i * 1000}) TO (${i * 1000 + 1000})`,
      );
    await run(`INSERT INTO events SELECT i, i, 'm' || i FROM generate_series(0, ${n * 1000 - 1}) i`);
    for (const i of indexed) await run(`CREATE INDEX ON events_${i} (kind DESC) WHERE mail <> 'x'`);
    await run("ANALYZE events");
  };

  it("alone is named, with what builds it", async () => {
    await events(4, [0, 1, 3]);
    const found = await diagnose({ minimumDays: 30 });
    expect(found.finding("partition-without-index").title).toBe(
      "public.events_2 alone lacks the index on (kind) that 3 of 4 partitions of public.events have",
    );
    expect(found.advice("indexPartitions")).toContain(
      "CREATE INDEX CONCURRENTLY ON public.events_2 USING btree (kind DESC) WHERE (mail <> 'x'::text)",
    );
    await run(
      "CREATE INDEX CONCURRENTLY ON public.events_2 USING btree (kind DESC) WHERE (mail <> 'x'::text)",
    );
    expect(ids(await diagnose({ minimumDays: 30 }))).not.toContain("partition-without-index");
  });

  it("is none where half of them lack it, where it has a longer one, and where it is tiny", async () => {
    await events(4, [0, 1]);
    expect(ids(await diagnose({ minimumDays: 30 }))).not.toContain("partition-without-index");
    await run(
      "CREATE INDEX ON events_2 (kind DESC) WHERE mail <> 'x'",
      "CREATE INDEX ON events_3 (kind, at)",
    );
    expect(ids(await diagnose({ minimumDays: 30 }))).not.toContain("partition-without-index");
    await run("DROP INDEX events_3_kind_at_idx");
    expect(ids(await diagnose({ minimumDays: 30 }))).toContain("partition-without-index");
    expect(ids(await diagnose({ minimumDays: 30, minimumMiB: 1 }))).not.toContain("partition-without-index");
  });

  it("is the index of the whole table's matter where there is one", async () => {
    await events(4, [0, 1, 3]);
    await run("CREATE INDEX whole ON ONLY events (kind DESC) WHERE mail <> 'x'");
    for (const i of [0, 1, 3]) await run(`ALTER INDEX whole ATTACH PARTITION events_${i}_kind_idx`);
    const found = ids(await diagnose({ minimumDays: 30 }));
    expect(found).toContain("unfinished-indexes");
    expect(found).not.toContain("partition-without-index");
  });
});

it("an index that is being built is not broken, whoever asks", async () => {
  await lab.admin("CREATE ROLE plain LOGIN PASSWORD 'plain'");
  await run("CREATE TABLE orders (id int, customer int)", "INSERT INTO orders VALUES (1, 1)");
  const reader = await lab.session("report", lab.botUrl);
  await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM orders");
  const builder = await lab.session("builder", lab.botUrl);
  const building = builder.query("CREATE INDEX CONCURRENTLY slowly ON orders (customer)").catch(() => {});
  await until(async () => (await lab.admin("SELECT FROM pg_class WHERE relname = 'slowly'")).length === 1);
  const plain = lab.botUrl.replace("postgres:postgres", "plain:plain");
  expect(ids(await diagnose({ minimumDays: 30 }, plain))).toEqual([]);
  expect(ids(await diagnose({ minimumDays: 30 }))).toEqual([]);
  // Its builder gone, it is left behind.
  await lab.admin(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'builder'",
  );
  await building;
  const left = await until(async () => {
    const found = await diagnose({ minimumDays: 30 }, plain);
    return ids(found).includes("invalid-indexes") ? found : undefined;
  });
  expect(left.finding("invalid-indexes").remedies).toEqual(["rebuildInvalid", "dropInvalid"]);
  await lab.endSessions();
  const asOwner = await diagnose({ minimumDays: 30 });
  expect((await left.apply("dropInvalid")).previews[0]?.refused).toContain(
    "GRANT the owner TO the bot's role",
  );
  expect((await asOwner.apply("rebuildInvalid")).holds).toBe(true);
  expect((await asOwner.apply("dropInvalid")).previews[0]?.refused).toBe("public.slowly is valid by now");
});

it("a foreign key without an index is one, and one with it is none", async () => {
  await run(
    "CREATE TABLE customers (id int PRIMARY KEY)",
    "CREATE TABLE orders (id int, customer int REFERENCES customers)",
    "INSERT INTO customers SELECT generate_series(1, 100)",
    "INSERT INTO orders SELECT i, 1 + i % 100 FROM generate_series(1, 20000) i",
    "ANALYZE orders, customers",
  );
  const found = await diagnose({ minimumDays: 30 });
  expect(found.finding("foreign-keys-without-index")).toMatchObject({ remedies: ["createKeyIndex"] });
  const applied = await found.apply("createKeyIndex");
  expect(applied.previews[0]?.changes[0]).toMatch(
    /^CREATE INDEX CONCURRENTLY orders_customer_idx ON public\.orders \(customer\) \(20000 rows, .* about 200 rows;/,
  );
  expect(applied.holds).toBe(true);
  const lacks = async () => ids(await diagnose({ minimumDays: 30 })).includes("foreign-keys-without-index");
  expect(await lacks()).toBe(false);
  await applied.undo();
  await run("CREATE INDEX half ON orders (customer) WHERE id > 10");
  expect(await lacks()).toBe(true);
  await run("CREATE INDEX whole ON orders (customer) WHERE customer IS NOT NULL");
  expect(await lacks()).toBe(false);
  expect((await found.apply("createKeyIndex")).previews[0]?.refused).toMatch(/^public\.whole begins with/);
});
