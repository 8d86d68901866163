import { createServer, type Server, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { mysqlConnectivity } from "../../../runbooks/mysql/mysql-connectivity.ts";
import { mysqlConnector } from "../../../src/connectors/mysql/index.ts";
import { breakOff, type MysqlServer, startMysql, whyNoMysql } from "../../helpers/mysql-server.ts";
import { freePort } from "../../helpers/ports.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoMysql();
let server: MysqlServer;
const benches: Bench[] = [];
const listeners: Server[] = [];

const diagnose = (url = server.url(), params: Record<string, unknown> = {}): Promise<Diagnosis> => {
  const bench = openBench({ connections: { db: { kind: "mysql", url } }, connectors: [mysqlConnector] });
  benches.push(bench);
  return bench.diagnose(mysqlConnectivity, { restartedMinutes: 0, ...params });
};
const idsOf = ({ findings }: Diagnosis) => findings.map(({ id }) => id);

async function listen(answer: (socket: Socket) => void): Promise<string> {
  const port = await freePort();
  const listener = createServer((socket) => {
    socket.on("error", () => {});
    answer(socket);
  });
  listeners.push(listener);
  await new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", resolve));
  return `mysql://app:app@127.0.0.1:${port}/shop`;
}

describe.skipIf(missing !== undefined)(
  `mysql-connectivity${missing === undefined ? "" : `: ${missing}`}`,
  () => {
    beforeAll(async () => {
      server = await startMysql(["performance-schema=ON", "log-bin=b", "expire-logs-days=0"]);
      await server.admin(
        "CREATE TABLE shop.orders (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 3000000000",
      );
    });
    afterEach(async () => {
      await Promise.all(benches.splice(0).map((bench) => bench.close()));
      for (const one of listeners.splice(0)) one.close();
      await server.endSessions();
    });
    afterAll(() => server.stop());

    it("is silent where all is well, with the least privileges", async () => {
      const run = await diagnose();
      expect(idsOf(run)).toEqual([]);
      expect(run.seen.state).toMatchObject({ ok: true, value: { flavour: "mariadb", readOnly: false } });
    });

    it("says that it was started lately, as a note", async () => {
      const run = await diagnose(server.url(), { restartedMinutes: 15 });
      expect(idsOf(run)).toEqual(["restarted"]);
      expect(run.finding("restarted").severity).toBe("info");
    });

    it("tells a primary that is read-only from a replica that is meant to be, and the other way round", async () => {
      await server.admin("SET GLOBAL read_only = ON");
      const run = await diagnose();
      expect(idsOf(run)).toEqual(["read-only"]);
      expect(run.finding("read-only").because).toContain("follows no other server, so it is no replica");
      expect(run.advice("findPrimary")).toContain("read_only = OFF");
      expect(idsOf(await diagnose(server.url(), { replica: true }))).toEqual([]);
      await server.admin("SET GLOBAL read_only = OFF");
      expect(idsOf(await diagnose(server.url(), { replica: true }))).toEqual(["writable-replica"]);
    });

    it("finds the row number that runs out, and not the one with room (70 % used, unsigned)", async () => {
      await server.admin(
        "CREATE TABLE shop.`ticks-day` (id TINYINT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 126",
      );
      const run = await diagnose();
      expect(idsOf(run)).toEqual(["numbers-run-out"]);
      expect(run.finding("numbers-run-out").title).toContain(
        "shop.ticks-day.id has used 99 % of its tinyint(4)",
      );
      expect(run.advice("widen")).toContain("ALTER TABLE `shop`.`ticks-day` MODIFY `id` BIGINT UNSIGNED");
      await server.admin("DROP TABLE shop.`ticks-day`");
    });

    it("finds an address that is blocked, lets it in again, and sees that it is", async () => {
      await server.admin("SET GLOBAL max_connect_errors = 1");
      await breakOff(server.port, "127.0.0.2");
      await until(
        async () =>
          (await server.admin("SELECT 1 FROM performance_schema.host_cache WHERE SUM_CONNECT_ERRORS > 0"))
            .length > 0,
      );
      const run = await diagnose();
      expect(idsOf(run)).toEqual(["hosts-blocked"]);
      expect(run.finding("hosts-blocked").title).toContain("127.0.0.2");
      const applied = await run.apply("unblock");
      expect(applied.previews[0]?.changes[0]).toContain("let 127.0.0.2 in again");
      expect(applied.holds).toBe(true);
      expect(idsOf(await diagnose())).toEqual([]);
      await server.admin("SET GLOBAL max_connect_errors = 100");
    });

    it("says what it may not look at, and never calls that healthy", async () => {
      const run = await diagnose(server.url("app", "app"));
      expect(idsOf(run)).toEqual(["could-not-look"]);
      expect(JSON.stringify(run.finding("could-not-look"))).toMatch(/BINLOG MONITOR/);
    });

    it("tells logins apart by what the server says", async () => {
      await server.admin(
        "CREATE USER locked@'127.%' IDENTIFIED BY 'x' ACCOUNT LOCK; CREATE USER socket@'127.%' IDENTIFIED VIA unix_socket; CREATE USER old@'127.%' IDENTIFIED BY 'x' PASSWORD EXPIRE",
      );
      const wrong = await diagnose(server.url("diagbot", "wrong"));
      expect(idsOf(wrong)).toEqual(["mysql-login"]);
      expect(wrong.finding("mysql-login").because).toContain("this connection is not encrypted");
      expect(wrong.advice("recoverMysql")).toContain("ssl-mode");
      const titleOf = async (url: string) => (await diagnose(url)).findings.map(({ title }) => title);
      expect(await titleOf(server.url("diagbot", ""))).toEqual(["MySQL wants a password, and none was sent"]);
      expect(await titleOf(server.url("locked", "x"))).toEqual(["diagbot's account is locked"]);
      expect(await titleOf(server.url("old", "x"))).toEqual(["The password of diagbot's user has expired"]);
      expect(await titleOf(server.url("socket", "x"))).toEqual([
        "The account logs in without a password, by the name of the system's user",
      ]);
      expect(await titleOf(server.url("app", "app", "/other"))).toEqual([
        "diagbot's user may not use the database of the URL, or there is none",
      ]);
      expect(await titleOf(server.url("diagbot", server.password, "/nowhere"))).toEqual([
        "The database of the URL does not exist on this server",
      ]);
      expect(await titleOf(server.url("diagbot", server.password, "?ssl-mode=REQUIRED"))).toEqual([
        "MySQL offers no TLS, and the URL insists on it",
      ]);
    });

    it("tells a full server from the limit of one account; the account with the privilege still gets in", async () => {
      await server.admin(
        "CREATE USER one@'127.%' IDENTIFIED BY 'x' WITH MAX_USER_CONNECTIONS 1; SET GLOBAL max_connections = 10",
      );
      expect(idsOf(await diagnose(server.url("one", "x")))).not.toContain("mysql-user-limit");
      const held = await Promise.all(
        Array.from({ length: 10 }, () => server.session().catch(() => undefined)),
      );
      expect(held.filter((one) => one !== undefined).length).toBeGreaterThan(7);
      const full = await diagnose(server.url("app", "app"));
      expect(idsOf(full)).toEqual(["mysql-too-many-connections"]);
      expect(full.advice("recoverMysql")).toContain("CONNECTION ADMIN");
      expect(idsOf(await diagnose())).toEqual([]);
      for (const one of held) one?.cut();
      await until(() =>
        server.admin("SET GLOBAL max_connections = 151").then(
          () => true,
          () => false,
        ),
      );
    });

    it("tells what is not MySQL, what closes, what is not there and what hangs apart", async () => {
      expect(
        idsOf(await diagnose(await listen((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")))),
      ).toEqual(["mysql-protocol"]);
      expect(idsOf(await diagnose(await listen((socket) => socket.end())))).toEqual(["mysql-closes"]);
      const gone = await diagnose(`mysql://app:app@127.0.0.1:${await freePort()}/shop`);
      expect(gone.finding("mysql-unseen").title).toBe("MySQL cannot be asked: connection refused");
      const silent = await diagnose(await listen(() => {}));
      expect(silent.finding("mysql-unseen").title).toBe("MySQL cannot be asked: accepts, never answers");
    });
  },
);
