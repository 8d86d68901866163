import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { pgIo } from "../../../runbooks/postgres/pg-io.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

// Files and memory as small as they can be, so that a little work shows what much does elsewhere.
let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres({
    autovacuum: "off",
    max_wal_size: "32MB",
    min_wal_size: "32MB",
    checkpoint_completion_target: "0",
    checkpoint_timeout: "3600",
    work_mem: "64kB",
  });
  await lab.admin("CREATE EXTENSION pg_stat_statements");
  await lab.admin("CREATE ROLE watcher LOGIN PASSWORD 'watcher' IN ROLE pg_monitor");
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
});
afterAll(() => lab.stop());

const diagnose = async (params = {}, url = lab.botUrl): Promise<Diagnosis> => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench.diagnose(pgIo, params);
};
const ids = ({ findings }: Diagnosis) => findings.map(({ id }) => id);
/** PG 17 gave checkpoints a view of their own. */
const views = async () => {
  const [row] = await lab.admin<{ is: boolean }>(
    "SELECT to_regclass('pg_stat_checkpointer') IS NOT NULL AS is",
  );
  return row?.is === true
    ? { view: "checkpointer", column: "num_requested" }
    : { view: "bgwriter", column: "checkpoints_req" };
};
const requested = async () => {
  const { view, column } = await views();
  const [row] = await lab.admin<{ n: string }>(`SELECT ${column} AS n FROM pg_stat_${view}`);
  return Number(row?.n);
};
const reset = async () => {
  const { view } = await views();
  await lab.admin(`SELECT pg_stat_reset_shared('${view}'), pg_stat_reset_shared('wal')`);
};

it("is silent on a healthy server", async () => {
  expect(ids(await diagnose())).toEqual([]);
});

it("checkpoints by command are not those of a small max_wal_size", async () => {
  for (let n = 0; n < 15; n++) await lab.admin("CHECKPOINT");
  await until(async () => (await requested()) >= 15);
  const run = await until(async () => {
    const one = await diagnose();
    return one.findings.length > 0 ? one : undefined;
  });
  expect(ids(run)).toEqual(["checkpoints-by-command"]);
  expect(run.advice("whoAsks")).toContain("log_checkpoints");
});

it("checkpoints because WAL is full are too frequent", async () => {
  await reset();
  await lab.admin("CREATE TABLE filler (t text)");
  await until(async () => {
    await lab.admin("INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 16000)");
    return (await requested()) >= 10;
  });
  const run = await diagnose();
  expect(ids(run)).toEqual(["checkpoints-too-frequent"]);
  expect(run.finding("checkpoints-too-frequent").because).toMatch(/ \d+(\.\d)? MiB of WAL came for each/);
  expect(run.advice("moreWal")).toContain("ALTER SYSTEM SET max_wal_size");
  await lab.admin("DROP TABLE filler");
  await reset();
});

it("names the statement that spills; without its text that is said", async () => {
  const app = await lab.session("reports", lab.botUrl);
  for (let n = 0; n < 3; n++)
    await app.query(
      "SELECT count(*) FROM (SELECT md5(i::text) AS m FROM generate_series(1, 60000) i ORDER BY 1 OFFSET 5) s",
    );
  await app.end();
  const run = await until(async () => {
    const one = await diagnose({ spillMiB: 5 });
    return one.findings.length > 0 ? one : undefined;
  });
  expect(run.finding("spills-to-disk").title).toMatch(
    /^\d+(\.\d)? MiB in \d+ temporary files since the counters began, .*, most of it by SELECT/,
  );
  expect(run.finding("spills-to-disk").because).toContain("work_mem (64.0 KiB)");
  const blind = await diagnose({ spillMiB: 5 }, lab.botUrl.replace("postgres:postgres@", "app:app@"));
  expect(ids(blind)).toEqual(["spills-to-disk", "could-not-look"]);
  expect(ids(await diagnose())).toEqual([]);
});
