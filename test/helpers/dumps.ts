import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { startCluster } from "../../local/services/postgres.ts";
import { findBinaries } from "../../local/services/postgres-binaries.ts";
import { takeFolder } from "../../local/tryout/folder.ts";
import { onPath } from "./docker.ts";
import { serviceFolder } from "./folder.ts";
import { freePort } from "./ports.ts";

/** Where a server of the same version as the client programs is; pg_dump refuses a newer one. */
const programs = (): string | undefined => {
  if (["pg_dump", "pg_restore", "psql", "pg_config"].some((name) => onPath(name) === undefined))
    return undefined;
  const folder = execFileSync("pg_config", ["--bindir"]).toString().trim();
  return existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")) ? folder : undefined;
};

/** Why no dump is made and restored here; undefined: it can be. */
export const whyNoDumps = (): string | undefined =>
  programs() === undefined ? "no Postgres server beside its client programs on the PATH" : undefined;

export interface DumpServer {
  readonly port: number;
  /** As superuser. */
  admin<Row extends pg.QueryResultRow>(statement: string, database?: string): Promise<Row[]>;
  /** pg_dump of a database; `c` custom, `d` a folder, `p` plain. */
  dump(database: string, file: string, format: "c" | "d" | "p"): void;
  stop(): Promise<void>;
}

/** A private server of the version of the PATH; role `rehearser` may create databases and needs no password, `boss` is a superuser. */
export async function startDumpServer(settings: Record<string, string> = {}): Promise<DumpServer> {
  const bin = programs() ?? "";
  const folder = await takeFolder(serviceFolder());
  const binaries = await findBinaries(folder.path);
  const cluster = await startCluster(
    {
      name: "postgres",
      port: await freePort(),
      settings: { max_connections: 30, ...settings },
      superuserPassword: "postgres",
    },
    {
      ...binaries,
      initdb: join(bin, "initdb"),
      postgres: join(bin, "postgres"),
      major: execFileSync("pg_config", ["--version"])
        .toString()
        .replace(/^\D*(\d+).*\n?/, "$1"),
    },
    folder,
  );
  const server: DumpServer = {
    port: cluster.port,
    admin: async (statement, database = "postgres") => {
      const client = new pg.Client({
        connectionString: `postgres://postgres:postgres@127.0.0.1:${cluster.port}/${database}`,
      });
      await client.connect();
      try {
        return (await client.query(statement)).rows;
      } finally {
        await client.end();
      }
    },
    dump: (database, file, format) =>
      void execFileSync(
        "pg_dump",
        [
          "-h",
          "127.0.0.1",
          "-p",
          String(cluster.port),
          "-U",
          "boss",
          "-w",
          `-F${format}`,
          "-f",
          file,
          database,
        ],
        { stdio: "pipe" },
      ),
    stop: async () => {
      await cluster.stop();
      for (const path of [cluster.data, folder.path]) rmSync(path, { recursive: true, force: true });
    },
  };
  await server.admin("CREATE ROLE rehearser LOGIN CREATEDB");
  await server.admin("CREATE ROLE boss LOGIN SUPERUSER");
  const file = join(cluster.data, "pg_hba.conf");
  writeFileSync(
    file,
    `host all,replication rehearser,boss 127.0.0.1/32 trust\n${readFileSync(file, "utf8")}`,
  );
  await server.admin("SELECT pg_reload_conf()");
  return server;
}
