import pg from "pg";
import { startPostgres } from "./postgres-server.ts";

export interface LabPostgres {
  readonly port: number;
  /** The bot: a superuser, who may use the reserved slots. */
  readonly botUrl: string;
  /** An ordinary role that owns database `shop`. */
  readonly appUrl: string;
  /** The server's data folder. */
  readonly data: string;
  /** The postmaster's process. */
  pid(): number;
  /** A session of the application; ended by `stop` if the test leaves it. */
  session(application?: string, url?: string): Promise<pg.Client>;
  /** A statement as superuser on database `shop`. */
  admin<Row extends pg.QueryResultRow>(statement: string, values?: unknown[]): Promise<Row[]>;
  /** Ends every session the test made. */
  endSessions(): Promise<void>;
  pause(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A private Postgres to break: few connections, the app on an ordinary role, the bot where reserved slots are. */
export async function startLabPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<LabPostgres> {
  const postgres = await startPostgres(
    {
      synchronous_commit: "on",
      full_page_writes: "on",
      max_prepared_transactions: "2",
      deadlock_timeout: "100ms",
      shared_preload_libraries: "pg_stat_statements",
      ...settings,
    },
    // What stands on the command line no ALTER SYSTEM changes.
    { max_connections: 20 },
  );
  const { port } = postgres;
  const at = (user: string, database: string) => `postgres://${user}:${user}@127.0.0.1:${port}/${database}`;
  const sessions = new Set<pg.Client>();
  const lab: LabPostgres = {
    port,
    data: postgres.data,
    botUrl: at("postgres", "shop"),
    appUrl: at("app", "shop"),
    pid: postgres.pid,
    session: async (application = "orders", url = lab.appUrl) => {
      const client = new pg.Client({ connectionString: url, application_name: application });
      client.on("error", () => {});
      await client.connect();
      sessions.add(client);
      return client;
    },
    admin: (statement, values) => once(lab.botUrl, statement, values),
    endSessions: async () => {
      await Promise.all([...sessions].map((client) => client.end().catch(() => {})));
      sessions.clear();
    },
    pause: async () => {
      await lab.endSessions();
      await postgres.pause();
    },
    start: postgres.start,
    stop: async () => {
      await lab.endSessions();
      await postgres.stop();
    },
  };
  await once(at("postgres", "postgres"), "CREATE ROLE app LOGIN PASSWORD 'app'");
  await once(at("postgres", "postgres"), "CREATE DATABASE shop OWNER app");
  return lab;
}

async function once<Row extends pg.QueryResultRow>(url: string, statement: string, values?: unknown[]) {
  const client = new pg.Client({ connectionString: url, application_name: "lab-admin" });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row>(statement, values)).rows;
  } finally {
    await client.end();
  }
}
