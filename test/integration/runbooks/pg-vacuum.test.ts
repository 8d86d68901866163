import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgVacuum } from "../../../runbooks/postgres/pg-vacuum.ts";
import type { Sql } from "../../../src/connectors/postgres/client.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { OLD_SECONDS, olderThan } from "../../../src/connectors/postgres/upkeep/table-facts.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

// Autovacuum is on, but comes once in 24 days: what it should do stays undone, and every vacuum here is by hand.
let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres({ autovacuum_naptime: "2147483", autovacuum_vacuum_threshold: "50" });
  await lab.admin("CREATE ROLE watcher LOGIN PASSWORD 'watcher' IN ROLE pg_monitor");
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
  await lab.admin("DROP TABLE IF EXISTS orders, sessions, ledger");
});
afterAll(() => lab.stop());

const diagnose = (params = {}, url = lab.botUrl): Promise<Diagnosis> => {
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench.diagnose(pgVacuum, { minimumRows: 1000, ...params });
};
const ids = ({ findings }: Diagnosis) => findings.map(({ id }) => id);

/** A table of so many rows, of which the first `dead` are updated once. */
async function table(name: string, rows: number, dead: number, options = ""): Promise<void> {
  await lab.admin(`CREATE TABLE ${name} (id int, n int) ${options}`);
  await lab.admin(`INSERT INTO ${name} SELECT i, 0 FROM generate_series(1, ${rows}) i`);
  await lab.admin(`VACUUM ANALYZE ${name}`);
  await died(name, dead);
}

async function died(name: string, dead: number): Promise<void> {
  await lab.admin(`UPDATE ${name} SET n = n + 1 WHERE id <= ${dead}`);
  await counted(name, dead);
}

/** A session tells its counters when it ends. */
const counted = (name: string, dead: number) =>
  until(async () => {
    const [row] = await lab.admin<{ n: string }>(
      "SELECT n_dead_tup AS n FROM pg_stat_user_tables WHERE relname = $1",
      [name],
    );
    return Number(row?.n ?? 0) >= dead * 0.9;
  });

describe("a table against its own trigger", () => {
  it("many dead rows of a big table below it are healthy; a table of its own options is behind", async () => {
    await table("orders", 60_000, 10_000);
    expect(ids(await diagnose())).toEqual([]);
    await table("ledger", 60_000, 10_000, "WITH (autovacuum_vacuum_scale_factor = 0.01)");
    const run = await diagnose();
    expect(ids(run)).toEqual(["vacuum-behind"]);
    const { title, because, severity } = run.finding("vacuum-behind");
    expect(severity).toBe("warning");
    expect(title).toBe(
      "Autovacuum is behind on 1 table: public.ledger has 10,000 dead rows, 15 times its trigger of 650",
    );
    expect(because).toContain("0 of 3 workers are busy and none with these");
    expect(run.advice("vacuumTables")).toContain("VACUUM (VERBOSE, ANALYZE) public.ledger");
    const applied = await run.apply("vacuumBehind");
    expect(applied.previews[0]?.changes[0]).toMatch(
      /^VACUUM \(ANALYZE\) public\.ledger: 10000 of 60000 rows are dead, last vacuum /,
    );
    expect(applied.holds).toBe(true);
    expect(ids(await diagnose())).toEqual([]);
  });

  it("by its inserts, too, for a table that only grows", async () => {
    await table("ledger", 2_000, 0);
    await lab.admin("INSERT INTO ledger SELECT i, 0 FROM generate_series(1, 20000) i");
    const run = await until(async () => {
      const one = await diagnose();
      return one.findings.length > 0 ? one : undefined;
    });
    expect(run.finding("vacuum-behind").title).toMatch(
      /public\.ledger has 20,000 rows inserted since its last vacuum, 14 times its trigger of 1,400$/,
    );
  });

  it("switched off for the table: that is the cause, and below the trigger it is none", async () => {
    await table("sessions", 5_000, 5_000, "WITH (autovacuum_enabled = off)");
    await table("orders", 60_000, 1_500, "WITH (autovacuum_enabled = off)");
    const run = await diagnose();
    expect(ids(run)).toEqual(["autovacuum-off-for-tables"]);
    expect(run.findings[0]?.title).toContain("switched off for public.sessions: 5,000 dead rows");
    expect(run.advice("turnOn")).toMatch(/^ALTER TABLE public\.sessions RESET \(autovacuum_enabled\)\. /);
  });

  it("switched off for the server: said before the tables", async () => {
    await table("sessions", 5_000, 5_000);
    await lab.admin("ALTER SYSTEM SET autovacuum = off");
    await lab.admin("SELECT pg_reload_conf()");
    const run = await until(async () => {
      const one = await diagnose();
      return ids(one).includes("autovacuum-off") ? one : undefined;
    });
    expect(ids(run)).toEqual(["autovacuum-off", "vacuum-behind"]);
    expect(run.advice("turnOn")).toMatch(/^ALTER SYSTEM RESET autovacuum; SELECT pg_reload_conf\(\)\. /);
    await lab.admin("ALTER SYSTEM RESET autovacuum");
    await lab.admin("SELECT pg_reload_conf()");
  });
});

/** What building an index of the table would have to wait for, were everybody as old as that is asked of them. */
const asOldOf = async (name: string) => {
  const [row] = await lab.admin<{ oid: string }>("SELECT $1::regclass::oid::text AS oid", [name]);
  const sql = (text: string, values?: unknown[]) =>
    lab.admin(
      text,
      values?.map((value) => (value === OLD_SECONDS ? 0 : value)),
    );
  return olderThan(sql as Sql, row?.oid ?? "", true);
};

describe("dead rows that somebody may still read", () => {
  it("the holder is the cause, not autovacuum; one of another database is not", async () => {
    await table("sessions", 5_000, 0);
    const other = await lab.session("report", lab.botUrl.replace("/shop", "/postgres"));
    await other.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await other.query("SELECT 1 FROM pg_class LIMIT 1");
    await died("sessions", 5_000);
    await lab.admin("VACUUM sessions");
    await until(async () => ids(await diagnose()).length === 0);
    const report = await lab.session("report");
    await report.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await report.query("SELECT 1 FROM pg_class LIMIT 1");
    await died("sessions", 5_000);
    // It has not been tried since: what died before it began may still go.
    expect(ids(await diagnose())).toEqual(["vacuum-behind"]);
    await lab.admin("VACUUM sessions");
    await counted("sessions", 5_000);
    const run = await diagnose();
    expect(run.findings[0]?.id).toBe("dead-rows-held");
    expect(run.findings[0]?.title).toMatch(
      /^session 'report' \(\d+\), open for .* keeps 5,000 dead rows in public\.sessions: vacuum may not take them away$/,
    );
    expect(run.findings[0]?.because).toContain("Vacuuming again, or more eagerly, does not help");
    expect(run.advice("endHolders")).toMatch(/^session \d+ \(report of app\): .*pg_terminate_backend\(\d+\)/);
    expect(ids(run)).not.toContain("vacuum-behind");
  });

  it("a vacuum of another table holds nobody's rows, however long it takes: it is not to be ended", async () => {
    await table("orders", 20_000, 0);
    await table("sessions", 2_000, 0);
    const slow = await lab.session("nightly", lab.botUrl);
    await slow.query("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1");
    const vacuum = slow.query("VACUUM (DISABLE_PAGE_SKIPPING) orders").catch(() => {});
    await until(
      async () =>
        (await lab.admin("SELECT FROM pg_stat_progress_vacuum WHERE phase LIKE 'scan%'")).length > 0,
    );
    await lab.admin("VACUUM sessions");
    await died("sessions", 2_000);
    const run = await diagnose();
    expect(ids(run)).toEqual(["vacuum-behind"]);
    expect(await asOldOf("orders"), "its own table waits for its lock").toContain("nightly");
    expect(await asOldOf("sessions")).toBeUndefined();
    await lab.admin("SELECT pg_cancel_backend(pid) FROM pg_stat_progress_vacuum");
    await vacuum;
  });
});

describe("what was not frozen", () => {
  it("is measured by the limit of the table itself, by transactions and multixacts", async () => {
    await table("ledger", 100, 0, "WITH (autovacuum_freeze_max_age = 100000)");
    await table("orders", 100, 0);
    await lab.admin(
      "DO $$ BEGIN FOR i IN 1..160000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$",
    );
    const run = await diagnose();
    expect(ids(run)).toEqual(["freeze-behind"]);
    expect(run.findings[0]?.title).toBe("1 table is over the age for freezing: public.ledger");
    expect(run.findings[0]?.because).toMatch(/not frozen for 16\d,\d{3} transactions .* begins at 100,000/);
    expect(run.advice("freezeTables")).toContain("VACUUM (FREEZE, VERBOSE) public.ledger");
    expect((await run.apply("freezeOld")).holds).toBe(true);
    expect(ids(await diagnose())).toEqual([]);
  });

  it("where multixacts are many, their members are counted, or that they were not is said", async () => {
    const at = (age: string) =>
      lab.admin(
        `UPDATE pg_database SET datminmxid = ((mxid_age('1'::xid)::bigint + 4294967297 - ${age}) % 4294967296)::text::xid WHERE datname = 'shop'`,
      );
    const [row] = await lab.admin<{ was: string }>(
      "SELECT datminmxid::text AS was FROM pg_database WHERE datname = 'shop'",
    );
    await at("2000000");
    const run = await diagnose();
    expect(run.seen.vacuum).toMatchObject({ value: { membersUsed: expect.closeTo(0.00001, 4) } });
    expect(ids(run)).toEqual([]);
    const seen = await diagnose({}, lab.botUrl.replace("postgres:postgres@", "watcher:watcher@"));
    expect(seen.findings[0]).toMatchObject({ id: "could-not-look" });
    expect(seen.findings[0]?.title).toContain("members of multixacts");
    await lab.admin("UPDATE pg_database SET datminmxid = $1::text::xid WHERE datname = 'shop'", [row?.was]);
  });
});

describe("a role that sees less", () => {
  const url = (role: string) => lab.botUrl.replace("postgres:postgres@", `${role}:${role}@`);

  it("pg_monitor sees all of it; without it the workers are not looked at, and that is said", async () => {
    await table("sessions", 5_000, 5_000);
    expect(ids(await diagnose({}, url("watcher")))).toEqual(["vacuum-behind"]);
    const run = await diagnose({}, url("app"));
    expect(ids(run)).toEqual(["vacuum-behind", "could-not-look"]);
    expect(run.finding("vacuum-behind").because).toContain("hidden from the bot's role");
  });
});
