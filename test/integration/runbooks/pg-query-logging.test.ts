import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { pgQueryLogging } from "../../../runbooks/postgres/pg-query-logging.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres({ logging_collector: "on", log_directory: "log", log_filename: "all.log" });
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
  await lab.admin("ALTER DATABASE shop RESET ALL");
  await lab.admin("ALTER ROLE app RESET ALL");
});
afterAll(() => lab.stop());

const diagnose = (params = {}, url = lab.botUrl) => {
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench.diagnose(pgQueryLogging, params);
};
const logged = () => readFileSync(join(lab.data, "log", "all.log"), "utf8");

it("slow statements of new sessions are logged, fast ones are not, and what was set before comes back", async () => {
  await lab.admin("ALTER DATABASE shop SET log_min_duration_statement = '5s'");
  const run = await diagnose({ milliseconds: 100 });
  expect(run.findings.map(({ id, severity }) => [id, severity])).toEqual([["not-logged", "info"]]);
  expect(run.findings[0]?.title).toContain("begins at 5000 ms");
  const old = await lab.session("old");
  const applied = await run.apply("logStatements");
  expect(applied.previews[0]?.changes).toEqual([
    expect.stringMatching(
      /^log statements from 100 ms on \(now 5000 ms\): ALTER DATABASE, new sessions of shop only/,
    ),
    "the log holds values of statements; it goes to stderr, files in log",
  ]);
  expect(applied.holds).toBe(true);
  const app = await lab.session("new");
  await old.query("SELECT pg_sleep(0.15), 'by old'");
  await app.query("SELECT pg_sleep(0.15), 'by new'");
  await app.query("SELECT 'fast'");
  await until(() => logged().includes("by new"));
  expect(logged()).not.toMatch(/by old|'fast'/);
  expect((await diagnose({ milliseconds: 100 })).findings).toEqual([]);
  await applied.undo();
  expect((await diagnose({ milliseconds: 100 })).findings[0]?.title).toContain("begins at 5000 ms");
});

it("a role's own value is said; every statement logged is a warning, whole or by its time", async () => {
  await lab.admin("ALTER ROLE app SET log_min_duration_statement = 7000");
  const off = await diagnose();
  expect(off.findings[0]?.because).toContain("Some roles have a value of their own: app 7000");
  expect(off.findings[0]?.title).toMatch(/the log of slow statements is off$/);
  await lab.admin("ALTER DATABASE shop SET log_statement = 'all'");
  const all = await diagnose();
  expect(all.findings[0]).toMatchObject({
    id: "logs-everything",
    severity: "warning",
    title: "The server logs every statement",
  });
  expect(all.advice("logLess")).toContain("ALTER SYSTEM RESET log_statement");
  await lab.admin("ALTER DATABASE shop RESET log_statement");
  await lab.admin("ALTER DATABASE shop SET log_min_duration_statement = 0");
  expect((await diagnose()).findings.map(({ id }) => id)).toEqual(["logs-everything"]);
});

it("an ordinary owner may only where it was granted, and is told the grant", async () => {
  const run = await diagnose({}, lab.appUrl);
  const refused = await run.apply("logStatements");
  expect(refused.previews[0]?.refused).toContain("GRANT SET ON PARAMETER log_min_duration_statement");
  await lab.admin("GRANT SET ON PARAMETER log_min_duration_statement TO app");
  const applied = await (await diagnose({}, lab.appUrl)).apply("logStatements");
  expect(applied.holds).toBe(true);
  await lab.admin("REVOKE SET ON PARAMETER log_min_duration_statement FROM app");
});
