import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgIndexes } from "../../../runbooks/postgres/pg-indexes.ts";
import { pgVacuum } from "../../../runbooks/postgres/pg-vacuum.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { postgres } from "../../../src/sdk/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";

let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres({ autovacuum: "off" });
  await lab.admin("CREATE ROLE watcher LOGIN PASSWORD 'watcher' IN ROLE pg_monitor");
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
  await lab.admin("DROP TABLE IF EXISTS orders, wide, log, doubled CASCADE");
});
afterAll(() => lab.stop());

const open = (url = lab.botUrl): Bench => {
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench;
};
// Whether autovacuum is on is no matter here.
const diagnose = async (runbook: Runbook, url?: string): Promise<Diagnosis> =>
  open(url).diagnose(runbook, { bloatMiB: 1, ...(runbook === pgIndexes ? { minimumDays: 300 } : {}) });
const ids = ({ findings }: Diagnosis) =>
  findings.map(({ id }) => id).filter((id) => id !== "autovacuum-off" && id !== "could-not-look");
const run = async (...statements: string[]) => {
  for (const statement of statements) await lab.admin(statement);
};
const MIB = 1_048_576;

describe("the estimate", () => {
  it("of a table and its indexes that were just filled is nearly nothing, whatever the columns", async () => {
    await run(
      "CREATE TABLE orders (id bigint, kind smallint, flag bool, note text, at timestamptz, amount numeric, code char(3)) WITH (fillfactor = 80)",
      "INSERT INTO orders SELECT i, i % 7, i % 2 = 0, CASE WHEN i % 3 = 0 THEN md5(i::text) END, now(), i * 1.5, 'abc' FROM generate_series(1, 60000) i",
      "CREATE UNIQUE INDEX of_id ON orders (id)",
      "CREATE INDEX of_many ON orders (flag, kind, id)",
      "CREATE INDEX of_note ON orders (lower(note), id) WHERE note IS NOT NULL",
      "CREATE INDEX alike ON orders (kind)",
      "VACUUM ANALYZE orders",
    );
    const bench = open();
    const all = { minimumBytes: 0, minimumShare: 0 };
    const [table] = (await bench.call(postgres.tableBloat(all))).bloated;
    expect(table?.name).toBe("public.orders");
    expect(table?.least).toBeLessThan((table?.bytes ?? 0) * 0.03);
    expect(table?.about).toBeLessThan((table?.bytes ?? 0) * 0.2);
    const { bloated } = await bench.call(postgres.indexBloat(all));
    expect(bloated.map(({ name }) => name).sort()).toEqual(
      ["alike", "of_id", "of_many", "of_note"].map((name) => `public.${name}`),
    );
    for (const index of bloated) expect(index.least / index.bytes, index.name).toBeLessThan(0.12);
    expect(ids(await diagnose(pgVacuum))).toEqual([]);
    expect(ids(await diagnose(pgIndexes))).not.toContain("index-bloat");
  });

  it("is right about what a rewrite gives back", async () => {
    await run(
      "CREATE TABLE orders (id bigint PRIMARY KEY, note text)",
      "INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 120000) i",
      "DELETE FROM orders WHERE id % 10 <> 0",
      "VACUUM ANALYZE orders",
    );
    const found = await diagnose(pgVacuum);
    expect(ids(found)).toEqual(["table-bloat"]);
    expect(found.finding("table-bloat").title).toMatch(
      /^public\.orders is mostly empty space: at least [678]\.\d MiB of [789]\.\d MiB \((8[5-9]|9[01]) %\)$/,
    );
    expect(found.finding("table-bloat").severity).toBe("info");
    expect(found.advice("rewriteTables")).toContain("pg_repack or pg_squeeze of public.orders");
    const [before] = (await open().call(postgres.tableBloat({ minimumBytes: MIB }))).bloated;
    const index = await diagnose(pgIndexes);
    expect(index.finding("index-bloat").title).toMatch(
      /^public\.orders_pkey is mostly empty space: at least 2\.\d MiB/,
    );
    const applied = await index.apply("reindexBloated");
    expect(applied.previews[0]?.changes[0]).toMatch(/^REINDEX INDEX CONCURRENTLY public\.orders_pkey on /);
    expect(applied.holds).toBe(true);
    await run("VACUUM (FULL, ANALYZE) orders");
    const [now] = await lab.admin<{ bytes: number }>("SELECT pg_relation_size('orders')::float8 AS bytes");
    const saved = (before?.bytes ?? 0) - (now?.bytes ?? 0);
    expect(before?.least).toBeLessThanOrEqual(saved);
    expect(before?.least).toBeGreaterThan(saved * 0.95);
    expect(ids(await diagnose(pgVacuum))).toEqual([]);
    expect(ids(await diagnose(pgIndexes))).not.toContain("index-bloat");
  });

  it("of small ones is nobody's matter, and half empty is nothing unusual", async () => {
    await run(
      "CREATE TABLE orders (id bigint, note text)",
      "INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 60000) i",
      "DELETE FROM orders WHERE id % 5 < 2",
      "CREATE TABLE log AS SELECT i FROM generate_series(1, 5000) i",
      "DELETE FROM log WHERE i > 100",
      "VACUUM ANALYZE orders, log",
    );
    expect(ids(await diagnose(pgVacuum))).toEqual([]);
  });
});

it("is measured where pgstattuple is there, and taken back where the statistics were old", async () => {
  await run(
    "CREATE EXTENSION pgstattuple",
    "CREATE TABLE orders (id bigint, note text)",
    "INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 60000) i",
    "DELETE FROM orders WHERE id % 10 <> 0",
    "VACUUM ANALYZE orders",
  );
  const found = await diagnose(pgVacuum);
  expect(found.finding("table-bloat").title).toMatch(
    /^public\.orders is mostly empty space: [34]\.\d MiB of/,
  );
  expect(found.finding("table-bloat").because).toContain("Measured by pgstattuple");
  // Full again, but nobody has counted.
  await run("INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 54000) i");
  expect(ids(await diagnose(pgVacuum))).not.toContain("table-bloat");
  await run("DROP EXTENSION pgstattuple");
});

it("is not known to a role that may not read the columns, and that is said", async () => {
  await run(
    "CREATE TABLE orders (id bigint, note text)",
    "INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 60000) i",
    "DELETE FROM orders WHERE id % 10 <> 0",
    "VACUUM ANALYZE orders",
  );
  const found = await diagnose(pgVacuum, lab.botUrl.replace("postgres:postgres", "watcher:watcher"));
  expect(ids(found)).toEqual([]);
  expect(found.finding("could-not-look").because).toContain(
    "statistics of their columns are not for the bot's role",
  );
});
