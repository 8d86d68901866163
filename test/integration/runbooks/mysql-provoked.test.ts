// What goes wrong inside a real MariaDB: deadlocks, purge that is kept from its work, and disks that are full.
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mysqlConnectivity } from "../../../runbooks/mysql/mysql-connectivity.ts";
import { mysqlLocks } from "../../../runbooks/mysql/mysql-locks.ts";
import { mysqlConnector } from "../../../src/connectors/mysql/index.ts";
import { smallFileSystem, whyNoMount } from "../../helpers/host.ts";
import { type AppSession, type MysqlServer, startMysql, whyNoMysql } from "../../helpers/mysql-server.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoMysql();
const openOn = (server: MysqlServer): Bench =>
  openBench({ connections: { db: { kind: "mysql", url: server.url() } }, connectors: [mysqlConnector] });
const idsOf = ({ findings }: Diagnosis) => findings.map(({ id }) => id);
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: Error) => error.message,
  );

describe.skipIf(missing !== undefined)(`transactions (skipped: ${missing ?? "no"})`, () => {
  let server: MysqlServer;
  let bench: Bench;
  beforeAll(async () => {
    server = await startMysql(["skip-name-resolve", "innodb-flush-log-at-trx-commit=0"]);
    await server.admin(
      "USE shop; CREATE TABLE orders (id INT PRIMARY KEY, paid INT) ENGINE=InnoDB; INSERT INTO orders SELECT seq, 0 FROM seq_1_to_1000",
    );
    bench = openOn(server);
  });
  afterAll(async () => {
    await bench?.close();
    await server?.stop();
  });

  /** Two that take the same two rows, each the other's first one; the server ends one of them. */
  async function deadlock(one: AppSession, other: AppSession): Promise<void> {
    const [first, second] = [
      [one, 1],
      [other, 2],
    ] as const;
    for (const [session, id] of [first, second]) {
      await session.query("START TRANSACTION");
      await session.query(`UPDATE orders SET paid = paid + 1 WHERE id = ${id}`);
    }
    const words = await Promise.all([
      outcome(one.query("UPDATE orders SET paid = paid + 1 WHERE id = 2")),
      outcome(other.query("UPDATE orders SET paid = paid + 1 WHERE id = 1")),
    ]);
    expect(words.some((word) => word.startsWith("Deadlock found"))).toBe(true);
    for (const session of [one, other]) await session.query("ROLLBACK");
  }

  it("one deadlock a moment ago is none to speak of", async () => {
    await deadlock(await server.session(), await server.session());
    const run = await bench.diagnose(mysqlLocks);
    expect(run.seen.counters).toMatchObject({ ok: true, value: { deadlocks: 0, deadlocksTotal: 1 } });
    expect(idsOf(run)).toEqual([]);
    await server.endSessions();
  });

  it("deadlocks all the while", async () => {
    const [one, other] = [await server.session(), await server.session()];
    let isOver = false;
    const all = (async () => {
      while (!isOver) await deadlock(one, other);
    })();
    try {
      const run = await bench.diagnose(mysqlLocks);
      expect(idsOf(run)).toEqual(["deadlocks"]);
      expect(run.finding("deadlocks").title).toMatch(/^\d+ deadlocks? just now$/);
      expect(run.advice("orderLocks")).toContain("SHOW ENGINE INNODB STATUS");
    } finally {
      isOver = true;
      await all;
      await server.endSessions();
    }
  });

  it("a transaction that is left open keeps old rows, and they go with it", async () => {
    const holder = await server.session();
    await holder.query("START TRANSACTION WITH CONSISTENT SNAPSHOT");
    await holder.query("SELECT COUNT(*) FROM orders");
    const changes = Number(process.env.MYSQL_CHANGES ?? 3_000);
    await server.admin(
      `CREATE PROCEDURE shop.change_rows() BEGIN DECLARE n INT DEFAULT 0; WHILE n < ${changes} DO UPDATE shop.orders SET paid = n WHERE id = n MOD 1000 + 1; SET n = n + 1; END WHILE; END`,
    );
    await server.admin("CALL shop.change_rows()");
    const seen = async () => {
      const run = await bench.diagnose(mysqlLocks, { openSeconds: 1 });
      return { run, open: run.seen.open as { ok: true; value: { historyLength: number } } };
    };
    const kept = await until(async () => {
      const now = await seen();
      return idsOf(now.run).includes("idle-in-transaction") && now;
    });
    expect(kept.open.value.historyLength).toBeGreaterThan(changes * 0.9);
    expect(kept.run.finding("idle-in-transaction").because).toContain("purge cannot clean behind it");
    await holder.query("COMMIT");
    const [first] = [await seen()];
    expect(idsOf(first.run)).not.toContain("idle-in-transaction");
    await until(async () => (await seen()).open.value.historyLength < changes / 10);
    await server.endSessions();
  });
});

const noDisk = missing ?? whyNoMount();

describe.skipIf(noDisk !== undefined)(`full disks (skipped: ${noDisk ?? "no"})`, () => {
  let server: MysqlServer;
  let bench: Bench;
  const disks: {
    readonly logs: ReturnType<typeof smallFileSystem>;
    readonly temporary: ReturnType<typeof smallFileSystem>;
  }[] = [];
  const disk = (which: "logs" | "temporary") => {
    const [all] = disks;
    if (all === undefined) throw new Error("there are no disks");
    return all[which];
  };
  beforeAll(async () => {
    const [logs, temporary] = [smallFileSystem("size=16m"), smallFileSystem("size=16m")];
    disks.push({ logs, temporary });
    server = await startMysql([
      ...["skip-name-resolve", "performance-schema=ON"],
      ...[`log-bin=${join(logs.path, "b")}`, "expire-logs-days=7", `tmpdir=${temporary.path}`],
    ]);
    await server.admin("CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, note VARCHAR(200))");
    bench = openOn(server);
  });
  afterAll(async () => {
    await bench?.close();
    await server?.stop();
    for (const { logs, temporary } of disks) for (const one of [logs, temporary]) one.stop();
  });
  /** Leaves nothing; gives back how to make room again. */
  function fill(path: string): () => void {
    const { bavail, bsize } = statfsSync(path);
    writeFileSync(join(path, "fill"), Buffer.alloc(bavail * bsize));
    return () => rmSync(join(path, "fill"), { force: true });
  }
  const diagnose = () => bench.diagnose(mysqlConnectivity, { restartedMinutes: 0 });

  it("with room on both nothing is found", async () => {
    await server.admin("INSERT INTO shop.orders (note) VALUES ('x')");
    const run = await diagnose();
    expect(idsOf(run)).toEqual([]);
    expect(run.seen.state).toMatchObject({ ok: true, value: { spaceWaits: null } });
  });

  it("a full tmpdir: what wants a temporary table fails at once, and says so", async () => {
    const makeRoom = fill(disk("temporary").path);
    try {
      const run = await diagnose();
      expect(idsOf(run)).toEqual(["mysql-disk-full"]);
      const { title, because } = run.finding("mysql-disk-full");
      expect(title).toBe("MySQL cannot write a temporary file: its disk is full");
      expect(because).toContain("Disk got full writing");
      expect(run.advice("recoverMysql")).toContain("tmpdir");
    } finally {
      makeRoom();
    }
    expect(idsOf(await diagnose())).toEqual([]);
  });

  it("a full disk of the binary logs: a write waits without an error, is found, and goes on with room", async () => {
    const app = await server.session();
    const makeRoom = fill(disk("logs").path);
    // The last page of the log takes some more before it is full.
    void (async () => {
      for (let n = 0; n < 500; n++) await app.query("INSERT INTO orders (note) VALUES (REPEAT('y', 200))");
    })().catch(() => undefined);
    try {
      await until(async () =>
        (await server.admin("SHOW PROCESSLIST")).some(({ State }) => /free space/.test(String(State))),
      );
      const run = await diagnose();
      expect(idsOf(run)).toEqual(["waits-for-space"]);
      const { title, because, damage, remedies } = run.finding("waits-for-space");
      expect(title).toMatch(/^1 session waits for room on a full disk/);
      expect(because).toContain("Waiting for someone to free space");
      expect({ damage, remedies }).toEqual({ damage: "disruption", remedies: ["freeSpace"] });
    } finally {
      makeRoom();
      // It looks again after a minute only; nobody waits for that.
      await server.endSessions();
    }
    expect(idsOf(await diagnose())).toEqual([]);
  });
});
