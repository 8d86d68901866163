import { setTimeout as delay } from "node:timers/promises";
import { mysql } from "../../../src/sdk/index.ts";
import {
  type AppSession,
  breakOff,
  type MysqlServer,
  startMysql,
  whyNoMysql,
} from "../../helpers/mysql-server.ts";
import { until } from "../../helpers/until.ts";
import type { Harness, WriteCase } from "../harness.ts";
import { mute, nowhere } from "../servers.ts";

const WRONG = "wrong-secret-88";
/** Not 127.0.0.1, which the server never blocks. */
const ELSEWHERE = "127.0.0.2";

/** A real MariaDB with an account of diagbot's own. */
export const harness: Harness = {
  missing: whyNoMysql(),
  start: async () => {
    const server = await startMysql(["max-connections=50", "open-files-limit=2000", "performance-schema=ON"]);
    const silent = await mute();
    const free = await nowhere();
    const { password } = server;
    const at = (port: number, given = password, rest = "") => ({
      url: `mysql://diagbot:${given}@127.0.0.1:${port}${rest}`,
    });
    return {
      settings: at(server.port),
      read: mysql.connectionUsage(),
      secrets: [password, WRONG],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(server.port, WRONG), code: "target_auth" },
        "a first contact": { settings: at(free), call: mysql.checkConnection(), code: "target_unreachable" },
        "a database that is not there": {
          settings: at(server.port, password, "/nowhere"),
          code: "target_refused",
        },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: async (open, context) => {
        const client = open() as {
          read(context: unknown, look: (sql: Sql) => Promise<unknown>): Promise<unknown>;
        };
        return client.read(context, (sql) =>
          sql("SELECT REPEAT('x', 1048576) AS x FROM information_schema.COLUMNS LIMIT 256"),
        );
      },
      foreign: async (name, run) => {
        await server.admin("DROP DATABASE shop; CREATE DATABASE shop");
        // A name of a table holds no NUL and no slash at its end, and 64 characters.
        const table = [...name.replaceAll("\u0000", "")].slice(0, 60).join("").trimEnd() || "x";
        await server.admin(
          `CREATE TABLE shop.\`${table.replaceAll("`", "``")}\` (id TINYINT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 120`,
        );
        return run(mysql.tables());
      },
      writes: writes(server),
      stop: () => Promise.all([silent.close(), server.stop()]),
    };
  },
};

type Sql = (text: string) => Promise<unknown>;

function writes(server: MysqlServer): Record<string, WriteCase> {
  const factsOf = async (id: number) => {
    const [row] = await server.admin(
      `SELECT p.USER AS user, p.HOST AS host, p.QUERY_ID AS queryId, p.TIME AS seconds, COALESCE(CAST(t.trx_started AS CHAR), '') AS transaction
       FROM information_schema.PROCESSLIST p LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID WHERE p.ID = ${id}`,
    );
    if (row === undefined) throw new Error(`no session ${id}`);
    return {
      id,
      user: String(row.user),
      host: String(row.host),
      queryId: Number(row.queryId),
      seconds: Number(row.seconds),
      transaction: String(row.transaction),
    };
  };
  // InnoDB renews what it shows of transactions only once nobody has asked for 100 ms.
  const inTransaction = (id: number) =>
    until(async () => {
      await delay(150);
      const facts = await factsOf(id);
      return facts.transaction !== "" && facts;
    });
  let app: AppSession | undefined;
  const runs = (state: string) =>
    until(async () => {
      const found = await server.admin(
        `SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = 'app' AND STATE = '${state}'`,
      );
      return found.length > 0;
    });
  return {
    "mysql.kill-query": {
      prepare: async () => {
        await server.endSessions();
        app = await server.session();
        app.query("SELECT SLEEP(600)").catch(() => {});
        await runs("User sleep");
        const { id, user, host, queryId, seconds } = await factsOf(app.id);
        const seenAt = new Date().toISOString();
        return mysql.killQuery({ id, user, host, queryId, seconds, seenAt, statement: "SELECT SLEEP(?)" });
      },
      spoil: async () => {
        await server.admin(`KILL QUERY ${app?.id ?? 0}`);
        await until(
          async () =>
            (
              await server.admin(
                `SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ${app?.id ?? 0} AND COMMAND = 'Sleep'`,
              )
            ).length > 0,
        );
      },
    },
    "mysql.kill-connections": {
      prepare: async () => {
        await server.endSessions();
        await server.admin(
          "CREATE TABLE IF NOT EXISTS shop.held (id INT PRIMARY KEY) ENGINE=InnoDB; REPLACE INTO shop.held VALUES (1)",
        );
        app = await server.session();
        await app.query("START TRANSACTION");
        await app.query("DELETE FROM held WHERE id = 1");
        const { id, user, host, transaction, queryId } = await inTransaction(app.id);
        return mysql.killConnections({
          sessions: [{ id, user, host, transaction, queryId }],
          because: { asleepSeconds: 0 },
        });
      },
      spoil: () => app?.query("COMMIT") ?? Promise.resolve(),
    },
    "mysql.set-max-connections": {
      prepare: async () => {
        await server.admin("SET GLOBAL max_connections = 50");
        return mysql.setMaxConnections({ from: 50, to: 80 });
      },
      spoil: () => server.admin("SET GLOBAL max_connections = 60"),
    },
    "mysql.unblock-hosts": {
      prepare: async () => {
        await server.admin("FLUSH HOSTS; SET GLOBAL max_connect_errors = 1");
        await breakOff(server.port, ELSEWHERE);
        await until(
          async () =>
            (await server.admin("SELECT 1 FROM performance_schema.host_cache WHERE SUM_CONNECT_ERRORS > 0"))
              .length > 0,
        );
        return mysql.unblockHosts({ addresses: [ELSEWHERE] });
      },
      spoil: () => server.admin("FLUSH HOSTS"),
    },
  };
}
