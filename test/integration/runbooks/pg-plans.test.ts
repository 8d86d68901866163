import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgSlowQueries } from "../../../runbooks/postgres/pg-slow-queries.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";

// What the plan of a slow statement shows, without running it.
let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres({ autovacuum: "off" });
  for (const statement of [
    "CREATE EXTENSION pg_stat_statements",
    "CREATE ROLE watcher LOGIN PASSWORD 'watcher' IN ROLE pg_monitor",
    "CREATE SCHEMA sales AUTHORIZATION app",
    "ALTER ROLE app SET search_path = sales",
    'CREATE TABLE sales."Message" (id int PRIMARY KEY, "userId" int, email varchar(80), paid boolean, body text)',
    `INSERT INTO sales."Message" SELECT i, i % 5000, 'm' || i || '@shop.lab', i % 2 = 0, repeat('x', 40)
      FROM generate_series(1, 60000) i`,
    'GRANT ALL ON sales."Message" TO app',
    'CREATE INDEX by_email ON sales."Message" (email)',
    'ANALYZE sales."Message"',
  ])
    await lab.admin(statement);
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
  await lab.admin("SELECT pg_stat_statements_reset()");
});
afterAll(() => lab.stop());

const diagnose = (url = lab.botUrl): Promise<Diagnosis> => {
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench.diagnose(pgSlowQueries, { meanMs: 1 });
};
const watcher = () => lab.botUrl.replace("postgres:postgres@", "watcher:watcher@");
const ids = ({ findings }: Diagnosis) => findings.map(({ id }) => id);

/** Called often enough to be kept; slow by a pause, whatever the machine. */
async function called(statement: string, values: readonly unknown[] = []): Promise<void> {
  const app = await lab.session("chat");
  for (let n = 0; n < 3; n++) await app.query(statement, [...values]);
  await app.end();
}
const SLOW = ", pg_sleep(0.003)";

describe("a table that the plan reads whole", () => {
  it("an index is missing: named by its column, in the schema of the role that asks", async () => {
    await called(`SELECT id${SLOW} FROM "Message" WHERE paid = $2 AND "userId" = $1 LIMIT 1`, [7, false]);
    const run = await diagnose();
    const { title, because } = run.finding("missing-index");
    expect(run.findings[0]?.id).toBe("missing-index");
    expect(title).toBe(
      'No index on sales."Message"("userId"): a slow statement reads all of its 60,000 rows',
    );
    expect(because).toMatch(/keeps what passes .*"userId" = \$1.*: about 12 rows on average\.$/);
    expect(ids(run)[1]).toBe("slow-on-average");
    expect(run.finding("missing-index").remedies).toEqual(["createIndex", "tune"]);
    const applied = await run.apply("createIndex");
    expect(applied.previews[0]?.changes[0]).toMatch(
      /^CREATE INDEX CONCURRENTLY "Message_userId_idx" ON sales\."Message" \("userId"\) /,
    );
    expect(applied.holds).toBe(true);
    await applied.undo();
    expect(await lab.admin("SELECT FROM pg_class WHERE relname = 'Message_userId_idx'")).toEqual([]);
    expect(JSON.stringify(run.findings)).not.toContain("@shop.lab");
  });

  it("a statement that writes is planned, too, and nothing is written", async () => {
    await called('UPDATE "Message" SET body = body WHERE "userId" = $1', [-1]);
    await called('DELETE FROM "Message" WHERE "userId" = $1', [-1]);
    const run = await diagnose();
    expect(run.finding("missing-index").title).toContain('No index on sales."Message"("userId")');
    expect(await lab.admin('SELECT count(*)::int AS n FROM sales."Message"')).toEqual([{ n: 60_000 }]);
    expect(await lab.admin("SELECT FROM pg_prepared_statements")).toEqual([]);
  });

  it("with an index there is nothing to say of it", async () => {
    await called(`SELECT id${SLOW} FROM "Message" WHERE email = $1`, ["m7@shop.lab"]);
    const run = await diagnose();
    expect(run.findings[0]?.id).toBe("slow-on-average");
    expect(run.seen.plans).toMatchObject({ value: { plans: [{ scans: [] }], notSeen: [] } });
  });

  it("no index helps where half of the rows pass, or the column stands in a function", async () => {
    await called(`SELECT id${SLOW} FROM "Message" WHERE paid = $1 LIMIT 1`, [true]);
    const half = await diagnose();
    expect(ids(half)).not.toContain("missing-index");
    expect(half.finding("index-not-used").because).toContain("that of 50 % of the rows on average");
    await lab.admin("SELECT pg_stat_statements_reset()");
    await called(`SELECT id${SLOW} FROM "Message" WHERE lower(email) = $1`, ["m7@shop.lab"]);
    const wrapped = await diagnose();
    expect(wrapped.finding("index-not-used").because).toMatch(
      /^email stands in a function, .* \(sales\.by_email is one\) does not find rows by that\.$/,
    );
  });

  it("of a partitioned table it is one index for all of it", async () => {
    for (const statement of [
      "CREATE TABLE sales.event (at int, kind int, body text) PARTITION BY RANGE (at)",
      "CREATE TABLE sales.event_1 PARTITION OF sales.event FOR VALUES FROM (0) TO (20000)",
      "CREATE TABLE sales.event_2 PARTITION OF sales.event FOR VALUES FROM (20000) TO (40000)",
      "INSERT INTO sales.event SELECT i, i % 3000, 'x' FROM generate_series(0, 39999) i",
      "ANALYZE sales.event",
      "GRANT ALL ON sales.event TO app",
    ])
      await lab.admin(statement);
    await called(`SELECT at${SLOW} FROM event WHERE kind = $1 LIMIT 1`, [7]);
    const run = await diagnose();
    expect(run.finding("missing-index").title).toBe(
      "No index on sales.event(kind): a slow statement reads all of its 20,000 rows",
    );
    expect(run.advice("buildIndex")).toContain("CREATE INDEX <name> ON ONLY sales.event (kind); for each");
    await lab.admin("DROP TABLE sales.event");
  });
});

describe("what is not planned", () => {
  it("where planning would evaluate a function of an ordinary role", async () => {
    const app = await lab.session("chat");
    await app.query(
      "CREATE FUNCTION sales.seven() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evaluated'; END $$",
    );
    await called(`SELECT id${SLOW} FROM "Message" WHERE "userId" = $1 LIMIT 1`, [7]);
    // It is there, but nothing calls it.
    expect(ids(await diagnose())).toContain("missing-index");
    await lab.admin("SELECT pg_stat_statements_reset()");
    await app.query(
      "CREATE OR REPLACE FUNCTION sales.seven() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 7'",
    );
    await called(`SELECT id${SLOW} FROM "Message" WHERE "userId" = seven() LIMIT 1`);
    const run = await diagnose();
    expect(run.finding("could-not-look").because).toContain(
      "planning could evaluate a function of an ordinary role, seven",
    );
    expect(ids(run)).not.toContain("missing-index");
    // Reached by no name: an operator does.
    await lab.admin("SELECT pg_stat_statements_reset()");
    await app.query(
      "CREATE FUNCTION sales.same(int, int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2'",
    );
    await app.query("CREATE OPERATOR sales.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = sales.same)");
    await called(`SELECT id${SLOW} FROM "Message" WHERE "userId" === $1 LIMIT 1`, [7]);
    expect((await diagnose()).finding("could-not-look").because).toContain("an ordinary role, same");
    await app.query("DROP FUNCTION sales.same CASCADE");
    await app.query("DROP FUNCTION sales.seven");
  });

  it("without the rights to run it: said, with what gives them", async () => {
    await called(`SELECT id${SLOW} FROM "Message" WHERE "userId" = $1 LIMIT 1`, [7]);
    const blind = await diagnose(watcher());
    expect(blind.finding("could-not-look").because).toMatch(
      /"Message" does not exist.*GRANT USAGE ON its SCHEMA/,
    );
    await lab.admin("GRANT USAGE ON SCHEMA sales TO watcher");
    const run = await diagnose(watcher());
    expect(ids(run)).toContain("slow-on-average");
    expect(run.finding("could-not-look").because).toMatch(
      /not planned: .*permission denied for .*and SELECT/,
    );
  });
});
