import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgSlowQueries } from "../../../runbooks/postgres/pg-slow-queries.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { busyFor } from "../../helpers/faults/postgres.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
let bench: Bench;

beforeAll(async () => {
  lab = await startLabPostgres({ autovacuum: "off" });
  bench = openBench({
    connections: { db: { kind: "postgres", url: lab.botUrl } },
    connectors: [postgresConnector],
    thresholds: { statementSeconds: 0.2 },
  });
});
afterEach(async () => {
  await lab.endSessions();
  await lab.admin("DROP TABLE IF EXISTS messages, conversations");
});
afterAll(async () => {
  await bench.close();
  await lab.stop();
});

const asleep = (application: string) => busyFor(lab, application);

describe("pg-slow-queries", () => {
  it("is silent on a healthy server; without pg_stat_statements it says what it could not see", async () => {
    const run = await bench.diagnose(pgSlowQueries);
    expect(run.findings.map(({ id }) => id)).toEqual(["could-not-look"]);
    expect(run.findings[0]?.because).toContain("CREATE EXTENSION pg_stat_statements");
    await lab.admin("CREATE EXTENSION pg_stat_statements");
    expect((await bench.diagnose(pgSlowQueries)).findings).toEqual([]);
    await lab.admin("DROP EXTENSION pg_stat_statements");
  });

  it("finds a statement that runs for long, cancels exactly that one and keeps its session", async () => {
    const app = await lab.session("reports");
    const slow = app.query("SELECT pg_sleep(30), 'SECRET'").catch((error: { code: string }) => error.code);
    // What began first is named first, and a busy machine starts what it was told first not always first.
    await asleep("reports");
    const dump = await lab.session("pg_dump");
    const kept = dump.query("SELECT pg_sleep(2)");
    await asleep("pg_dump");
    const run = await bench.diagnose(pgSlowQueries);
    const finding = run.finding("long-running");
    expect(finding.title).toMatch(/^2 statements running for long/);
    expect(finding.because).toContain("reports (role app, session ");
    expect(finding.because).toContain("waits for Timeout/PgSleep");
    expect(finding.because).toContain("pg_stat_statements is not-created");
    expect(JSON.stringify(finding)).not.toContain("SECRET");
    const applied = await run.apply("cancelStatements");
    expect(applied.previews[0]?.changes).toEqual([expect.stringContaining(": reports, active for ")]);
    expect(applied.holds).toBe(true);
    expect(await slow).toBe("57014");
    expect((await app.query("SELECT 1 AS alive")).rows).toEqual([{ alive: 1 }]);
    await kept;
  });

  it("never cancels a statement that took the place of the approved one", async () => {
    const app = await lab.session("reports");
    const first = app.query("SELECT pg_sleep(1)");
    await asleep("reports");
    const run = await bench.diagnose(pgSlowQueries);
    let next: Promise<unknown> = Promise.resolve();
    const late = run.apply("cancelStatements", async () => {
      await first;
      next = app.query("SELECT pg_sleep(0.5)");
      await asleep("reports");
    });
    await expect(late).rejects.toMatchObject({ code: "target_refused" });
    await next;
  });

  it("sends people with waiting statements to the locks and offers to cancel none of them", async () => {
    const holder = await lab.session("worker");
    await holder.query("BEGIN; SELECT pg_advisory_xact_lock(7)");
    const waiter = await lab.session("web");
    const waiting = waiter.query("SELECT pg_advisory_lock(7)");
    await asleep("web");
    const run = await bench.diagnose(pgSlowQueries);
    expect(run.finding("long-running").remedies).toEqual(["runPgLocks"]);
    await holder.query("ROLLBACK");
    await waiting;
  });

  it("finds what is slow on average and the table without an index", async () => {
    await lab.admin("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    const app = await lab.session("chat");
    await app.query("CREATE TABLE conversations (id int PRIMARY KEY)");
    await app.query("INSERT INTO conversations SELECT i FROM generate_series(1, 100) i");
    await app.query(
      "CREATE TABLE messages (id int, conversation_id int REFERENCES conversations, body text)",
    );
    await app.query(
      "INSERT INTO messages SELECT i, 1 + i % 100, repeat('x', 50) FROM generate_series(1, 60000) i",
    );
    await app.query("ANALYZE messages");
    for (let i = 0; i < 12; i++)
      await app.query("SELECT pg_sleep(0.02), body FROM messages WHERE conversation_id = $1 AND id < 200", [
        i,
      ]);
    // A session reports its counters when it ends.
    await lab.endSessions();
    const run = await until(async () => {
      const made = await bench.diagnose(pgSlowQueries, { meanMs: 10 });
      return made.findings.some(({ id }) => id === "sequential-scans") ? made : undefined;
    });
    const average = run.finding("slow-on-average");
    expect(JSON.stringify(average.evidence)).toContain("WHERE conversation_id = $1");
    expect(run.finding("sequential-scans").title).toMatch(
      /^public\.messages \(60000 rows\) was read whole 1\d times/,
    );
    expect(run.finding("foreign-keys-without-index").severity).toBe("info");
    const applied = await run.apply("createKeyIndex");
    expect([applied.holds, applied.outputs]).toMatchObject([
      true,
      [{ index: "public.messages_conversation_id_idx" }],
    ]);
    const after = await bench.diagnose(pgSlowQueries, { meanMs: 1000 });
    expect(after.findings.map(({ id }) => id)).not.toContain("foreign-keys-without-index");
    await lab.admin("DROP EXTENSION pg_stat_statements");
  });

  it("finds an invalid index and stale statistics, and refreshes them", async () => {
    const app = await lab.session("chat");
    await app.query("CREATE TABLE messages (id int)");
    await app.query("INSERT INTO messages SELECT 1 FROM generate_series(1, 20000)");
    await expect(app.query("CREATE UNIQUE INDEX CONCURRENTLY doubled ON messages (id)")).rejects.toThrow();
    await lab.endSessions();
    const run = await until(async () => {
      const made = await bench.diagnose(pgSlowQueries);
      return made.findings.some(({ id }) => id === "stale-statistics") ? made : undefined;
    });
    expect(run.finding("invalid-indexes").title).toBe("1 invalid index: public.doubled");
    // What kept it from being unique is still there: that is said, and nothing is left.
    await expect(run.apply("rebuildInvalid")).rejects.toMatchObject({
      code: "target_refused",
      message: expect.stringMatching(/public\.doubled was not built, and nothing of it is left: .*unique/),
    });
    expect((await run.apply("dropInvalid")).holds).toBe(true);
    expect(await lab.admin("SELECT FROM pg_class WHERE relname LIKE 'doubled%'")).toEqual([]);
    const applied = await run.apply("analyzeTables");
    expect(applied.previews[0]?.changes[0]).toContain("ANALYZE public.messages");
    expect(applied.holds).toBe(true);
  });

  it("finishes the index of a partitioned table instead of dropping it concurrently (F4)", async () => {
    await lab.admin("CREATE TABLE messages (id int) PARTITION BY RANGE (id)");
    await lab.admin("CREATE TABLE messages_1 PARTITION OF messages FOR VALUES FROM (0) TO (10)");
    await lab.admin("CREATE TABLE messages_2 PARTITION OF messages FOR VALUES FROM (10) TO (20)");
    await lab.admin("CREATE INDEX whole ON ONLY messages (id)");
    await lab.admin("CREATE INDEX part_1 ON messages_1 (id)");
    await lab.admin("ALTER INDEX whole ATTACH PARTITION part_1");
    const run = await bench.diagnose(pgSlowQueries);
    expect(run.finding("unfinished-indexes").because).toContain("still without: public.messages_2");
    const advice = run.advice("attachIndexes");
    expect(advice).toContain("ALTER INDEX public.whole ATTACH PARTITION");
    expect(advice).not.toContain("DROP INDEX CONCURRENTLY");
    await lab.admin("CREATE INDEX part_2 ON messages_2 (id)");
    await lab.admin("ALTER INDEX whole ATTACH PARTITION part_2");
    const ids = (await bench.diagnose(pgSlowQueries)).findings.map(({ id }) => id);
    expect(ids).not.toContain("unfinished-indexes");
  });

  it("sees what a statement takes now beside the mean of its lifetime (M11)", async () => {
    await lab.admin("CREATE EXTENSION pg_stat_statements");
    const app = await lab.session("chat");
    for (let i = 0; i < 3; i++) await app.query("SELECT pg_sleep($1)", [0.3]);
    let isOver = false;
    const busy = (async () => {
      while (!isOver) await app.query("SELECT pg_sleep($1)", [0.001]);
    })();
    const run = await until(async () => {
      const made = await bench.diagnose(pgSlowQueries, { meanMs: 2 });
      return made.findings.some(({ id }) => id === "slow-at-times" || id === "slow-on-average")
        ? made
        : undefined;
    });
    isOver = true;
    await busy;
    const { slowest } = (run.seen.top as { value: { slowest: { maxMs: number; now: unknown }[] } }).value;
    expect(slowest.some(({ maxMs, now }) => maxMs >= 300 && now !== null)).toBe(true);
    await lab.admin("DROP EXTENSION pg_stat_statements");
  });

  it("reports a missing privilege instead of showing emptiness as health", async () => {
    const poor = openBench({
      connections: { db: { kind: "postgres", url: lab.appUrl } },
      connectors: [postgresConnector],
    });
    await lab.admin("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    const { seen, finding } = await poor.diagnose(pgSlowQueries);
    expect(seen.top).toMatchObject({ ok: true, value: { status: "forbidden" } });
    expect(finding("could-not-look").severity).toBe("info");
    await lab.admin("DROP EXTENSION pg_stat_statements");
    await poor.close();
  });
});
