import { execFile } from "node:child_process";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { sha256 } from "../../lib/sha256.ts";
import { type Child, lastLines, startChild } from "../house/child.ts";
import type { HouseFolder } from "../house/folder.ts";
import { until } from "../house/until.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";

/** One embedded Postgres server with its data kept between starts. */
export interface ClusterSpec {
  readonly name: string;
  readonly port: number;
  /** Settings of postgresql.conf, given on the command line. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly superuserPassword: string;
}

export interface Cluster {
  readonly port: number;
  /** Address for a role and database of this cluster. */
  url(role: string, password: string, database: string): string;
  /** Address for the superuser. */
  adminUrl(database?: string): string;
  stop(): Promise<void>;
}

/** Nothing here must survive a power cut, and start and fsync-heavy tests are much faster so. */
const THROWAWAY = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

/** Starts a cluster, creating it at the first start. Throws with the end of its log when it does not come up within 30 s. */
export async function startCluster(
  spec: ClusterSpec,
  binaries: PostgresBinaries,
  folder: HouseFolder,
): Promise<Cluster> {
  const data = await ensureData(spec, binaries);
  const log = folder.file(`${spec.name}.log`);
  const child = await startChild(
    {
      name: spec.name,
      command: binaries.postgres,
      args: ["-D", data, "-p", String(spec.port), ...flags(spec.settings)],
      env: environment(),
      cwd: data,
      log,
      as: binaries.runAs,
      // Fast shutdown: sessions are ended, data is written. SIGTERM would wait for every client to leave.
      stopSignal: "SIGINT",
    },
    folder.pids,
  );
  const cluster: Cluster = {
    port: spec.port,
    url: (role, password, database) =>
      `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${spec.port}/${database}`,
    adminUrl: (database = "postgres") => cluster.url("postgres", spec.superuserPassword, database),
    stop: () => child.stop(8000),
  };
  await ready(spec.name, child, cluster, log).catch(async (error: unknown) => {
    await child.stop();
    throw error;
  });
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

/** Without LANG the messages and the encoding would depend on the machine. */
const environment = (): Record<string, string | undefined> => ({
  PATH: process.env.PATH,
  LANG: "C",
  LC_ALL: "C",
});

/**
 * The data folder, made at the first start: initdb works beside it and the result is moved into place, so that an
 * interrupted one is never taken for a cluster. Another major version's data is thrown away.
 */
async function ensureData(
  spec: ClusterSpec,
  { initdb, major, runAs, base }: PostgresBinaries,
): Promise<string> {
  // One parent per user, owned by it: initdb and postgres must be able to create entries there.
  const parent = join(base, `clusters-${runAs?.uid ?? process.getuid?.() ?? "user"}`);
  await mkdir(parent, { recursive: true });
  if (runAs !== undefined) await chown(parent, runAs.uid, runAs.gid);
  const data = join(parent, spec.name);
  // What the data was made with: other binaries or another password make new data.
  const made = `${major} ${sha256(spec.superuserPassword)}\n`;
  if ((await readFile(`${data}.made`, "utf8").catch(() => undefined)) === made) return data;
  const fresh = `${data}.new`;
  const password = join(parent, `${spec.name}.password`);
  await Promise.all([data, fresh, `${data}.made`].map((path) => rm(path, { recursive: true, force: true })));
  await writeFile(password, `${spec.superuserPassword}\n`, { mode: 0o600 });
  if (runAs !== undefined) await chown(password, runAs.uid, runAs.gid);
  try {
    await promisify(execFile)(
      initdb,
      [
        `--pgdata=${fresh}`,
        "--username=postgres",
        "--auth=scram-sha-256",
        `--pwfile=${password}`,
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        "--no-instructions",
      ],
      { env: environment(), cwd: parent, timeout: 60_000, ...(runAs ?? {}) },
    ).catch((error: NodeJS.ErrnoException) => {
      // The loader of glibc is what was not found: the file itself is there.
      if (error.code === "ENOENT")
        throw new Error("Postgres' binaries from npm need glibc; musl (Alpine) has none");
      throw error;
    });
  } finally {
    await rm(password, { force: true });
  }
  await rename(fresh, data);
  await writeFile(`${data}.made`, made);
  return data;
}

async function ready(name: string, child: Child, cluster: Cluster, log: string): Promise<void> {
  await until(
    name,
    async () => {
      if (child.hasEnded()) return { over: true };
      const client = new pg.Client({ connectionString: cluster.adminUrl(), connectionTimeoutMillis: 2000 });
      await client.connect();
      await client.end();
      return { over: false };
    },
    { timeoutMs: 30_000 },
  ).then(async ({ over }) => {
    if (over) throw new Error(`${name} did not start (${await child.ended}):\n${lastLines(log)}`);
  });
}
