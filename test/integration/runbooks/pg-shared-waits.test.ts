import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { lockTable } from "../../../src/connectors/postgres/lock-table.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres({});
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
});
afterAll(() => lab.stop());

const benchOf = (): Bench => {
  const bench = openBench({
    connections: { db: { kind: "postgres", url: lab.botUrl } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench;
};

it("a listener in a transaction is seen as one that is open, and what it holds of the queue", async () => {
  const listener = await lab.session("mailer");
  await listener.query("LISTEN news");
  await listener.query("BEGIN");
  await listener.query("SELECT 1");
  // Far below half of the queue (8 GB here): it is measured, and no finding.
  const big = "x".repeat(7_000);
  await lab.admin(`SELECT pg_notify('news', '${big}' || g) FROM generate_series(1, 3000) g`);
  const { shared } = await benchOf().call(lockTable());
  expect(shared?.notifyUsed).toBeGreaterThan(0);
  expect(shared?.open).toMatchObject([{ application: "mailer", state: "idle in transaction" }]);
  expect(shared?.slru.every(({ sessions }) => sessions < 3)).toBe(true);
  const { findings } = await benchOf().diagnose(pgConnectivity);
  expect(findings.map(({ id }) => id).filter((id) => id === "notify-queue" || id === "slru-waits")).toEqual(
    [],
  );
  await listener.query("ROLLBACK");
  await lab.admin("SELECT pg_notify('news', 'last')");
  const after = await benchOf().call(lockTable());
  expect(after.shared?.open).toEqual([]);
});
