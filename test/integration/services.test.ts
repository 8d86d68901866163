import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { freshDatabase } from "../helpers/database.ts";
import { cleanStaleFolders, serviceFolder } from "../helpers/folder.ts";
import { startRedis, whyNoRedis } from "../helpers/redis-server.ts";
import { until } from "../helpers/until.ts";

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

  it("removes folders of test runs that died, and keeps those of living ones", () => {
    const mine = serviceFolder();
    const dead = mkdtempSync(join(tmpdir(), "diagbot-test-"));
    mkdirSync(join(dead, "postgres"));
    writeFileSync(join(dead, "owner.pid"), "2147483646");
    // A number that was given to another process since: this one.
    writeFileSync(join(dead, "postgres", "postmaster.pid"), `${process.pid}\n`);
    cleanStaleFolders();
    expect({ mine: existsSync(mine), dead: existsSync(dead) }).toEqual({ mine: true, dead: false });
    writeFileSync(join(mine, "owner.pid"), "2147483646");
    cleanStaleFolders();
    expect(existsSync(mine)).toBe(false);
  });

  it.skipIf(whyNoRedis() !== undefined)("ends the servers of a test run that died", async () => {
    const server = await startRedis();
    const pid = server.pid();
    writeFileSync(join(server.folder, "owner.pid"), "2147483646");
    await until(() => existsSync(join(server.folder, "redis.pid")));
    cleanStaleFolders();
    await until(() => !isAlive(pid));
    await server.stop();
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
