import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { postgres } from "../../../src/sdk/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

let lab: LabPostgres;
let bench: Bench;
const open: Client[] = [];
beforeAll(async () => {
  lab = await startLabPostgres();
  bench = openBench({
    connections: { db: { kind: "postgres", url: lab.botUrl } },
    connectors: [postgresConnector],
  });
});
afterAll(async () => {
  await Promise.all(open.map((client) => client.end()));
  await bench.close();
  await lab.stop();
});

const session = async (application: string, ...statements: string[]) => {
  const client = new Client({ connectionString: lab.botUrl, application_name: application });
  open.push(client);
  await client.connect();
  for (const statement of statements) await client.query(statement);
};

it("sees what sessions keep between transactions, and nothing of those that keep nothing", async () => {
  await session("plain", "SELECT 1");
  await session("local", "BEGIN", "SET LOCAL work_mem = '5MB'", "COMMIT");
  // Within a transaction a lock of the transaction is as a pooler wants it.
  await session("busy", "BEGIN", "SELECT pg_advisory_xact_lock(1)");
  expect(await bench.call(postgres.sessionState())).toMatchObject({
    ...{ advisoryLocks: 0, listeners: 0, temporaryTables: 0, settings: 0, prepared: 0, cursors: 0 },
    applications: [],
  });
  await session("locker", "SELECT pg_advisory_lock(2)");
  await session("listener", "LISTEN news");
  await session("setter", "SET search_path = app");
  await session("maker", "CREATE TEMP TABLE scratch (id int)");
  await session("preparer", "PREPARE one AS SELECT 1");
  expect(await bench.call(postgres.sessionState())).toMatchObject({
    ...{ advisoryLocks: 1, listeners: 1, temporaryTables: 1, settings: 1, prepared: 1, cursors: 0 },
    applications: ["listener", "preparer", "setter"],
  });
});
