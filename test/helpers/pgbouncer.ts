import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { startChild } from "../../local/tryout/child.ts";
import { pidFiles } from "../../local/tryout/processes.ts";
import { serviceFolder } from "./folder.ts";
import { freePort } from "./ports.ts";
import { until } from "./until.ts";

const PASSWORD = "quite-secret-77";

export interface Pgbouncer {
  readonly port: number;
  /** Of the console, as a user that may only look. */
  readonly botUrl: string;
  /** Of a database behind it, as the application. */
  urlOf(database: string): string;
  /** A word to the console, as an administrator. */
  tell(command: string): Promise<Record<string, string>[]>;
  /** A client; ended by `endClients`, `stop`. */
  client(database: string): Promise<pg.Client>;
  /** A client that logs in, waits or fails: never awaited. */
  knock(database: string, statement?: string): pg.Client;
  endClients(): Promise<void>;
  stop(): Promise<void>;
}

/** Why there is no PgBouncer for tests; undefined: there is. */
export function whyNoPgbouncer(): string | undefined {
  try {
    execFileSync("pgbouncer", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "no pgbouncer on the PATH (Debian: apt-get install pgbouncer)";
  }
}

/** It refuses to run as root. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** A private PgBouncer; `databases` and `settings` are lines of its configuration. */
export async function startPgbouncer(
  databases: readonly string[],
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Pgbouncer> {
  const folder = serviceFolder();
  const port = await freePort();
  const write = (name: string, lines: readonly string[]) => {
    const file = join(folder, name);
    writeFileSync(file, `${lines.join("\n")}\n`);
    chmodSync(file, 0o644);
    return file;
  };
  const users = write(
    "users.txt",
    ["admin", "bot", "app"].map((user) => `"${user}" "${user === "bot" ? PASSWORD : user}"`),
  );
  const all = {
    ...{ listen_addr: "127.0.0.1", listen_port: port, unix_socket_dir: "", auth_type: "plain" },
    ...{ auth_file: users, admin_users: "admin", stats_users: "bot", pool_mode: "transaction" },
    ...{
      default_pool_size: 2,
      server_login_retry: 1,
      logfile: "",
      ignore_startup_parameters: "extra_float_digits",
    },
    ...settings,
  };
  const file = write("pgbouncer.ini", [
    "[databases]",
    ...databases,
    "[pgbouncer]",
    ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
  ]);
  const child = await startChild(
    {
      name: "pgbouncer",
      command: "pgbouncer",
      args: [file],
      env: process.env,
      cwd: folder,
      log: join(folder, "log"),
      ...(isRoot ? { as: { uid: NOBODY, gid: NOBODY } } : {}),
      stopSignal: "SIGTERM",
    },
    pidFiles(join(folder, "pids")),
  );
  const clients = new Set<pg.Client>();
  const made = (database: string) => {
    const client = new pg.Client({ connectionString: bouncer.urlOf(database) });
    client.on("error", () => {});
    clients.add(client);
    return client;
  };
  const bouncer: Pgbouncer = {
    port,
    botUrl: `postgres://bot:${PASSWORD}@127.0.0.1:${port}`,
    urlOf: (database) => `postgres://app:app@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    tell: (command) => tell(`postgres://admin:admin@127.0.0.1:${port}/pgbouncer`, command),
    client: async (database) => {
      const client = made(database);
      await client.connect();
      return client;
    },
    knock: (database, statement = "SELECT 1") => {
      const client = made(database);
      client
        .connect()
        .then(() => client.query(statement))
        .catch(() => {});
      return client;
    },
    endClients: async () => {
      // A client that never got in has nobody to say goodbye to.
      for (const client of clients)
        (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
      clients.clear();
    },
    stop: async () => {
      await bouncer.endClients();
      await child.stop(5_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await until(() =>
    bouncer.tell("SHOW VERSION").then(
      () => true,
      () => false,
    ),
  );
  return bouncer;
}

async function tell(url: string, command: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(command)).rows;
  } finally {
    await client.end();
  }
}
