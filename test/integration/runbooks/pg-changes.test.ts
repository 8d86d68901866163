import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { growthFinding } from "../../../runbooks/postgres/growth.ts";
import { pgChanges } from "../../../runbooks/postgres/pg-changes.ts";
import { settingFindings } from "../../../runbooks/postgres/setting-changes.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { postgres } from "../../../src/sdk/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres({ fsync: "on", autovacuum: "off" });
  await lab.admin("CREATE ROLE plain LOGIN PASSWORD 'plain'");
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.admin("ALTER SYSTEM RESET ALL");
  await lab.admin("SELECT pg_reload_conf()");
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
const change = async (name: string, value: string) => {
  await lab.admin(`ALTER SYSTEM SET ${name} = '${value}'`);
  await lab.admin("SELECT pg_reload_conf()");
  await until(async () => {
    const [row] = await lab.admin<{ is: boolean }>("SELECT current_setting($1) = $2 AS is", [name, value]);
    return row?.is === true;
  });
};

it("is silent at the first look, and where nothing differs", async () => {
  const bench = open();
  expect((await bench.diagnose(pgChanges)).findings).toEqual([]);
  const first = await bench.call(postgres.settings());
  expect(settingFindings(await bench.call(postgres.settings()), first)).toEqual([]);
  const sizes = await bench.call(postgres.relationSizes());
  expect(
    growthFinding(await bench.call(postgres.relationSizes()), sizes, { bytes: 1, share: 0 }),
  ).toBeUndefined();
});

it("says what was changed, of what is secret only that it was", async () => {
  const bench = open();
  const before = await bench.call(postgres.settings());
  await change("work_mem", "9MB");
  await change("primary_conninfo", "host=10.0.0.7 password=hush");
  const now = await bench.call(postgres.settings());
  const [found, ...rest] = settingFindings(now, before);
  expect(rest).toEqual([]);
  expect(found).toMatchObject({ id: "settings-changed", severity: "info" });
  expect(found?.title).toMatch(
    /^2 settings changed since the last look, .* ago: primary_conninfo, work_mem as it comes → 9MB$/,
  );
  expect(found?.because).toContain("not restarted meanwhile");
  expect(JSON.stringify([found, now])).not.toMatch(/hush|10\.0\.0\.7/);
  // Looked at by a role that sees less, what it does not see has not changed.
  const plain = await open(lab.botUrl.replace("postgres:postgres", "plain:plain")).call(postgres.settings());
  expect(plain.notSeen).toHaveLength(1);
  expect(settingFindings({ ...plain, at: now.at + 1 }, now)).toEqual([]);
});

it("what gives up data or safety is a warning: fsync always, others when they are changed", async () => {
  const before = await open().call(postgres.settings());
  const off = (of: postgres.Settings, ...names: string[]): postgres.Settings => ({
    ...of,
    at: of.at + 60,
    settings: of.settings.map((one) =>
      names.includes(one.name) ? { ...one, value: "off", digest: "of off" } : one,
    ),
  });
  const now = off(before, "full_page_writes", "synchronous_commit");
  const [found, ...rest] = settingFindings(now, before);
  expect(rest).toEqual([]);
  expect(found).toMatchObject({ id: "unsafe-settings", severity: "warning" });
  expect(found?.title).toMatch(/^full_page_writes is off, synchronous_commit is off: a page half written/);
  expect(found?.because).toContain("were otherwise at the last look");
  // As it was at the last look, it is the choice of whoever runs it.
  expect(settingFindings(off(now), now)).toEqual([]);
  expect(settingFindings(now, undefined)).toEqual([]);
  const throwaway = await startLabPostgres({ fsync: "off" });
  try {
    const run = await open(throwaway.botUrl).diagnose(pgChanges);
    expect(run.findings.map(({ id }) => id)).toEqual(["unsafe-settings"]);
    expect(run.finding("unsafe-settings").title).toBe(
      "fsync is off: a crash of the machine may leave the data beyond repair",
    );
    expect(run.advice("makeSafe")).toMatch(/Then ALTER SYSTEM RESET fsync; SELECT pg_reload_conf\(\)/);
  } finally {
    await Promise.all(benches.splice(0).map((bench) => bench.close()));
    await throwaway.stop();
  }
});

it("says what grew, and what is new; what only was measured anew it admits", async () => {
  const bench = open();
  await lab.admin("CREATE TABLE events (id int, note text)");
  await lab.admin("INSERT INTO events SELECT i, md5(i::text) FROM generate_series(1, 1000) i");
  await lab.admin("CREATE TABLE still AS SELECT i FROM generate_series(1, 9000) i");
  await lab.admin("VACUUM ANALYZE");
  const before = await bench.call(postgres.relationSizes());
  await lab.admin("INSERT INTO events SELECT i, md5(i::text) FROM generate_series(1, 40000) i");
  await lab.admin("CREATE INDEX made_since ON events (note)");
  await lab.admin("VACUUM ANALYZE");
  const now = await bench.call(postgres.relationSizes());
  const found = growthFinding(now, before, { bytes: 1_000_000, share: 0.1 });
  expect(found?.title).toMatch(
    /^public\.\w+ (grew by|is new, with) \d\.\d MiB.* since the last look, .* ago, and 1 other$/,
  );
  expect(JSON.stringify(found?.evidence)).toMatch(/public\.events/);
  expect(JSON.stringify(found?.evidence)).toContain("public.made_since");
  expect(JSON.stringify(found?.evidence)).not.toContain("still");
  // Minutes are not multiplied up to a day.
  expect(found?.because).not.toContain("a day");
  const slowly = growthFinding({ ...now, at: before.at + 86_400 }, before, { bytes: 1_000_000, share: 0.1 });
  expect(slowly?.because).toMatch(/at that pace \d\.\d MiB a day/);
  expect(growthFinding(now, before, { bytes: 100_000_000, share: 0.1 })).toBeUndefined();
  expect(growthFinding(now, { ...before, database: "other" }, { bytes: 1, share: 0 })).toBeUndefined();
});

it("an index that was rebuilt is not new, and another server's settings were not changed", async () => {
  const bench = open();
  await lab.admin("CREATE TABLE rebuilt AS SELECT i FROM generate_series(1, 9000) i");
  await lab.admin("CREATE INDEX of_rebuilt ON rebuilt (i)");
  const before = await bench.call(postgres.relationSizes());
  await lab.admin("REINDEX INDEX CONCURRENTLY of_rebuilt");
  await lab.admin("CREATE TABLE fresh AS SELECT i FROM generate_series(1, 9000) i");
  await lab.admin("ANALYZE fresh");
  const now = await bench.call(postgres.relationSizes());
  const oid = ({ relations }: postgres.RelationSizes) =>
    relations.find(({ name }) => name === "public.of_rebuilt")?.oid;
  expect(oid(now)).not.toBe(oid(before));
  expect(growthFinding(now, before, { bytes: 1, share: 0 })?.title).toMatch(
    /^public\.fresh is new, with [\d.]+ KiB, since the last look, .* ago$/,
  );
  const one = await bench.call(postgres.settings());
  const settings = one.settings.filter(({ name }) => name !== "max_connections");
  const other = { ...one, settings, at: one.at + 60, startedAt: one.startedAt - 3_600 };
  const [found] = settingFindings(other, one);
  expect(found?.title).toContain("1 setting otherwise than on the server of the last look");
  expect(found?.because).toMatch(/^Another server answered this time/);
  const [again] = settingFindings({ ...other, startedAt: one.at + 30 }, one);
  expect(again?.because).toMatch(/^The server was started since then/);
});
