import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import mysql, { type Connection } from "mysql2";
import { onPath } from "./docker.ts";
import { serviceFolder } from "./folder.ts";
import { freePort } from "./ports.ts";
import { until } from "./until.ts";

// Debian keeps the server out of the PATH of ordinary users.
const SERVER = ["/usr/sbin/mariadbd", "/usr/libexec/mariadbd"].find((path) => existsSync(path));

/** Rows by column. */
type Row = Record<string, unknown>;

/** One session of an application, as it would hold it. */
export interface AppSession {
  readonly id: number;
  query(sql: string): Promise<Row[]>;
  /** Ends it without a goodbye. */
  cut(): void;
}

export interface MysqlServer {
  readonly port: number;
  readonly folder: string;
  readonly pid: () => number;
  /** Of diagbot's account, with the privileges docs/connectors/mysql.md names; or of another one. */
  url(user?: string, password?: string, rest?: string): string;
  readonly password: string;
  /** As the administrator, over the local socket. */
  admin(sql: string): Promise<Row[]>;
  /** A session of the account `app` on the database `shop`. */
  session(): Promise<AppSession>;
  /** Ends all sessions of `app` that were made here, and waits until the server knows. */
  endSessions(): Promise<void>;
  /** Ends the process as a crash would; `start` brings it back with its data. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Why there is no MariaDB for tests; undefined: there is. */
export function whyNoMysql(): string | undefined {
  if (SERVER === undefined) return "no mariadbd (Debian: apt-get install mariadb-server)";
  return onPath("mariadb-install-db") === undefined ? "no mariadb-install-db on the PATH" : undefined;
}

const PASSWORD = "quite-secret-77";
const GRANTS = [
  "GRANT PROCESS, SLAVE MONITOR, BINLOG MONITOR, CONNECTION ADMIN, RELOAD, REFERENCES ON *.* TO diagbot@'127.%'",
  "GRANT SELECT ON performance_schema.* TO diagbot@'127.%'",
];

/** A private MariaDB with the accounts `diagbot` and `app`, and the database `shop`. `options`: of the server, without `--`. */
export async function startMysql(options: readonly string[] = []): Promise<MysqlServer> {
  const folder = serviceFolder();
  const port = await freePort();
  const [data, socket] = [join(folder, "data"), join(folder, "s")];
  mkdirSync(data);
  const user = process.getuid?.() === 0 ? ["--user=root"] : [];
  const where = ["--no-defaults", `--datadir=${data}`, ...user];
  // Two that begin at once must not meet in /tmp.
  const env = { ...process.env, TMPDIR: folder };
  execFileSync(
    "mariadb-install-db",
    [...where, "--auth-root-authentication-method=normal", "--skip-test-db"],
    { stdio: "pipe", env },
  );
  let child: ChildProcess | undefined;
  const sessions = new Set<Connection>();
  const admin = (sql: string): Promise<Row[]> =>
    askOnce({ socketPath: socket, user: "root", multipleStatements: true }, sql);
  const server: MysqlServer = {
    port,
    folder,
    password: PASSWORD,
    pid: () => child?.pid ?? 0,
    url: (name = "diagbot", password = PASSWORD, rest = "") =>
      `mysql://${name}:${password}@127.0.0.1:${port}${rest}`,
    admin,
    start: async () => {
      child = spawn(
        SERVER ?? "mariadbd",
        [
          ...[...where, `--socket=${socket}`, `--port=${port}`, "--bind-address=127.0.0.1", "--server-id=1"],
          ...["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M"],
          ...options.map((one) => `--${one}`),
        ],
        { stdio: "ignore", cwd: folder, env },
      );
      await until(() =>
        admin("SELECT 1").then(
          () => true,
          () => false,
        ),
      );
    },
    session: async () => {
      const connection = mysql.createConnection({
        ...{ host: "127.0.0.1", port, user: "app", password: "app", database: "shop" },
      });
      connection.on("error", () => {});
      await new Promise<void>((done, fail) => connection.connect((error) => (error ? fail(error) : done())));
      sessions.add(connection);
      return {
        id: connection.threadId ?? 0,
        query: (sql) => ask(connection, sql),
        cut: () => connection.destroy(),
      };
    },
    endSessions: async () => {
      for (const one of sessions) one.destroy();
      sessions.clear();
      // What one that was cut had begun is rolled back first.
      await admin(
        "SELECT CONCAT('KILL ', ID) AS kill_it FROM information_schema.PROCESSLIST WHERE USER = 'app'",
      ).then(async (rows) => {
        for (const row of rows) await admin(String(row.kill_it)).catch(() => {});
      });
      await until(
        async () =>
          (await admin("SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = 'app'")).length === 0,
      );
    },
    kill: () => ended(child, "SIGKILL"),
    stop: async () => {
      for (const one of sessions) one.destroy();
      await ended(child, "SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  await admin(
    [
      "CREATE DATABASE shop",
      `CREATE USER diagbot@'127.%' IDENTIFIED BY '${PASSWORD}'`,
      ...GRANTS,
      "CREATE USER app@'127.%' IDENTIFIED BY 'app'",
      "GRANT ALL ON shop.* TO app@'127.%'",
    ].join("; "),
  );
  return server;
}

const ask = (connection: Connection, sql: string): Promise<Row[]> =>
  new Promise((resolve, reject) => {
    connection.query(sql, (error: Error | null, rows: unknown) =>
      error ? reject(error) : resolve(Array.isArray(rows) ? (rows as Row[]) : []),
    );
  });

async function askOnce(options: mysql.ConnectionOptions, sql: string): Promise<Row[]> {
  const connection = mysql.createConnection(options);
  connection.on("error", () => {});
  try {
    return await ask(connection, sql);
  } finally {
    connection.destroy();
  }
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

/** A connection that comes from `address` and is cut before it has logged in: `max_connect_errors` counts it. */
export async function breakOff(port: number, address: string): Promise<void> {
  const socket: Socket = connect({ port, host: "127.0.0.1", localAddress: address });
  socket.on("error", () => {});
  // The server greets, or says that the address is blocked.
  await once(socket, "data");
  socket.end("x");
  await once(socket, "close");
}
