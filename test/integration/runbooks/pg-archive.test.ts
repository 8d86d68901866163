import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { pgArchive } from "../../../runbooks/postgres/pg-archive.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
/** As one that archives: it looks at the segment, and says that all is well. */
const KEEPS = "test -f %p";
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres({
    autovacuum: "off",
    wal_level: "replica",
    archive_mode: "on",
  });
  // Not as a setting of the start: that would win over ALTER SYSTEM.
  await set(KEEPS);
  await lab.admin("CREATE ROLE watcher LOGIN PASSWORD 'watcher' IN ROLE pg_monitor");
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
});
afterAll(() => lab.stop());

const diagnose = async (role = "postgres"): Promise<Diagnosis> => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  const url = lab.botUrl.replace("postgres:postgres@", `${role}:${role}@`);
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench.diagnose(pgArchive);
};
const ids = ({ findings }: Diagnosis) => findings.map(({ id }) => id);
/** A segment of WAL, and time for the archiver to see it. */
const segment = () =>
  lab.admin("SELECT pg_logical_emit_message(false, 'lab', 'x'), pg_switch_wal(), pg_sleep(0.1)");
const set = async (command: string) => {
  await lab.admin(`ALTER SYSTEM SET archive_command = '${command}'`);
  await lab.admin("SELECT pg_reload_conf()");
};
const archived = async (what: string) => {
  const [row] = await lab.admin<{ n: string }>(`SELECT ${what} AS n FROM pg_stat_archiver`);
  return Number(row?.n);
};

it("a server that archives is healthy; what a role may not list is said", async () => {
  await until(async () => {
    await segment();
    return (await archived("archived_count")) > 0;
  });
  expect(ids(await diagnose())).toEqual([]);
  expect(ids(await diagnose("watcher"))).toEqual([]);
  expect(ids(await diagnose("app"))).toEqual(["could-not-look"]);
});

it("a command that fails, since when, and how much waits; it goes on by itself", async () => {
  await set("/bin/false");
  // The archiver may still have the old command for a segment or two.
  await until(async () => {
    await segment();
    return (await archived("failed_count")) > 0;
  });
  const run = await until(async () => {
    const one = await diagnose("watcher");
    return one.findings.length > 0 ? one : undefined;
  });
  // It has only just begun: the next try may succeed.
  expect(run.finding("archiver-failing")).toMatchObject({ severity: "info" });
  const status = join(lab.data, "pg_wal/archive_status");
  const before = Date.now() / 1000 - 600;
  for (const name of readdirSync(status).filter((one) => one.endsWith(".ready")))
    utimesSync(join(status, name), before, before);
  const lasting = await diagnose("watcher");
  expect(lasting.finding("archiver-failing")).toMatchObject({ severity: "critical" });
  expect(lasting.finding("archiver-failing").title).toMatch(
    /^WAL is not archived: the last success was .* ago, the last failure .* ago \([0-9A-F]{24}\)$/,
  );
  expect(lasting.finding("archiver-failing").because).toMatch(
    /\d+ segments? waits?, the oldest for .*; pg_wal grows/,
  );
  await set(KEEPS);
  await until(async () => {
    await segment();
    return ids(await diagnose()).length === 0;
  });
});

it("no command at all is another cause", async () => {
  await set("");
  await segment();
  const run = await until(async () => {
    const one = await diagnose();
    return one.findings.length > 0 ? one : undefined;
  });
  expect(ids(run)).toEqual(["archive-not-set"]);
  await set(KEEPS);
  await until(async () => {
    await segment();
    return ids(await diagnose()).length === 0;
  });
});

it("a command that keeps nothing looks well by its counters, and is no archive", async () => {
  await set("/bin/true");
  const run = await until(async () => {
    const one = await diagnose("watcher");
    return one.findings.length > 0 ? one : undefined;
  });
  expect(run.findings).toMatchObject([{ id: "archive-discards", severity: "info", remedies: ["set"] }]);
  await set("cp %p /backup/%f && true");
  await until(async () => !ids(await diagnose("watcher")).includes("archive-discards"));
  await set(KEEPS);
});
