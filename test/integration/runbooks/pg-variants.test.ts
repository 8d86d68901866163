import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { pgLocks } from "../../../runbooks/postgres/pg-locks.ts";
import { pgPoolExhausted } from "../../../runbooks/postgres/pg-pool-exhausted.ts";
import { pgSlowQueries } from "../../../runbooks/postgres/pg-slow-queries.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

// Faults of the same kinds as in the runbooks' own tests, broken another way: the first title must name the cause.
let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres();
  await lab.admin("CREATE TABLE orders (id int PRIMARY KEY, status text)");
  await lab.admin("INSERT INTO orders SELECT i, 'new' FROM generate_series(1, 5000) i");
  await lab.admin("GRANT ALL ON orders TO app");
});
afterEach(async () => {
  await closeBenches();
  await lab.endSessions();
  await lab.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");
  await counted(0, "pid <> pg_backend_pid() AND backend_type = 'client backend'");
});
afterAll(() => lab.stop());

const closeBenches = () => Promise.all(benches.splice(0).map((bench) => bench.close()));

const diagnose = async (
  runbook: Runbook,
  params = {},
  url = lab.botUrl,
  thresholds = {},
): Promise<Diagnosis> => {
  // The bot's own sessions of the last diagnosis take slots too.
  await closeBenches();
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
    thresholds,
  });
  benches.push(bench);
  return bench.diagnose(runbook, params);
};

const first = ({ findings }: Diagnosis): string => findings[0]?.title ?? "(silent)";

const counted = (n: number, where: string) =>
  until(async () => {
    const [row] = await lab.admin<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name <> 'lab-admin' AND ${where}`,
    );
    return row?.n === n;
  });

describe("the pool is full", () => {
  it("of statements that run", async () => {
    const busy: Promise<unknown>[] = [];
    for (let i = 0; i < 15; i++)
      busy.push((await lab.session("reports")).query("SELECT pg_sleep(60)").catch(() => {}));
    await counted(15, "state = 'active' AND wait_event = 'PgSleep'");
    const run = await diagnose(pgPoolExhausted);
    expect(first(run)).toBe(
      "15 of 17 usable Postgres connections are taken (88 %), mostly by running statements of reports",
    );
    expect(run.findings[0]?.remedies).toEqual(["findLoad", "sizePools"]);
    expect(run.advice("findLoad")).toContain("run pg-slow-queries");
    expect(first(await diagnose(pgConnectivity))).toContain("15 of 17 usable Postgres connections");
    await lab.admin("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'reports'");
    await Promise.all(busy);
  });

  it("of sessions behind one lock", async () => {
    const head = await lab.session("batch");
    await head.query("BEGIN; LOCK TABLE orders");
    const waiting: Promise<unknown>[] = [];
    for (let i = 0; i < 14; i++)
      waiting.push((await lab.session("web")).query("SELECT count(*) FROM orders").catch(() => {}));
    await counted(14, "wait_event_type = 'Lock'");
    const run = await diagnose(pgPoolExhausted);
    expect(first(run)).toMatch(/^15 of 17 .*, mostly by sessions that wait for a lock of web$/);
    expect(run.advice("findLoad")).toContain("run pg-locks");
    expect(first(await diagnose(pgSlowQueries, {}, lab.botUrl, { statementSeconds: 0.001 }))).toContain(
      "it waits for a lock of another session",
    );
    await head.query("COMMIT");
    await Promise.all(waiting);
  });

  it("for one database, and for a role that may not connect at all", async () => {
    await lab.admin("ALTER DATABASE shop CONNECTION LIMIT 2");
    await lab.session("orders-api");
    await lab.session("orders-api");
    const own = await diagnose(pgPoolExhausted, {}, lab.appUrl);
    // What is true of the whole server is looked at from another database.
    expect(own.findings.map(({ id }) => id)).toContain("role-limit");
    expect(own.seen.clients).toMatchObject({ ok: true });
    expect(JSON.stringify(own.findings)).toContain("database shop uses 2 of its 2 allowed connections");
    const seen = await diagnose(pgPoolExhausted);
    expect(first(seen)).toMatch(/^database shop uses [2-5] of its 2 allowed connections$/);
    await lab.admin("ALTER DATABASE shop CONNECTION LIMIT -1");
    await lab.admin("ALTER ROLE app CONNECTION LIMIT 0");
    const none = await diagnose(pgPoolExhausted);
    expect(first(none)).toBe("role app is not allowed a single connection (CONNECTION LIMIT 0)");
    expect(none.advice("raiseLimit")).toContain('ALTER ROLE "app" CONNECTION LIMIT -1');
    await lab.admin("ALTER ROLE app CONNECTION LIMIT -1");
  });
});

describe("a lock", () => {
  it("of a prepared transaction, however young", async () => {
    const tm = await lab.session("tm");
    for (const part of [
      "BEGIN",
      "UPDATE orders SET status = 'paid' WHERE id = 1",
      "PREPARE TRANSACTION 'tx-42'",
    ])
      await tm.query(part);
    const web = await lab.session("web");
    const waiting = web.query("UPDATE orders SET status = 'x' WHERE id = 1");
    await counted(1, "wait_event_type = 'Lock'");
    const run = await diagnose(pgLocks, { waitingSeconds: 0 });
    expect(first(run)).toMatch(/^1 session waits for a lock held by prepared transaction 'tx-42', /);
    expect(run.findings[0]?.remedies).toEqual(["finishPrepared"]);
    expect(run.advice("finishPrepared")).toContain("'tx-42' of app in shop");
    await tm.query("ROLLBACK PREPARED 'tx-42'");
    await waiting;
  });

  it("of a session that never gave back its advisory lock, and is idle outside any transaction", async () => {
    await (await lab.session("leader")).query("SELECT pg_advisory_lock(7)");
    const waiting = (await lab.session("follower")).query("SELECT pg_advisory_lock(7)");
    await counted(1, "wait_event_type = 'Lock'");
    const run = await diagnose(pgLocks, { waitingSeconds: 0 });
    expect(first(run)).toMatch(/^1 session waits for an advisory lock held by leader \(idle\), /);
    expect(run.findings[0]?.because).toContain("pg_advisory_lock");
    expect((await run.apply("terminateBlockers")).holds).toBe(true);
    await waiting;
  });

  it("in three queues at once: every head is ended", async () => {
    const waiting: Promise<unknown>[] = [];
    for (const id of [1, 2, 3]) {
      const head = await lab.session(`head-${id}`);
      await head.query(`BEGIN; UPDATE orders SET status = 'h' WHERE id = ${id}`);
      for (let i = 0; i < id; i++)
        waiting.push((await lab.session("web")).query(`UPDATE orders SET status = 'w' WHERE id = ${id}`));
    }
    await counted(6, "wait_event_type = 'Lock'");
    const run = await diagnose(pgLocks, { waitingSeconds: 0 });
    expect(first(run)).toMatch(
      /^6 sessions wait for a lock held by head-3 \(idle in transaction\) and 2 others/,
    );
    const applied = await run.apply("terminateBlockers");
    expect(applied.outputs).toMatchObject([{ signalled: [{}, {}, {}] }]);
    expect(applied.holds).toBe(true);
    await Promise.all(waiting);
  });
});

describe("a statement", () => {
  it("whose client does not read the answer", async () => {
    const lazy = await lab.session("exporter");
    const all = lazy.query("SELECT repeat('x', 1000000) FROM generate_series(1, 200)").catch(() => {});
    const { stream } = (lazy as unknown as { connection: { stream: { pause(): void; resume(): void } } })
      .connection;
    stream.pause();
    await counted(1, "wait_event = 'ClientWrite' AND clock_timestamp() - query_start > '0.1s'");
    const run = await diagnose(pgSlowQueries, {}, lab.botUrl, { statementSeconds: 0.05 });
    expect(first(run)).toMatch(/: it is done, but its client does not read the answer$/);
    const applied = await run.apply(
      "cancelStatements",
      async () => void setTimeout(() => stream.resume(), 200),
    );
    expect(applied.holds).toBe(true);
    await all;
  });
});

describe("connecting", () => {
  it("fails in the ways pg_hba.conf can refuse", async () => {
    const file = join(lab.data, "pg_hba.conf");
    const before = readFileSync(file, "utf8");
    const put = async (line: string) => {
      writeFileSync(file, `local all all trust\nhost all postgres 127.0.0.1/32 password\n${line}\n`);
      await lab.admin("SELECT pg_reload_conf()");
      await until(async () => {
        const client = new pg.Client(lab.appUrl);
        return client.connect().then(
          () => client.end().then(() => false),
          () => true,
        );
      });
    };
    await put("hostssl all app 127.0.0.1/32 password");
    expect(first(await diagnose(pgConnectivity, {}, lab.appUrl))).toBe(
      "The Postgres server does not let this client in without TLS",
    );
    await put("host all app 127.0.0.1/32 reject");
    expect(first(await diagnose(pgConnectivity, {}, lab.appUrl))).toBe(
      "pg_hba.conf does not let this client in: a line refuses it",
    );
    writeFileSync(file, before);
    await lab.admin("SELECT pg_reload_conf()");
  });

  it("fails for a role that may not log in, an expired password, a closed database, TLS that is not there", async () => {
    await lab.admin("ALTER ROLE app NOLOGIN");
    expect(first(await diagnose(pgConnectivity, {}, lab.appUrl))).toBe(
      "The role of the URL may not log in (NOLOGIN)",
    );
    await lab.admin("ALTER ROLE app LOGIN VALID UNTIL '2001-01-01'");
    expect(first(await diagnose(pgConnectivity, {}, lab.appUrl))).toBe(
      "Postgres does not accept the credentials",
    );
    await lab.admin("ALTER ROLE app VALID UNTIL 'infinity'");
    const elsewhere = await lab.session("dba", lab.botUrl.replace("/shop", "/postgres"));
    await elsewhere.query("ALTER DATABASE shop ALLOW_CONNECTIONS false");
    for (const runbook of [pgConnectivity, pgLocks, pgPoolExhausted, pgSlowQueries])
      expect(first(await diagnose(runbook))).toBe("Nobody may connect to the database");
    await elsewhere.query("ALTER DATABASE shop ALLOW_CONNECTIONS true");
    expect(first(await diagnose(pgConnectivity, {}, `${lab.appUrl}?sslmode=require`))).toBe(
      "The Postgres server, or the pooler in front, offers no TLS",
    );
    expect((await diagnose(pgConnectivity)).findings).toEqual([]);
  });

  it("works, but transaction numbers run out", async () => {
    const [row] = await lab.admin<{ was: string }>(
      "SELECT datfrozenxid::text AS was FROM pg_database WHERE datname = 'shop'",
    );
    const old = "((txid_current() + 4294967296 - 2040000000) % 4294967296)::text::xid";
    await lab.admin(`UPDATE pg_database SET datfrozenxid = ${old} WHERE datname = 'shop'`);
    const run = await diagnose(pgConnectivity);
    await lab.admin("UPDATE pg_database SET datfrozenxid = $1::xid WHERE datname = 'shop'", [row?.was]);
    expect(first(run)).toMatch(/^10[78] million transactions left before Postgres stops taking writes$/);
    expect(run.advice("vacuumNow")).toContain("in database shop");
  });

  it("works, but WAL archiving fails, or a slot keeps back too much WAL", async () => {
    await lab.pause();
    appendFileSync(
      join(lab.data, "postgresql.conf"),
      "archive_mode = on\narchive_command = 'false'\nmax_slot_wal_keep_size = 1MB\n",
    );
    await lab.start();
    await lab.admin("SELECT pg_create_physical_replication_slot('gone', true)");
    for (let i = 0; i < 3; i++)
      await lab
        .admin("INSERT INTO orders SELECT -g - $1 * 1000, 'x' FROM generate_series(1, 500) g", [i])
        .then(() => lab.admin("SELECT pg_switch_wal()"));
    await lab.admin("CHECKPOINT");
    const run = await until(async () => {
      const made = await diagnose(pgConnectivity);
      return made.findings.some(({ id }) => id === "archiver-failing") ? made : undefined;
    });
    expect(run.finding("slot-lost:gone").severity).toBe("critical");
    expect(run.finding("slot-lost:gone").title).toContain("slot gone");
    expect(run.finding("archiver-failing").remedies).toEqual(["repairArchiver"]);
    await lab.admin("SELECT pg_drop_replication_slot('gone')");
    await lab.admin("ALTER SYSTEM SET archive_command = 'true'");
    await lab.admin("SELECT pg_reload_conf()");
    await until(async () => (await diagnose(pgConnectivity)).findings.length === 0);
  });

  it("works, but an index is damaged", async () => {
    expect((await diagnose(pgConnectivity)).seen.indexes).toMatchObject({
      ok: true,
      value: { status: "no-amcheck" },
    });
    await lab.admin("CREATE EXTENSION amcheck");
    const healthy = await diagnose(pgConnectivity);
    expect(healthy.findings).toEqual([]);
    expect(healthy.seen.indexes).toMatchObject({ ok: true, value: { status: "checked", damaged: [] } });
    const [row] = await lab.admin<{ path: string }>("SELECT pg_relation_filepath('orders_pkey') AS path");
    await lab.pause();
    const file = join(lab.data, row?.path ?? "");
    const pages = readFileSync(file);
    pages.fill(0x5a, 8192 + 4000, 8192 + 8000);
    writeFileSync(file, pages);
    await lab.start();
    const run = await diagnose(pgConnectivity);
    expect(first(run)).toBe("1 damaged index: public.orders_pkey");
    expect(run.advice("rebuildIndexes")).toContain("REINDEX INDEX CONCURRENTLY public.orders_pkey");
    await lab.admin("REINDEX TABLE orders");
    expect((await diagnose(pgConnectivity)).findings.map(({ id }) => id)).not.toContain("damaged-indexes");
  });
});
