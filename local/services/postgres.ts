import { appendFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inTurn } from "../../src/lib/in-turn.ts";
import { type Child, lastLines, startChild } from "../tryout/child.ts";
import type { TryoutFolder } from "../tryout/folder.ts";
import { until } from "../tryout/until.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { ensureData, POSTGRES_ENVIRONMENT } from "./postgres-data.ts";

/** One embedded Postgres server with its data kept between starts. */
export interface ClusterSpec {
  readonly name: string;
  readonly port: number;
  /** Settings of postgresql.conf, given on the command line. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** Settings written into postgresql.conf instead: those that a test changes there, or by ALTER SYSTEM. */
  readonly written?: Readonly<Record<string, string | number>>;
  readonly superuserPassword: string;
  /** Data to begin with instead of making it; see `ensureData`. */
  readonly from?: string | undefined;
}

export interface Cluster {
  readonly port: number;
  /** Its data folder. */
  readonly data: string;
  /** Address for a role and database of this cluster. */
  url(role: string, password: string, database: string): string;
  /** Address for the superuser. */
  adminUrl(database?: string): string;
  /** Of the postmaster: the one that runs, or ran last. */
  pid(): number;
  /** Ends every session and the server; its data stays. Harmless when it is down. */
  stop(): Promise<void>;
  /** Ends it as a crash does: no checkpoint, no goodbye; the next start recovers. Harmless when it is down. */
  crash(): Promise<void>;
  /** Brings it back on the same port. Harmless when it runs. Throws with the end of its log when it does not come up within 60 s. */
  start(): Promise<void>;
}

/** Nothing here must survive a power cut, and start and fsync-heavy tests are much faster so. */
const THROWAWAY = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
const UP_WITHIN_MS = 60_000;
const GRACE_MS = 8000;
/** Where postmaster.pid says how far it is, counted from 0. */
const STATE_LINE = 7;

/** Starts a cluster, creating it at the first start. Throws as `Cluster.start` does. */
export async function startCluster(
  spec: ClusterSpec,
  binaries: PostgresBinaries,
  folder: TryoutFolder,
): Promise<Cluster> {
  const data = await ensureData(spec, binaries);
  const written = Object.entries(spec.written ?? {}).map(([name, value]) => `${name} = '${value}'\n`);
  if (written.length > 0) appendFileSync(join(data, "postgresql.conf"), written.join(""));
  const log = folder.file(`${spec.name}.log`);
  const turn = inTurn();
  let child: Child | undefined;
  const cluster: Cluster = {
    port: spec.port,
    data,
    url: (role, password, database) =>
      `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${spec.port}/${database}`,
    adminUrl: (database = "postgres") => cluster.url("postgres", spec.superuserPassword, database),
    pid: () => child?.pid ?? 0,
    stop: () => turn(async () => child?.stop(GRACE_MS)),
    crash: () =>
      turn(async () => {
        if (child === undefined || child.hasEnded()) return;
        // `pg_ctl stop -m immediate`. Its end is waited for as the parent hears of it: `start` asks the same.
        process.kill(child.pid, "SIGQUIT");
        await child.ended;
      }),
    start: () => turn(up),
  };
  const up = async (): Promise<void> => {
    if (child?.hasEnded() === false) return;
    const started = await startChild(
      {
        name: spec.name,
        command: binaries.postgres,
        args: ["-D", data, "-p", String(spec.port), ...flags(spec.settings)],
        env: POSTGRES_ENVIRONMENT,
        cwd: data,
        log,
        as: binaries.runAs,
        // Fast shutdown: sessions are ended, data is written. SIGTERM would wait for every client to leave.
        stopSignal: "SIGINT",
      },
      folder.pids,
    );
    child = started;
    await ready(spec.name, started, cluster, log).catch(async (error: unknown) => {
      await started.stop();
      throw error;
    });
  };
  await cluster.start();
  return cluster;
}

const flags = (settings: ClusterSpec["settings"]): string[] =>
  Object.entries({
    listen_addresses: "127.0.0.1",
    // No socket files: they would need a folder both users may write, and have length limits.
    unix_socket_directories: "",
    shared_buffers: "32MB",
    ...THROWAWAY,
    ...settings,
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);

/** It writes down itself that it takes connections: whoever answers at the port may be somebody else. */
async function ready(name: string, child: Child, { data }: Cluster, log: string): Promise<void> {
  await until(
    name,
    async () => {
      const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
      const [pid, state] = [lines[0], lines[STATE_LINE]?.trim()];
      return child.hasEnded() || (pid === String(child.pid) && (state === "ready" || state === "standby"));
    },
    { timeoutMs: UP_WITHIN_MS },
  );
  if (child.hasEnded()) throw new Error(`${name} did not start (${await child.ended}):\n${lastLines(log)}`);
}
