import { rmSync } from "node:fs";
import { type Cluster, startCluster } from "../../local/services/postgres.ts";
import { findBinaries } from "../../local/services/postgres-binaries.ts";
import { ensureData } from "../../local/services/postgres-data.ts";
import { takeFolder } from "../../local/tryout/folder.ts";
import { serviceFolder } from "./folder.ts";
import { freePort } from "./ports.ts";

export interface PostgresServer {
  /** Superuser on database `postgres`. */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Its data folder. */
  readonly data: string;
  /** The postmaster. */
  pid(): number;
  /** Stops the process, keeps the data; `start` brings it back on the same port. */
  pause(): Promise<void>;
  start(): Promise<void>;
  /** Ends it as a crash does; `start` recovers it. */
  crash(): Promise<void>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/** Names the data that servers of a test run are copied from; unset: each makes its own. */
const TEMPLATE = "TEST_POSTGRES_TEMPLATE";
const MADE = { name: "postgres", superuserPassword: "postgres" };

/** Makes the data once for all servers of this test run, in this process and those it starts. Resolves with what takes it away. */
export async function makeServerTemplate(): Promise<() => void> {
  if (process.env[TEMPLATE] !== undefined) return () => {};
  const folder = serviceFolder();
  const binaries = await findBinaries(folder);
  const data = await ensureData(MADE, binaries);
  process.env[TEMPLATE] = data;
  return () => {
    delete process.env[TEMPLATE];
    for (const path of [data, folder]) rmSync(path, { recursive: true, force: true });
  };
}

const SETTINGS = {
  max_connections: 200,
  shared_preload_libraries: "pg_stat_statements",
  // What was committed outlives a crash of the server here: the tests crash it.
  synchronous_commit: "on",
};

/** A private Postgres for tests, started as the demo starts its own; `settings` are given on its command line, `written` in postgresql.conf. */
export async function startPostgres(
  settings: Readonly<Record<string, string | number>> = SETTINGS,
  written: Readonly<Record<string, string | number>> = {},
  atPort?: number,
): Promise<PostgresServer> {
  const folder = await takeFolder(serviceFolder());
  const cluster: Cluster = await startCluster(
    { ...MADE, port: atPort ?? (await freePort()), settings, written, from: process.env[TEMPLATE] },
    await findBinaries(folder.path),
    folder,
  );
  return {
    url: cluster.adminUrl(),
    port: cluster.port,
    folder: folder.path,
    data: cluster.data,
    pid: cluster.pid,
    pause: cluster.stop,
    start: cluster.start,
    crash: cluster.crash,
    stop: async () => {
      await cluster.stop();
      for (const path of [cluster.data, folder.path]) rmSync(path, { recursive: true, force: true });
    },
  };
}
