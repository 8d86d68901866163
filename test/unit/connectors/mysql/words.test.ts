import { describe, expect, it } from "vitest";
import { runsStill } from "../../../../src/connectors/mysql/actions/kill-query.ts";
import { rootsOf } from "../../../../src/connectors/mysql/actions/lock-edges.ts";
import { channelOf } from "../../../../src/connectors/mysql/actions/replication.ts";
import { sampleBetween } from "../../../../src/connectors/mysql/actions/sample.ts";
import { sessionOf } from "../../../../src/connectors/mysql/actions/session-row.ts";
import { between } from "../../../../src/connectors/mysql/actions/statements.ts";
import { judgeGrants } from "../../../../src/connectors/mysql/check.ts";
import { toMysqlError } from "../../../../src/connectors/mysql/errors.ts";
import { failureOf } from "../../../../src/connectors/mysql/failures/index.ts";
import { maskStatement } from "../../../../src/connectors/mysql/mask.ts";
import { addressOf, MysqlSettings } from "../../../../src/connectors/mysql/settings.ts";

const error = (errno: number, message: string, more: object = {}) =>
  Object.assign(new Error(message), { errno, code: "ER_X", ...more });
const asked = { target: "db:3306", tls: false };

describe("errors of MySQL and MariaDB", () => {
  it.each([
    [1045, "Access denied for user 'a'@'b' (using password: YES)", "target_auth", "mysql-login"],
    [1040, "Too many connections", "target_refused", "mysql-too-many-connections"],
    [1226, "User 'a' has exceeded the 'max_queries_per_hour' resource", "target_refused", "mysql-user-limit"],
    [1030, 'Got error 28 "No space left on device" from storage engine', "target_error", "mysql-disk-full"],
    [1114, "The table '/tmp/#sql1a_3' is full", "target_error", "mysql-temporary-full"],
    [1114, "The table 'shop/orders' is full", "target_error", "mysql-disk-full"],
    [1792, "Cannot execute statement in a READ ONLY transaction.", "target_refused", "mysql-read-only"],
    [1836, "Running in read-only mode", "target_refused", "mysql-read-only"],
    [1030, "Got error 24 from storage engine Aria", "target_error", "mysql-open-files"],
    [1030, "Got error 145 from storage engine", "target_error", "mysql-corrupt"],
    [
      1290,
      "The MySQL server is running with the --super-read-only option so it cannot",
      "target_refused",
      "mysql-read-only",
    ],
    [
      1290,
      "The MySQL server is running with the --secure-file-priv option so it cannot",
      "target_refused",
      "mysql-option",
    ],
    // The driver's names are MySQL's: 4151 is another error there.
    [4151, "Access denied, this account is locked", "target_auth", "mysql-login"],
  ])("%i %s", (errno, message, code, id) => {
    const { code: made, message: text, detail, said } = toMysqlError(error(errno, message), asked);
    expect(made).toBe(code);
    expect(
      failureOf({
        code: made,
        message: text,
        ...(detail === undefined ? {} : { detail }),
        ...(said === undefined ? {} : { said }),
      })?.id,
    ).toBe(id);
  });

  it("says nothing of the server where one statement was wrong", () => {
    const { code, message, detail = "" } = toMysqlError(error(1146, "Table 'a.b' doesn't exist"), asked);
    expect(failureOf({ code, message, detail })).toBeUndefined();
  });

  it("keeps what Node says of a certificate, whose code the driver replaces", () => {
    const thrown = Object.assign(new Error("certificate has expired"), { code: "HANDSHAKE_SSL_ERROR" });
    expect(toMysqlError(thrown, { ...asked, tls: true })).toMatchObject({
      code: "target_unreachable",
      detail: "CERT_HAS_EXPIRED",
    });
  });

  it("names the privileges the server asks for", () => {
    const message =
      "Access denied; you need (at least one of) the SUPER, SLAVE MONITOR privilege(s) for this operation";
    expect(toMysqlError(error(1227, message), asked).hint).toContain("SUPER, SLAVE MONITOR");
  });
});

describe("what is read of a server", () => {
  it("masks literals of both quotes, with backslashes and comments, and keeps names", () => {
    expect(
      maskStatement(
        "SELECT `a'b`, 'it\\'s', \"x\"\"y\" -- secret\nFROM t /* 'k' */ WHERE n IN (1, 2, 3) # pin 4711",
      ),
    ).toBe("SELECT `a'b`, ?, … FROM t WHERE n IN (?, …)");
    expect(maskStatement("INSERT INTO t VALUES ('unfinished secret")).toBe("INSERT INTO t VALUES (?");
    expect(maskStatement("SELECT a--1")).toBe("SELECT a--?");
  });

  it("reads channels in the words of every version; NULL seconds are unknown, not 0", () => {
    const old = channelOf({
      Channel_Name: "",
      Slave_IO_Running: "Yes",
      Slave_SQL_Running: "No",
      Seconds_Behind_Master: null,
      Master_Host: "a",
      Master_Port: 3306,
      Last_SQL_Errno: 1062,
    });
    expect(old).toMatchObject({
      io: "Yes",
      sql: "No",
      secondsBehind: null,
      source: "a:3306",
      sqlErrno: 1062,
    });
    const now = channelOf({
      Channel_Name: "b",
      Replica_IO_Running: "Yes",
      Replica_SQL_Running: "Yes",
      Seconds_Behind_Source: 7,
      Source_Host: "a",
      Source_Port: 3306,
      Executed_Gtid_Set: "u:1-5",
    });
    expect(now).toMatchObject({ name: "b", io: "Yes", secondsBehind: 7, source: "a:3306", gtid: "Yes" });
  });

  it("finds the heads of chains of waits, and none of a circle", () => {
    const edge = (waiter: number, blocker: number) => ({ waiter, blocker, lock: "", seconds: 1 });
    expect(rootsOf([edge(3, 2), edge(2, 1), edge(4, 2), edge(6, 5)])).toEqual([1, 5]);
    expect(rootsOf([edge(1, 2), edge(2, 1)])).toEqual([]);
  });

  it("takes counters by difference; one that fell began anew, one that is missing is unknown", () => {
    const look = (slow: string) => ({
      status: new Map([
        ["slow_queries", slow],
        ["threads_running", "4"],
      ]),
      deadlocks: null,
      longQuerySeconds: 10,
    });
    expect(sampleBetween(look("5"), look("9"), 2)).toMatchObject({
      grown: { slow: 4, questions: null },
      running: 4,
      deadlocks: null,
    });
    expect(sampleBetween(look("9"), look("1"), 2).grown.slow).toBeNull();
  });

  it("counts statements by difference, and takes none for new where the first look was cut short", () => {
    const row = (digest: string, calls: number, ms: number) => ({
      digest,
      db: "shop",
      text: "SELECT ?",
      calls,
      ms,
      examined: 0,
      sent: 0,
      noIndex: 0,
      disk: 0,
    });
    expect(between([row("a", 10, 100)], [row("a", 12, 700), row("b", 1, 5)])).toMatchObject([
      { calls: 2, totalMs: 600, meanMs: 300 },
      { calls: 1 },
    ]);
    const many = Array.from({ length: 500 }, (_, n) => row(`d${n}`, 1, 1));
    expect(between(many, [row("old", 9_000, 1e6)])).toEqual([]);
  });

  it("leaves the server's own, replication, backups and monitors alone", () => {
    const of = (row: object) =>
      sessionOf({ id: 1, user: "app", host: "h:1", command: "Sleep", ...row }).spared;
    expect(of({})).toBeNull();
    for (const row of [
      { user: "system user" },
      { command: "Binlog Dump GTID" },
      { user: "shop_backup" },
      { user: "replication" },
      { statement: "SELECT /*!40001 SQL_NO_CACHE */ * FROM `t`", command: "Query" },
    ])
      expect(of(row), JSON.stringify(row)).not.toBeNull();
  });

  it("knows a statement again by its number, or by text and start", () => {
    const seenAt = "2026-01-01T00:00:10.000Z";
    const wanted = { id: 1, user: "a", host: "h", statement: "SELECT ?", queryId: null, seconds: 10, seenAt };
    const at = Date.parse(seenAt) + 5_000;
    const now = (more: object) =>
      sessionOf({ id: 1, user: "a", host: "h", statement: "SELECT 1", seconds: 15, ...more });
    expect(runsStill(wanted, now({}), at)).toBe(true);
    expect(runsStill(wanted, now({ seconds: 1 }), at)).toBe(false);
    expect(runsStill(wanted, now({ statement: "SELECT 1 FROM t" }), at)).toBe(false);
    expect(runsStill({ ...wanted, queryId: 7 }, now({ queryId: 8 }), at)).toBe(false);
    expect(runsStill({ ...wanted, queryId: 7 }, now({ queryId: 7 }), at)).toBe(true);
  });
});

describe("the connection", () => {
  it("reads the URL in MySQL's own words, and names what it does not know", () => {
    expect(addressOf("mariadb://u%40x:p%3A@[::1]:3307/shop?ssl-ca=/ca.pem")).toMatchObject({
      user: "u@x",
      password: "p:",
      host: "::1",
      port: 3307,
      database: "shop",
      tls: "VERIFY_CA",
    });
    expect(addressOf("mysql://u:p@db").tls).toBe("DISABLED");
    expect(MysqlSettings.safeParse({ url: "mysql://u:p@db.shop/?ssl-mode=verify_identity" }).success).toBe(
      true,
    );
    for (const host of ["10.0.0.7", "[::1]"])
      expect(MysqlSettings.safeParse({ url: `mysql://u:p@${host}/?ssl-mode=VERIFY_IDENTITY` }).success).toBe(
        false,
      );
    const wrong = MysqlSettings.safeParse({ url: "mysql://u:p@db/?sslmode=require&ssl-mode=yes" });
    expect(JSON.stringify(wrong.error?.issues)).toMatch(
      /sslmode.*unknown.*ssl-mode of the URL must be one of/,
    );
  });

  it("prints what an account lacks, quoted, by product", () => {
    const process = { what: "sessions", ask: "", mysql: "PROCESS ON *.*", mariadb: "PROCESS ON *.*" };
    const checks = judgeGrants({
      here: { flavour: "mysql", version: "8.4.0", self: 1 },
      account: "o'x@10.%",
      refused: [process],
      grants: ["GRANT SELECT ON `shop`.* TO x"],
    });
    expect(checks.flatMap(({ paste = [] }) => paste)).toEqual([
      "GRANT PROCESS ON *.* TO 'o''x'@'10.%';",
      "GRANT REFERENCES ON *.* TO 'o''x'@'10.%';",
      "GRANT CONNECTION_ADMIN, SYSTEM_VARIABLES_ADMIN ON *.* TO 'o''x'@'10.%';",
    ]);
    const all = judgeGrants({
      here: { flavour: "mariadb", version: "11", self: 1 },
      account: "root@localhost",
      refused: [],
      grants: ["GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`"],
    });
    expect(all.map(({ name, state }) => [name, state])).toEqual([
      ["reach", "ok"],
      ["rights", "ok"],
      ["account", "warning"],
    ]);
  });

  it.each([
    [
      "nothing but its own schemas",
      ["GRANT PROCESS, CREATE USER ON *.* TO x", "GRANT SELECT ON `performance_schema`.* TO x"],
      "no table",
    ],
    [
      "one database",
      ["GRANT PROCESS ON *.* TO x", "GRANT ALL PRIVILEGES ON `shop`.* TO x"],
      "tables of some databases only",
    ],
    ["definitions everywhere", ["GRANT PROCESS, REFERENCES ON *.* TO x"], undefined],
    ["rows everywhere", ["GRANT SELECT, PROCESS ON *.* TO x"], undefined],
  ])("says whose tables an account with %s does not see", (_what, grants, unseen) => {
    const checks = judgeGrants({
      here: { flavour: "mariadb", version: "11", self: 1 },
      account: "d@%",
      refused: [],
      grants,
    });
    const found = checks.find(({ name }) => name === "definitions");
    expect(found?.detail).toBe(
      unseen && `d@% sees ${unseen}: sizes, and row numbers that run out, are told of what it sees only`,
    );
    expect(found?.paste).toEqual(unseen && ["GRANT REFERENCES ON *.* TO 'd'@'%';"]);
  });
});
