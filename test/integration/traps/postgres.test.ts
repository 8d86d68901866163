import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type * as postgres from "../../../src/connectors/postgres/actions.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
let bench: Bench;

beforeAll(async () => {
  lab = await startLabPostgres();
  bench = openBench({
    connections: { db: { kind: "postgres", url: lab.botUrl } },
    connectors: [postgresConnector],
  });
});
afterEach(() => lab.endSessions());
afterAll(async () => {
  await bench.close();
  await lab.stop();
});

const longer = (olderThanSeconds: number) =>
  bench.call<{ total: number; statements: readonly postgres.ActiveStatement[] }>({
    action: "postgres.active-statements",
    input: { olderThanSeconds },
  });
const usage = () => bench.call<postgres.ConnectionUsage>({ action: "postgres.connection-usage", input: {} });

test("trap pg-idle-filter: a session that has been idle since its statement is no statement that runs", async () => {
  const [idle, busy] = [await lab.session("idle-app"), await lab.session("busy-app")];
  await idle.query("SELECT 1");
  const sleeping = busy.query("SELECT pg_sleep(30)").catch(() => undefined);
  await until(async () => (await longer(0.3)).total > 0);
  const [row] = await lab.admin<{ old: boolean }>(
    "SELECT now() - query_start > '0.3s' AS old FROM pg_stat_activity WHERE application_name = 'idle-app'",
  );
  expect(row?.old, "its last statement is as old").toBe(true);
  expect((await longer(0.3)).statements.map(({ application }) => application)).toEqual(["busy-app"]);
  await lab.endSessions();
  await sleeping;
});

test("trap pg-conn-count: processes of the server are no sessions, and slots kept for superusers are not usable", async () => {
  const before = await usage();
  await lab.session("one");
  const after = await usage();
  const [all] = await lab.admin<{ processes: number; max: number; kept: number }>(
    `SELECT count(*)::int AS processes, current_setting('max_connections')::int AS max,
      current_setting('superuser_reserved_connections')::int AS kept FROM pg_stat_activity`,
  );
  expect(after.used).toBe(before.used + 1);
  expect(after.used).toBeLessThan(all?.processes ?? 0);
  expect(after.usable).toBeLessThanOrEqual((all?.max ?? 0) - (all?.kept ?? 0));
});
