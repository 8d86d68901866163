import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgbouncerPools } from "../../../runbooks/pgbouncer/pgbouncer-pools.ts";
import { pgbouncerConnector } from "../../../src/connectors/pgbouncer/index.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { type Pgbouncer, startPgbouncer, whyNoPgbouncer } from "../../helpers/pgbouncer.ts";
import { freePort } from "../../helpers/ports.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoPgbouncer();

describe.skipIf(missing !== undefined)(
  `pgbouncer-pools${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    let lab: LabPostgres;
    let bouncer: Pgbouncer;
    let bench: Bench;

    beforeAll(async () => {
      lab = await startLabPostgres();
      const server = `host=127.0.0.1 port=${lab.port} dbname=shop user=app password=app`;
      bouncer = await startPgbouncer(
        [
          `shop = ${server}`,
          `sessions = ${server} pool_mode=session`,
          `capped = ${server} max_db_connections=1`,
          `away = host=127.0.0.1 port=${await freePort()} user=app`,
          "nameless = host=nowhere.invalid user=app",
        ],
        { max_client_conn: 60 },
      );
      bench = openBench({
        connections: {
          pool: { kind: "pgbouncer", url: bouncer.botUrl },
          db: { kind: "postgres", url: lab.botUrl },
        },
        connectors: [pgbouncerConnector, postgresConnector],
      });
    });
    afterEach(() => bouncer?.endClients());
    afterAll(async () => {
      await bench?.close();
      await bouncer?.stop();
      await lab?.stop();
    });

    const pool = async (database: string) =>
      (await bouncer.tell("SHOW POOLS")).find((one) => one.database === database);
    const waits = (database: string, n = 1) =>
      until(async () => Number((await pool(database))?.cl_waiting ?? 0) >= n);
    /** The bouncer has counted the wait: it does not for a client that has never been served. */
    const waitsCounted = (database: string) =>
      until(async () => Number((await pool(database))?.maxwait_us ?? 0) > 0);
    const diagnose = () => bench.diagnose(pgbouncerPools, { seconds: 1, waitSeconds: 0.05 });
    const ids = (run: { findings: readonly { id: string }[] }) => run.findings.map(({ id }) => id);

    /** What is found while so many clients do that again and again, and somebody waits if that is to be waited for. */
    const whileBusy = async (
      n: number,
      work: (client: Client) => Promise<unknown>,
      look: () => Promise<Diagnosis>,
    ) => {
      let isBusy = true;
      const clients = await Promise.all(Array.from({ length: n }, () => bouncer.client("shop")));
      const all = clients.map(async (client) => {
        while (isBusy) await work(client);
      });
      try {
        return await look();
      } finally {
        isBusy = false;
        await Promise.allSettled(all);
      }
    };
    const onceCounted = async () => {
      await waitsCounted("shop");
      return diagnose();
    };

    it("finds nothing in a busy pool whose queue moves", async () => {
      const run = await whileBusy(
        6,
        (client) => client.query("SELECT 1"),
        () => bench.diagnose(pgbouncerPools, { seconds: 1 }),
      );
      expect(run.findings).toEqual([]);
      expect(run.seen.sample).toMatchObject({
        ok: true,
        value: { traffic: [{ database: "shop", transactions: expect.any(Number) }] },
      });
    });

    it("says whose servers are held by the same clients, and what the server says of them", async () => {
      for (const client of [await bouncer.client("shop"), await bouncer.client("shop")])
        await client.query("BEGIN");
      bouncer.knock("shop");
      await waits("shop");
      const run = await diagnose();
      expect(ids(run)).toEqual(["waiting:held"]);
      const { title, because, remedies } = run.finding("waiting:held");
      expect(title).toMatch(/^1 client of "shop" waits for a server connection/);
      expect(because).toContain("All 2 of 2 are taken, 2 of them by the same client");
      expect(because).toContain("2 idle in transaction");
      expect(remedies).toEqual(["findHolders"]);
    });

    it("tells session pooling from a small pool", async () => {
      for (const client of [await bouncer.client("sessions"), await bouncer.client("sessions")])
        await client.query("SELECT 1");
      bouncer.knock("sessions");
      await waits("sessions");
      const run = await diagnose();
      expect(ids(run)).toEqual(["waiting:sessions"]);
      expect(run.advice("endSessions")).toContain('transaction for "sessions"');
    });

    it("tells long transactions from a pool that is too small for short ones", async () => {
      const burden = (statement: string) => whileBusy(8, (client) => client.query(statement), onceCounted);
      // A machine that stands still for a while holds its clients for that long: then it is looked at once more.
      const isFound = async (statement: string, id: string) => {
        const run = await burden(statement);
        return ids(run).join() === id ? run : undefined;
      };
      await until(() => isFound("SELECT pg_sleep(0.2)", "waiting:slow"), 60_000);
      const short = await until(() => isFound("SELECT pg_sleep(0.04)", "waiting:small"), 60_000);
      expect(short.advice("growPool")).toContain("default_pool_size (2)");
    });

    it("tells transactions in which the application does something else", async () => {
      const between = async (client: Client) => {
        await client.query("BEGIN");
        // The application calls somebody else.
        await delay(150);
        await client.query("COMMIT");
      };
      // As above: once more where the machine stood still.
      await until(
        async () => ids(await whileBusy(6, between, onceCounted)).join() === "waiting:idle-in-transaction",
      );
    });

    it("says that the limit of the database is reached, not the pool's size", async () => {
      await (await bouncer.client("capped")).query("BEGIN");
      bouncer.knock("capped");
      await waits("capped");
      expect(ids(await diagnose())).toEqual(["waiting:limit"]);
    });

    it("says that servers cannot be logged in to: away, or without an address", async () => {
      for (const database of ["away", "nameless"]) {
        bouncer.knock(database);
        await waits(database);
        const run = await diagnose();
        const cause = database === "nameless" ? "waiting:no-name" : "waiting:no-server";
        expect([database, ids(run)]).toEqual([database, [cause]]);
        expect(run.finding(cause).because).toContain(
          database === "nameless" ? "the name nowhere.invalid" : "It has not one connection to 127.0.0.1:",
        );
        // It does not notice that a client which waits for its login has gone.
        await bouncer.tell(`KILL ${database}`);
        await bouncer.tell(`RESUME ${database}`);
        await bouncer.endClients();
      }
    });

    it("says PAUSE where clients wait for that, and blames no server (decoy); DISABLE; nothing after both are taken back", async () => {
      await bouncer.tell("PAUSE shop");
      const idle = await diagnose();
      expect(ids(idle)).toEqual(["paused"]);
      bouncer.knock("shop");
      await waits("shop");
      const run = await diagnose();
      expect(ids(run)).toEqual(["waiting:paused"]);
      expect(run.advice("resume")).toContain('RESUME "shop"');
      await bouncer.tell("RESUME shop");
      await bouncer.tell("DISABLE shop");
      expect(ids(await diagnose())).toEqual(["disabled"]);
      await bouncer.tell("ENABLE shop");
      expect(ids(await diagnose())).toEqual([]);
    });

    it("finds the limit of clients, and is let in all the same", async () => {
      for (let n = 0; n < 60; n++) await bouncer.client("sessions").catch(() => {});
      const run = await diagnose();
      expect(run.finding("max-clients").title).toMatch(
        /^No client gets in any more: 6\d of max_client_conn = 60/,
      );
    });

    it("compares what the pools may open with the slots of the server", async () => {
      const big = await startPgbouncer(
        [`shop = host=127.0.0.1 port=${lab.port} dbname=shop user=app password=app`],
        { default_pool_size: 50 },
      );
      await (await big.client("shop")).query("SELECT 1");
      const its = openBench({
        connections: {
          pool: { kind: "pgbouncer", url: big.botUrl },
          db: { kind: "postgres", url: lab.botUrl },
        },
        connectors: [pgbouncerConnector, postgresConnector],
      });
      const run = await its.diagnose(pgbouncerPools, { seconds: 1 });
      expect(run.finding("oversized:db").title).toBe(
        "The pools may open 50 connections to db, which has 17 slots",
      );
      await its.close();
      await big.stop();
    });

    it("says what keeps it from the console", async () => {
      const ask = async (url: string) => {
        const its = openBench({
          connections: { pool: { kind: "pgbouncer", url } },
          connectors: [pgbouncerConnector],
        });
        const found = ids(await its.diagnose(pgbouncerPools, { seconds: 1 }));
        await its.close();
        return found;
      };
      expect(await ask(bouncer.urlOf("pgbouncer"))).toEqual(["console-not-allowed"]);
      expect(await ask(bouncer.botUrl.replace(/bot:[^@]+/, "bot:wrong"))).toEqual(["console-password"]);
      expect(await ask(`postgres://app:app@127.0.0.1:${lab.port}`)).toEqual(["no-console"]);
    });
  },
);
