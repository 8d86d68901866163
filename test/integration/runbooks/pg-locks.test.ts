import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgLocks } from "../../../runbooks/postgres/pg-locks.ts";
import {
  blockedSessions,
  cancelQueued,
  terminateBlockers,
} from "../../../src/connectors/postgres/actions.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import {
  blockOrders as blockOrdersOf,
  lockWaiters,
  makeOrders,
  waitedFor,
} from "../../helpers/faults/postgres.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
let bench: Bench;

beforeAll(async () => {
  lab = await startLabPostgres();
  await makeOrders(lab);
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

const waiters = (n: number) => lockWaiters(lab, n);
const blockOrders = (holder?: string, url?: string) => blockOrdersOf(lab, holder, url);

describe("pg-locks", () => {
  it("is silent when nobody waits", async () => {
    expect((await bench.diagnose(pgLocks)).findings).toEqual([]);
  });

  it("finds who waits, and says what it cannot see, with a role that lacks pg_monitor", async () => {
    await lab.admin("CREATE ROLE plain LOGIN PASSWORD 'plain'");
    const blind = openBench({
      connections: { db: { kind: "postgres", url: lab.appUrl.replace("app:app@", "plain:plain@") } },
      connectors: [postgresConnector],
    });
    expect((await blind.diagnose(pgLocks)).findings.map(({ id }) => id)).toEqual(["could-not-look"]);
    const { head, altered, read } = await blockOrders();
    const run = await blind.diagnose(pgLocks, { waitingSeconds: 0 });
    expect(run.finding("blocked-sessions").title).toMatch(/^2 sessions wait for a lock/);
    const { title, because, evidence, remedies } = run.finding("blocked-sessions");
    expect(title).toContain("held by orders-worker (its state is hidden from the bot's role)");
    expect(because).toContain("is hidden from the bot's role");
    expect(JSON.stringify([title, because, evidence])).not.toMatch(/ 0 ms|local|unknown/);
    expect(remedies).toEqual(["cancelByHand", "retryQueued", "lookWithRights"]);
    expect(run.advice("lookWithRights")).toContain("GRANT pg_monitor");
    expect(run.finding("could-not-look").because).toContain("GRANT pg_monitor");
    await head.query("ROLLBACK");
    await Promise.all([altered, read]);
    await blind.close();
    await lab.admin("DROP ROLE plain");
  });

  it("finds the head of the queue behind a waiting ALTER TABLE, ends it and sees the queue drain", async () => {
    const { altered, read } = await blockOrders();
    const run = await bench.diagnose(pgLocks, { waitingSeconds: 0 });
    const finding = run.finding("blocked-sessions");
    expect(finding.title).toMatch(/^2 sessions wait for a lock/);
    expect(finding.because).toContain("(orders-worker of app)");
    expect(finding.because).toContain("idle in transaction; 2 sessions wait behind it");
    expect(finding.remedies).toEqual(["terminateBlockers"]);
    expect(JSON.stringify(finding)).not.toContain("secret-literal");
    const applied = await run.apply("terminateBlockers");
    expect(applied.previews[0]?.changes).toEqual([expect.stringContaining("orders-worker")]);
    expect(applied.holds).toBe(true);
    expect([await altered, await read]).toEqual(["done", "done"]);
    expect((await bench.diagnose(pgLocks, { waitingSeconds: 0 })).findings).toEqual([]);
  });

  it("follows a chain to its end: who waits is never the head, and all are counted (M1)", async () => {
    const root = await lab.session("root");
    await root.query("BEGIN; UPDATE orders SET status = 'r' WHERE id = 2");
    const middle = await lab.session("middle");
    await middle.query("BEGIN; UPDATE orders SET status = 'm' WHERE id = 1");
    const all: Promise<unknown>[] = [];
    for (let i = 0; i < 8; i++)
      all.push((await lab.session("web")).query("UPDATE orders SET status = 'w' WHERE id = 1"));
    await waiters(8);
    const chained = middle.query("UPDATE orders SET status = 'm' WHERE id = 2");
    await waiters(9);
    // Above the wait of the last link alone.
    const seconds = 0.3;
    await waitedFor(lab, seconds);
    const locks = await bench.call(blockedSessions({ waitingSeconds: seconds }));
    expect(locks.total).toBe(9);
    const run = await bench.diagnose(pgLocks, { waitingSeconds: 0 });
    const finding = run.finding("blocked-sessions");
    expect(finding.title).toMatch(/^9 sessions wait for a lock held by root \(idle in transaction\), /);
    expect(finding.because).toContain("9 sessions wait behind it");
    expect(finding.because).toMatch(/\(middle of app\), which 8 of them wait for, waits itself/);
    const applied = await run.apply("terminateBlockers", async () => {});
    expect(applied.previews[0]?.changes).toEqual([expect.stringContaining(": root, ")]);
    await chained;
    await middle.query("COMMIT");
    await Promise.all(all);
  });

  it("never ends a session that waits itself, whatever was asked for", async () => {
    const { head, altered, read } = await blockOrders();
    const locks = await bench.call(blockedSessions({ waitingSeconds: 0 }));
    const [middle] = locks.queue?.makers ?? [];
    const { pid = 0, startedAt = "" } = middle ?? {};
    const preview = await bench.preview(terminateBlockers({ sessions: [{ pid, startedAt }] }));
    expect(preview.refused).toContain("waiting for nobody");
    await head.query("COMMIT");
    await Promise.all([altered, read]);
  });

  it("names the ALTER in the middle of a queue, not the dump it waits for (C19)", async () => {
    const dump = await lab.session("pg_dump");
    await dump.query("BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE");
    const dumping = dump.query("SELECT pg_sleep(60)").catch(() => {});
    const alter = await lab.session("migration-tool");
    const altered = alter.query("ALTER TABLE orders ADD COLUMN c19 int").catch(() => "cancelled");
    await waiters(1);
    const readers: Promise<unknown>[] = [];
    for (let i = 0; i < 7; i++) readers.push((await lab.session("web")).query("SELECT count(*) FROM orders"));
    await waiters(8);
    const run = await bench.diagnose(pgLocks, { waitingSeconds: 0 });
    const finding = run.finding("blocked-sessions");
    expect(finding.title).toMatch(
      /^7 sessions queue behind a waiting ALTER TABLE \(session \d+, migration-tool\), /,
    );
    expect(finding.because).toContain("relation AccessExclusiveLock on public.orders");
    expect(finding.because).toContain("pg_dump (session");
    expect(finding.remedies).toEqual(["cancelQueued", "retryQueued"]);
    expect(run.advice("retryQueued")).toContain("lock_timeout");
    const applied = await run.apply("cancelQueued");
    expect(applied.previews[0]?.changes).toEqual([expect.stringContaining("cancel session")]);
    expect(applied.previews[0]?.changes).toEqual([expect.stringContaining("migration-tool")]);
    expect(applied.holds).toBe(true);
    await Promise.all(readers);
    expect(await altered).toBe("cancelled");
    await lab.admin("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'pg_dump'");
    await dumping;
  });

  it("cancels no statement of a migration tool: that is a human's", async () => {
    const reader = await lab.session("report");
    await reader.query("BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE");
    const reading = reader.query("SELECT pg_sleep(60)").catch(() => {});
    const alter = await lab.session("flyway");
    const altered = alter.query("ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text").catch(() => {});
    await waiters(1);
    const read = (await lab.session("web")).query("SELECT count(*) FROM orders");
    await waiters(2);
    const run = await bench.diagnose(pgLocks, { waitingSeconds: 0 });
    expect(run.finding("blocked-sessions").remedies).toEqual(["cancelByHand", "retryQueued"]);
    expect((await run.apply("cancelQueued")).calls).toEqual([]);
    const { queue } = await bench.call(blockedSessions({ waitingSeconds: 0 }));
    const statements = (queue?.makers ?? []).map(({ pid, startedAt, queryStartedAt }) => ({
      ...{ pid, startedAt, queryStartedAt },
    }));
    expect((await bench.preview(cancelQueued({ statements }))).refused).toContain("no session qualifies");
    await lab.admin("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'report'");
    await Promise.all([reading, altered, read]);
  });

  it("leaves a superuser's session to a human", async () => {
    const { head, altered, read } = await blockOrders("psql", lab.botUrl);
    const run = await bench.diagnose(pgLocks, { waitingSeconds: 0 });
    expect(run.finding("blocked-sessions").remedies).toEqual(["cancelQueued", "retryQueued", "endByHand"]);
    expect(run.advice("endByHand")).toContain("(psql of postgres)");
    expect((await run.apply("terminateBlockers")).calls).toEqual([]);
    await head.query("ROLLBACK");
    expect([await altered, await read]).toEqual(["done", "done"]);
  });

  it("does nothing and says so when the blocker is gone by the time of approval", async () => {
    const { head, altered, read } = await blockOrders();
    const run = await bench.diagnose(pgLocks, { waitingSeconds: 0 });
    const late = run.apply("terminateBlockers", async () => {
      await head.query("COMMIT");
      await Promise.all([altered, read]);
    });
    await expect(late).rejects.toMatchObject({ code: "target_refused" });
  });

  it("finds transactions left open before anybody waits for them, and prepared ones", async () => {
    const open = await lab.session("reports");
    await open.query("BEGIN");
    await open.query("LOCK TABLE orders IN SHARE MODE");
    const other = await lab.session("tm");
    await other.query("BEGIN");
    await other.query("SELECT 1");
    await other.query("PREPARE TRANSACTION 'tx-7'");
    await until(async () => {
      const [row] = await lab.admin<{ old: boolean }>(
        "SELECT bool_and(now() - state_change > '1.1s' AND (SELECT now() - prepared > '1.1s' FROM pg_prepared_xacts)) AS old FROM pg_stat_activity WHERE application_name = 'reports'",
      );
      return row?.old;
    });
    const run = await bench.diagnose(pgLocks, { openSeconds: 1 });
    expect(run.finding("idle-in-transaction").title).toMatch(/^1 session idle in an open transaction/);
    expect(run.advice("finishPrepared")).toContain("'tx-7' of app in shop");
    expect((await run.apply("terminateOpen")).holds).toBe(true);
    await (await lab.session("tm")).query("ROLLBACK PREPARED 'tx-7'");
    expect((await bench.diagnose(pgLocks, { openSeconds: 1 })).findings).toEqual([]);
  });

  it("counts deadlocks", async () => {
    const [a, b] = [await lab.session("a"), await lab.session("b")];
    for (const [session, id] of [
      [a, 1],
      [b, 2],
    ] as const) {
      await session.query("BEGIN");
      await session.query("UPDATE orders SET status = 'x' WHERE id = $1", [id]);
    }
    const crossed = await Promise.allSettled([
      a.query("UPDATE orders SET status = 'y' WHERE id = 2"),
      b.query("UPDATE orders SET status = 'y' WHERE id = 1"),
    ]);
    expect(crossed.filter(({ status }) => status === "rejected")).toHaveLength(1);
    await lab.endSessions();
    const finding = await until(async () =>
      (await bench.diagnose(pgLocks)).findings.find(({ id }) => id === "deadlocks"),
    );
    expect(finding.title).toMatch(/^1 deadlock in /);
  });
});
