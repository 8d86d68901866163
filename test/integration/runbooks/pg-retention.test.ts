import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { pgRetention } from "../../../runbooks/postgres/pg-retention.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { postgres } from "../../../src/sdk/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

let lab: LabPostgres;
const benches: Bench[] = [];
const EXPORT = "ab".repeat(32);

beforeAll(async () => {
  lab = await startLabPostgres();
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
  await lab.admin("DROP TABLE IF EXISTS audit_logs, other CASCADE");
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
const diagnose = (params = {}, url = lab.botUrl) => open(url).diagnose(pgRetention, params);
const logs = async (type = "timestamptz", rows = 12_400) => {
  await lab.admin(`CREATE TABLE audit_logs (id int PRIMARY KEY, created_at ${type})`);
  await lab.admin(
    `INSERT INTO audit_logs SELECT n, now() - n * interval '1 hour' FROM generate_series(1, ${rows}) n`,
  );
  await lab.admin("CREATE INDEX at ON audit_logs (created_at)");
  await lab.admin("ANALYZE audit_logs");
};
const left = async () =>
  (await lab.admin<{ n: number }>("SELECT count(*)::int AS n FROM audit_logs"))[0]?.n ?? 0;
const refused = async (params = {}) =>
  (await (await diagnose({ exportSha256: EXPORT, ...params })).apply("deleteOld")).previews[0]?.refused;

it("old rows are counted, exported by people first, then deleted in batches; the young stay", async () => {
  await logs();
  const first = await diagnose();
  expect(first.finding("old-rows").title).toMatch(
    /^10\d{3} rows of public\.audit_logs are older than 90 days/,
  );
  expect(first.finding("old-rows").remedies).toEqual(["exportFirst"]);
  expect(first.advice("exportFirst")).toMatch(
    /\\copy \(SELECT \* FROM public\.audit_logs WHERE created_at < .*\| gzip > public\.audit_logs-/,
  );
  expect((await first.apply("deleteOld")).calls).toEqual([]);
  const run = await diagnose({ exportSha256: EXPORT });
  const applied = await run.apply("deleteOld");
  expect(applied.previews[0]?.changes[0]).toMatch(/: 10\d{3} of about 12400 rows, the oldest of /);
  expect(applied.holds).toBe(true);
  const [out] = applied.outputs as { deleted: number; isDone: boolean }[];
  expect(out?.isDone).toBe(true);
  expect(await left()).toBe(12_400 - (out?.deleted ?? 0));
  expect(
    await lab.admin(
      "SELECT FROM audit_logs WHERE created_at < date_trunc('day', now() AT TIME ZONE 'UTC' - interval '90 days')",
    ),
  ).toEqual([]);
  expect((await diagnose()).findings).toEqual([]);
});

it("the session's own time zone moves no border", async () => {
  await logs();
  const rows = () =>
    open().call(
      postgres.oldRows({ table: "public.audit_logs", column: "created_at", before: "2026-01-02T03:00:00Z" }),
    );
  await lab.admin("UPDATE audit_logs SET created_at = '2026-01-02 02:59+00' WHERE id <= 5");
  const before = (await rows()).old;
  await lab.admin("ALTER ROLE postgres SET timezone = 'Pacific/Auckland'");
  try {
    expect((await rows()).old).toBe(before);
    await lab.admin(
      "ALTER TABLE audit_logs ALTER created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC'",
    );
    expect((await rows()).old).toBe(before);
  } finally {
    await lab.admin("ALTER ROLE postgres RESET timezone");
  }
});

it("a row that somebody holds is left for the next time, and nobody waits for it", async () => {
  await logs("timestamp", 3_000);
  const app = await lab.session("app", lab.botUrl);
  await app.query("BEGIN; SELECT FROM audit_logs WHERE id = 2999 FOR UPDATE");
  const applied = await (await diagnose({ exportSha256: EXPORT })).apply("deleteOld");
  expect(applied.holds).toBe(true);
  await app.query("ROLLBACK");
  expect(await lab.admin("SELECT id FROM audit_logs WHERE id > 2990")).toEqual([{ id: 2999 }]);
});

it("never without an index, younger than a month, or where others hang on it", async () => {
  await logs("date", 3_000);
  await lab.admin("DROP INDEX at");
  expect((await diagnose()).finding("not-counted").remedies).toEqual(["indexFirst"]);
  expect(await refused()).toMatch(/^no index begins with created_at/);
  await lab.admin("CREATE INDEX at ON audit_logs (created_at)");
  expect(await refused()).toBeUndefined();
  await lab.admin(
    "INSERT INTO audit_logs SELECT n, now() - n * interval '1 hour' FROM generate_series(3001, 6000) n",
  );
  await lab.admin("CREATE TABLE other (log int REFERENCES audit_logs ON DELETE CASCADE)");
  expect(await refused()).toMatch(/^foreign keys point at it \(.*other\)/);
  await lab.admin("DROP TABLE other");
  await lab.admin("ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY");
  expect(await refused()).toMatch(/^row security is on/);
  await lab.admin("ALTER TABLE audit_logs DISABLE ROW LEVEL SECURITY");
  const young = postgres.deleteOldRows({
    ...{ table: "public.audit_logs", column: "created_at", exportSha256: EXPORT },
    before: new Date(Date.now() - 20 * 86_400_000).toISOString(),
  });
  expect((await open().preview(young)).refused).toMatch(/^rows younger than 30 days are never deleted/);
  await expect(open().call(young)).rejects.toMatchObject({ code: "target_refused" });
  expect(pgRetention.params.safeParse({ days: 7 }).success).toBe(false);
  expect((await diagnose({ table: "public.nothing" })).findings.map(({ id }) => id)).toEqual([
    "no-such-rows",
  ]);
  expect((await diagnose({ column: "id" })).findings.map(({ id }) => id)).toEqual(["no-such-rows"]);
  expect(await left()).toBeGreaterThan(0);
});

it("rows of tables that inherit from it stay: a place in one of them is another row's in the next", async () => {
  await logs("timestamptz", 3);
  for (const [child, age] of [
    ["old_part", "200 days"],
    ["young_part", "1 day"],
  ]) {
    await lab.admin(`CREATE TABLE ${child} () INHERITS (audit_logs)`);
    await lab.admin(
      `INSERT INTO ${child} SELECT n, now() - interval '${age}' FROM generate_series(1, 1000) n`,
    );
  }
  const run = await diagnose({ exportSha256: EXPORT });
  expect(run.finding("in-children").title).toBe(
    "The rows of public.audit_logs lie in tables that inherit from it (public.old_part, public.young_part)",
  );
  expect(run.advice("dropChildren")).toContain("DROP TABLE public.old_part");
  const applied = await run.apply("deleteOld");
  expect(applied.previews[0]?.refused).toMatch(
    /^its rows lie in tables that inherit from public\.audit_logs \(public\.old_part, public\.young_part\)/,
  );
  // Had one been made just after the look, its rows would stay, too.
  await lab.admin("DROP TABLE old_part");
  await lab.admin("ALTER TABLE young_part NO INHERIT audit_logs");
  await lab.admin(
    "INSERT INTO audit_logs SELECT n, now() - interval '200 days' FROM generate_series(10, 19) n",
  );
  const { resolve } = open();
  const call = postgres.deleteOldRows({
    ...{ table: "public.audit_logs", column: "created_at", exportSha256: EXPORT },
    before: new Date(Date.now() - 90 * 86_400_000).toISOString(),
  });
  const { action, client, context } = resolve(call);
  const real = client as { act: (...all: never[]) => Promise<unknown> };
  const late = {
    read: (client as { read: unknown }).read,
    act: async (...all: never[]) => {
      await lab.admin("ALTER TABLE young_part INHERIT audit_logs");
      return real.act(...all);
    },
  };
  Object.setPrototypeOf(late, Object.getPrototypeOf(client) as object);
  await action.run(late, action.input.parse(call.input) as never, context);
  expect(await lab.admin("SELECT count(*)::int AS n FROM young_part")).toEqual([{ n: 1000 }]);
  await lab.admin("DROP TABLE young_part");
});

it("a rule or a publication that stops or spreads a DELETE is said before", async () => {
  await logs("timestamptz", 3_000);
  await lab.admin("CREATE RULE keep AS ON DELETE TO audit_logs DO INSTEAD NOTHING");
  expect(await refused()).toMatch(
    /^a rule turns a DELETE of public\.audit_logs into something else \(keep\)/,
  );
  await lab.admin("DROP RULE keep ON audit_logs");
  await lab.admin("CREATE PUBLICATION feed FOR TABLE audit_logs");
  const run = await diagnose({ exportSha256: EXPORT });
  const preview = await open().preview(
    postgres.deleteOldRows({
      ...{ table: "public.audit_logs", column: "created_at", exportSha256: EXPORT },
      before: new Date(Date.now() - 90 * 86_400_000).toISOString(),
    }),
  );
  expect(preview.changes).toContain("subscribers of feed lose these rows, too");
  await lab.admin("ALTER TABLE audit_logs REPLICA IDENTITY NOTHING");
  await expect(lab.admin("DELETE FROM audit_logs WHERE id = 1")).rejects.toThrow(/replica identity/);
  expect(await refused()).toMatch(/is published \(feed\) without a replica identity/);
  expect(run.findings.map(({ id }) => id)).toEqual(["old-rows"]);
  await lab.admin("DROP PUBLICATION feed");
});
