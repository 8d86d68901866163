import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { mysqlConnections } from "../../../runbooks/mysql/mysql-connections.ts";
import { mysqlLocks } from "../../../runbooks/mysql/mysql-locks.ts";
import { mysqlSlowQueries } from "../../../runbooks/mysql/mysql-slow-queries.ts";
import { mysqlConnector } from "../../../src/connectors/mysql/index.ts";
import { type AppSession, type MysqlServer, startMysql, whyNoMysql } from "../../helpers/mysql-server.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoMysql();
let server: MysqlServer;
let bench: Bench;

const openOn = (url: string): Bench =>
  openBench({ connections: { db: { kind: "mysql", url } }, connectors: [mysqlConnector] });
const idsOf = ({ findings }: Diagnosis) => findings.map(({ id }) => id);
const waits = (n: number, state = "%") =>
  until(
    async () =>
      (
        await server.admin(
          `SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = 'app' AND COMMAND = 'Query' AND STATE LIKE '${state}'`,
        )
      ).length >= n,
  );
const silent = (work: Promise<unknown>) => work.then(() => "done").catch((error: Error) => error.message);

// InnoDB renews what it shows only once nobody has asked for 100 ms.
const lockWaits = (n: number) =>
  until(async () => {
    await delay(150);
    return (
      (await server.admin("SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'"))
        .length >= n
    );
  });

/** Somebody changed a row and went away; so many wait for it, each behind the one before. */
async function heldRow(waiters: number): Promise<{ holder: AppSession; waiting: Promise<string>[] }> {
  const holder = await server.session();
  await holder.query("START TRANSACTION");
  await holder.query("UPDATE orders SET paid = 1 WHERE id = 1");
  const waiting: Promise<string>[] = [];
  for (let n = 1; n <= waiters; n++) {
    const one = await server.session();
    await one.query("SET innodb_lock_wait_timeout = 60");
    waiting.push(silent(one.query("UPDATE orders SET paid = 2, note = 'secret-literal' WHERE id = 1")));
    await lockWaits(n);
  }
  return { holder, waiting };
}

describe.skipIf(missing !== undefined)(`mysql sessions${missing === undefined ? "" : `: ${missing}`}`, () => {
  beforeAll(async () => {
    server = await startMysql([
      "skip-name-resolve",
      ...["performance-schema=ON", "performance-schema-instrument=wait/lock/metadata/sql/mdl=ON"],
      ...["performance-schema-instrument=statement/%=ON", "performance-schema-consumer-statements-digest=ON"],
    ]);
    await server.admin(
      "CREATE TABLE shop.orders (id INT PRIMARY KEY, paid INT, note VARCHAR(50)) ENGINE=InnoDB; INSERT INTO shop.orders VALUES (1, 0, ''), (2, 0, '')",
    );
    bench = openOn(server.url());
  });
  afterEach(() => server.endSessions());
  afterAll(async () => {
    await bench.close();
    await server.stop();
  });

  describe("mysql-locks", () => {
    const diagnose = (params: Record<string, unknown> = {}, on = bench) =>
      on.diagnose(mysqlLocks, { waitingSeconds: 0, ...params });

    it("is silent where nobody waits, and beside a transaction that is young or at work", async () => {
      const young = await server.session();
      await young.query("START TRANSACTION");
      await young.query("UPDATE orders SET paid = 1 WHERE id = 1");
      expect(idsOf(await diagnose())).toEqual([]);
    });

    it("finds the head of a queue for a row, which sleeps, ends it, and sees the others go on", async () => {
      const { holder, waiting } = await heldRow(2);
      const run = await diagnose();
      expect(idsOf(run)).toEqual(["blocked-sessions"]);
      const { title, because, remedies } = run.finding("blocked-sessions");
      expect(title).toMatch(new RegExp(`^2 sessions wait for a lock that session ${holder.id} `));
      expect(because).toContain("asleep for");
      expect(JSON.stringify(run.findings)).not.toContain("secret-literal");
      expect(remedies).toEqual(["endBlockers"]);
      const applied = await run.apply("endBlockers");
      expect(applied.previews[0]?.changes).toEqual([
        expect.stringContaining(`end session ${holder.id}: app@127.0.0.1`),
      ]);
      expect(applied.outputs).toMatchObject([{ spared: 0 }]);
      expect(applied.holds).toBe(true);
      expect(await Promise.all(waiting)).toEqual(["done", "done"]);
    });

    it("ends nobody who is in nobody's way any more", async () => {
      const { holder } = await heldRow(1);
      await delay(150);
      const run = await diagnose();
      await expect(run.apply("endBlockers", () => holder.query("COMMIT"))).rejects.toThrow(
        "nothing was done",
      );
    });

    it("ends nobody for whom nobody waits any more, though the transaction is the same", async () => {
      const { holder, waiting } = await heldRow(1);
      const run = await diagnose();
      const waiterLeaves = async () => {
        const [waiter] = await server.admin(
          "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'app' AND COMMAND = 'Query'",
        );
        await server.admin(`KILL QUERY ${waiter?.ID}`);
        await Promise.all(waiting);
      };
      await expect(run.apply("endBlockers", waiterLeaves)).rejects.toThrow("nothing was done");
      expect(await holder.query("SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
    });

    it("finds who keeps a table's definition from a waiting ALTER, with a reader behind it", async () => {
      const reader = await server.session();
      await reader.query("START TRANSACTION");
      await reader.query("SELECT * FROM orders");
      const altering = silent((await server.session()).query("ALTER TABLE orders ADD COLUMN more INT"));
      await waits(1, "Waiting for table metadata lock");
      const behind = silent((await server.session()).query("SELECT * FROM orders"));
      await waits(2, "Waiting for table metadata lock");
      // InnoDB shows its transactions from a copy that is up to 100 ms old: the one before was of the test before.
      await delay(150);
      const run = await diagnose();
      expect(run.finding("blocked-sessions").title).toMatch(
        new RegExp(`^2 sessions wait for a metadata lock that session ${reader.id} `),
      );
      expect((await run.apply("endBlockers")).holds).toBe(true);
      expect([await altering, await behind]).toEqual(["done", "done"]);
    });

    it("finds a session that sleeps in a transaction, and ends it and no one who went on", async () => {
      const { holder } = await heldRow(0);
      const busy = await server.session();
      await busy.query("START TRANSACTION");
      await busy.query("UPDATE orders SET paid = 1 WHERE id = 2");
      await until(
        async () =>
          (
            await server.admin(
              `SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ${holder.id} AND TIME >= 2`,
            )
          ).length > 0,
      );
      await busy.query("SELECT 1");
      const run = await diagnose({ openSeconds: 1 });
      expect(idsOf(run)).toEqual(["idle-in-transaction"]);
      const applied = await run.apply("endOpen");
      expect(applied.holds).toBe(true);
      expect(await busy.query("SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
      expect(applied.outputs).toMatchObject([{ ended: [{ id: holder.id }] }]);
    });

    it("ends nobody who has gone on in the same transaction", async () => {
      const { holder } = await heldRow(0);
      await until(
        async () =>
          (
            await server.admin(
              `SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ${holder.id} AND TIME >= 2`,
            )
          ).length > 0,
      );
      const run = await diagnose({ openSeconds: 1 });
      await expect(run.apply("endOpen", () => holder.query("SELECT 1"))).rejects.toThrow("nothing was done");
      expect(await holder.query("SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
    });

    it("says what it may not see with an account that lacks PROCESS", async () => {
      const blind = openOn(server.url("app", "app"));
      expect(idsOf(await diagnose({}, blind))).toEqual(["could-not-look"]);
      await blind.close();
    });
  });

  describe("mysql-connections", () => {
    const diagnose = (params: Record<string, unknown> = {}) =>
      bench.diagnose(mysqlConnections, { newPerSecond: 1000, ...params });

    it("is silent with room, sessions that sleep among it", async () => {
      await server.session();
      expect(idsOf(await diagnose({ idleMinutes: 0 }))).toEqual([]);
    });

    it("finds who holds the connections, and ends those that sleep for long; not those in a transaction", async () => {
      await server.admin("SET GLOBAL max_connections = 14");
      const kept = await server.session();
      await kept.query("START TRANSACTION");
      await kept.query("UPDATE orders SET paid = 1 WHERE id = 1");
      for (let n = 0; n < 9; n++) await server.session();
      const run = await diagnose({ idleMinutes: 0 });
      expect(idsOf(run)).toEqual(["connections-taken"]);
      expect(run.finding("connections-taken").title).toMatch(
        /of 14 MySQL connections .* mostly by app from 127\.0\.0\.1/,
      );
      const applied = await run.apply("endIdle");
      expect(applied.outputs).toMatchObject([{ ended: { length: 9 } }]);
      expect(applied.holds).toBe(true);
      expect(await kept.query("SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
      await server.admin("SET GLOBAL max_connections = 151");
    });
  });

  describe("mysql-slow-queries", () => {
    const diagnose = (params: Record<string, unknown> = {}) =>
      bench.diagnose(mysqlSlowQueries, { watchSeconds: 1, seconds: 1, ...params });

    it("is silent where nothing runs for long", async () => {
      expect(idsOf(await diagnose())).toEqual([]);
    });

    it("finds a statement that runs for long, ends it and leaves its session", async () => {
      const one = await server.session();
      const running = silent(one.query("SELECT SLEEP(600) FROM orders WHERE note <> 'secret-literal'"));
      await until(
        async () =>
          (
            await server.admin(
              `SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ${one.id} AND TIME >= 1 AND COMMAND = 'Query'`,
            )
          ).length > 0,
      );
      const run = await diagnose();
      expect(idsOf(run)).toContain("slow-now");
      expect(JSON.stringify(run.findings)).not.toContain("secret-literal");
      const applied = await run.apply("endStatement");
      expect(applied.previews[0]?.changes[0]).toContain(`end session ${one.id}: app@127.0.0.1`);
      expect(applied.holds).toBe(true);
      await running;
      expect(await one.query("SELECT 1 AS alive")).toEqual([{ alive: 1 }]);
    });

    it("ends no later statement of the session, though it reads the same", async () => {
      const one = await server.session();
      const text = "SELECT SLEEP(600) FROM orders WHERE id = 1";
      const isRunning = (seconds: number) =>
        until(
          async () =>
            (
              await server.admin(
                `SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ${one.id} AND TIME >= ${seconds} AND COMMAND = 'Query' AND STATE = 'User sleep'`,
              )
            ).length > 0,
        );
      const first = silent(one.query(text));
      await isRunning(1);
      const run = await diagnose();
      let later: Promise<string> | undefined;
      const again = async () => {
        await server.admin(`KILL QUERY ${one.id}`);
        await first;
        later = silent(one.query(text));
        await isRunning(0);
      };
      await expect(run.apply("endStatement", again)).rejects.toThrow("nothing was done");
      await isRunning(0);
      await server.admin(`KILL QUERY ${one.id}`);
      await later;
    });
  });
});
