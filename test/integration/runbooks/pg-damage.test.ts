import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

let lab: LabPostgres;
let bench: Bench;
beforeAll(async () => {
  lab = await startLabPostgres();
  bench = openBench({
    connections: { db: { kind: "postgres", url: lab.botUrl } },
    connectors: [postgresConnector],
  });
  await lab.admin("CREATE EXTENSION amcheck");
});
afterAll(async () => {
  await bench?.close();
  await lab?.stop();
});
const diagnose = (runbook: typeof pgConnectivity) => bench.diagnose(runbook);

it("works, but the rows of a table are damaged, which no index shows", async () => {
  await lab.admin("CREATE TABLE notes AS SELECT n, repeat('x', 100) AS words FROM generate_series(1, 200) n");
  await lab.admin("CHECKPOINT");
  const healthy = await diagnose(pgConnectivity);
  expect(healthy.seen.indexes).toMatchObject({
    ok: true,
    value: { tables: { status: "checked", damaged: [] } },
  });
  const [row] = await lab.admin<{ path: string }>("SELECT pg_relation_filepath('notes') AS path");
  await lab.pause();
  const file = join(lab.data, row?.path ?? "");
  const pages = readFileSync(file);
  // Heads of rows: who wrote them, and when.
  pages.fill(0x5a, 6000, 8000);
  writeFileSync(file, pages);
  await lab.start();
  const run = await diagnose(pgConnectivity);
  expect(run.finding("damaged-tables").title).toBe("1 damaged table: public.notes");
  expect(run.finding("damaged-tables").remedies).toEqual(["saveData"]);
  expect(run.findings.map(({ id }) => id)).not.toContain("damaged-indexes");
  await lab.admin("DROP TABLE notes");
  expect((await diagnose(pgConnectivity)).findings.map(({ id }) => id)).not.toContain("damaged-tables");
});
