import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgLocks } from "../../../runbooks/postgres/pg-locks.ts";
import { pgSlowQueries } from "../../../runbooks/postgres/pg-slow-queries.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres();
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
});
afterAll(() => lab.stop());

const diagnose = (runbook: Runbook, params = {}): Promise<Diagnosis> => {
  const bench = openBench({
    connections: { db: { kind: "postgres", url: lab.botUrl } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench.diagnose(runbook, params);
};
const counted = (n: number, condition: string) =>
  until(async () => (await lab.admin(`SELECT FROM pg_stat_activity WHERE ${condition}`)).length === n);

describe("an elected leader that keeps an advisory lock", () => {
  it("its spare instances wait for: nothing is ended, and no statement is called slow", async () => {
    await lab.admin("CREATE EXTENSION pg_stat_statements");
    const leader = await lab.session("scheduler");
    await leader.query("SELECT pg_advisory_lock(7)");
    const spares = [await lab.session("scheduler"), await lab.session("scheduler")];
    const waiting = spares.map((spare) => spare.query("SELECT pg_advisory_lock(7)"));
    await counted(2, "wait_event_type = 'Lock'");
    const run = await diagnose(pgLocks, { waitingSeconds: 0 });
    expect(run.findings.map(({ severity, id, remedies }) => [severity, id, remedies])).toEqual([
      ["info", "blocked-sessions", ["askAboutLeader"]],
    ]);
    expect(run.findings[0]?.title).toMatch(
      /^2 sessions wait for an advisory lock that scheduler holds: spare instances/,
    );
    expect(run.advice("askAboutLeader")).toMatch(/Then nothing is to be done.* pg_terminate_backend\(\d+\)/);
    const slow = await until(async () => {
      const { findings } = await diagnose(pgSlowQueries, { statementSeconds: 1 });
      await Promise.all(benches.splice(0).map((bench) => bench.close()));
      return findings.find(({ id }) => id === "long-running");
    });
    expect([slow.severity, slow.remedies]).toEqual(["info", ["runPgLocks"]]);
    await leader.query("SELECT pg_advisory_unlock(7)");
    await Promise.all(
      spares.map(async (spare, at) => {
        await waiting[at];
        await spare.query("SELECT pg_advisory_unlock(7)");
      }),
    );
    // Three calls that waited, one after the other: that is their turn, not their speed.
    await lab.admin("SELECT pg_advisory_lock(7)");
    const after = await diagnose(pgSlowQueries, { meanMs: 1 });
    expect(JSON.stringify(after.findings)).not.toContain("pg_advisory_lock");
    await lab.admin("DROP EXTENSION pg_stat_statements");
  });
});
