import { judgeTime } from "../../core/rules/response-time.ts";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as mysql from "./actions/index.ts";
import { checkMysql } from "./check.ts";
import { type MysqlClient, openMysql } from "./client.ts";
import { failureOf } from "./failures/index.ts";
import { judgeState } from "./health.ts";
import { encrypts, MysqlSettings } from "./settings.ts";
import { mysqlTrouble } from "./trouble.ts";

/** Looks in READ ONLY transactions, ends sessions by (number, user, client, transaction) only. */
export const mysqlConnector: Connector<MysqlClient, MysqlSettings> = {
  actions: actionsIn(mysql),
  open: ({ settings }) => openMysql(settings.url),
  check: checkMysql,
  close: (client) => client.close(),
  trouble: mysqlTrouble,
};

/** MySQL and MariaDB: one server. */
export const kind = connectionKind({
  name: "mysql",
  settings: MysqlSettings,
  schemes: { "mysql:": { port: 3306 }, "mariadb:": { port: 3306 } },
  about: ({ url: given }) => {
    const database = URL.canParse(given) ? new URL(given).pathname.slice(1) : "";
    return database === "" ? {} : { database };
  },
  encrypts,
  health: [
    asks(mysql.checkConnection(), ({ pingMedianMs }, limits) => judgeTime(pingMedianMs, limits)),
    asks(mysql.serverState(), judgeState, "state"),
  ],
  failure: failureOf,
  connector: mysqlConnector,
});
