// A synchronous standby that is gone: nothing is locked, nothing is slow, and every write hangs.
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
beforeAll(async () => {
  lab = await startLabPostgres();
  await lab.admin("CREATE TABLE orders (id int)");
  await lab.admin("GRANT ALL ON orders TO app");
});
afterEach(async () => {
  await set("");
  await lab.endSessions();
});
afterAll(() => lab.stop());

const set = async (names: string) => {
  await lab.admin(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
  await lab.admin("SELECT pg_reload_conf()");
  await until(
    async () =>
      (await lab.admin<{ names: string }>("SELECT current_setting('synchronous_standby_names') AS names"))[0]
        ?.names === names,
  );
};
const found = async (url = lab.botUrl) => {
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  try {
    return await bench.diagnose(pgConnectivity);
  } finally {
    await bench.close();
  }
};
const waits = async () =>
  (await lab.admin("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")).length;

it("commits that wait for a standby which is gone are the first thing said, and nothing is to be ended", async () => {
  await set("replica1");
  const session = await lab.session();
  const commit = session.query("INSERT INTO orders VALUES (1)");
  await until(async () => (await waits()) === 1);
  const { findings, finding, advice } = await found();
  expect(findings[0]?.id).toBe("commits-wait");
  expect(finding("commits-wait")).toMatchObject({
    severity: "critical",
    title: expect.stringMatching(/^1 commit waits for a synchronous standby, the longest for/),
    because: expect.stringContaining(
      "synchronous_standby_names is replica1, and no standby that counts for it is connected",
    ),
  });
  expect(advice("syncAgain")).toContain("Do not cancel or terminate");
  await set("");
  await commit;
});

it("while nobody writes it is said beforehand; from a role that may not see it, that it was not looked at", async () => {
  await set("replica1");
  const { finding } = await found();
  expect(finding("commits-wait")).toMatchObject({
    severity: "warning",
    title: expect.stringContaining("next commit will wait"),
  });
  expect((await found(lab.appUrl)).findings.map(({ id }) => id)).toContain("could-not-look");
});

it("without such standbys nothing is said of them", async () => {
  expect((await found()).findings.map(({ id }) => id)).not.toContain("commits-wait");
});
