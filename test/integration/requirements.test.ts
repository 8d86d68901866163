import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDeps } from "../../src/app/deps.ts";
import { diagnoseSelf } from "../../src/app/doctor.ts";
import { shipped } from "../../src/app/knowledge.ts";
import { node, requireAll } from "../../src/app/requirements.ts";
import { startApp } from "../../src/app.ts";
import type { Role } from "../../src/config/environment.ts";
import { type Config, loadConfig } from "../../src/config/load.ts";
import { kinds } from "../../src/connectors/index.ts";
import { openPool } from "../../src/store/index.ts";
import { type FreshDatabase, freshDatabase } from "../helpers/database.ts";
import { freePort } from "../helpers/ports.ts";

const TOKEN = "9f1c0d7e5b3a8642c0ffee1122aab9d4";
let folder: string;
const databases: FreshDatabase[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "diagbot-requirements-"));
  writeFileSync(join(folder, "diagbot.yaml"), "slack: { channel: C0OPS }\n");
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  for (const database of databases) await database.drop();
});

async function fresh(migrated: boolean): Promise<string> {
  const database = await freshDatabase("requirements", { migrated });
  databases.push(database);
  return database.url;
}
const configured = (databaseUrl: string, more: Record<string, string> = {}): Config =>
  loadConfig({
    env: { DATABASE_URL: databaseUrl, ALERTMANAGER_TOKEN: TOKEN, PORT: "0", LOG_LEVEL: "silent", ...more },
    cwd: folder,
    kinds,
  });

/** What doctor says stops serve, and what serve says; both or neither. */
async function both(config: Config, role: Role = "worker") {
  const stopping = (await diagnoseSelf({ config, knowledge: shipped }, role)).filter(
    ({ stopsServe }) => stopsServe,
  );
  const deps = openDeps(config, shipped);
  const refused = await requireAll(deps, role)
    .then(
      () => undefined,
      (error: Error & { code: string }) => error,
    )
    .finally(() => deps.close());
  return { stopping, refused };
}

test("a database that is only not migrated stops nobody", async () => {
  const url = await fresh(false);
  const { stopping, refused } = await both(configured(url), "all");
  expect(stopping).toEqual([]);
  expect(refused).toBeUndefined();
});

test.each([["all"], ["ingress"]] as const)("%s needs a token for alerts", async (role) => {
  const config = configured(await fresh(true), { ALERTMANAGER_TOKEN: "" });
  const { stopping, refused } = await both(config, role);
  expect(stopping.map(({ name }) => name)).toEqual(["alertmanager"]);
  // And that it is `serve` that asks.
  await expect(startApp({ config, knowledge: shipped }, role)).rejects.toThrow(refused?.message ?? "?");
  expect(refused).toMatchObject({
    code: "bad_config",
    message: expect.stringContaining("ALERTMANAGER_TOKEN"),
  });
});

test("a worker needs none", async () => {
  const { stopping, refused } = await both(configured(await fresh(true), { ALERTMANAGER_TOKEN: "" }));
  expect(stopping).toEqual([]);
  expect(refused).toBeUndefined();
});

test("no database", async () => {
  const { stopping, refused } = await both(configured(`postgres://a:b@127.0.0.1:${await freePort()}/d`));
  expect(stopping.map(({ name }) => name)).toEqual(["postgres", "queue"]);
  expect(refused).toMatchObject({ code: "store_unavailable" });
});

test("no queue", async () => {
  const config = configured(await fresh(true), { REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
  const { stopping, refused } = await both(config);
  expect(stopping.map(({ name }) => name)).toEqual(["queue"]);
  expect(refused?.message).toContain("ECONNREFUSED");
});

test("a database of another version of diagbot", async () => {
  const url = await fresh(true);
  const pool = openPool(url);
  await pool.query("UPDATE migration SET sha256 = 'other' WHERE name LIKE '0001%'");
  await pool.end();
  const { stopping, refused } = await both(configured(url));
  expect(stopping).toMatchObject([{ name: "postgres", detail: expect.stringContaining("0001-runs.sql") }]);
  expect(refused?.message).toContain("0001-runs.sql");
});

test("a role that may not make tables is told what to grant", async () => {
  const url = new URL(await fresh(false));
  const admin = new pg.Client(url.href);
  await admin.connect();
  const role = `maker" ${url.pathname.slice(-8)}`;
  const quoted = pg.escapeIdentifier(role);
  try {
    await admin.query(
      `CREATE ROLE ${quoted} LOGIN PASSWORD 'pw'; GRANT CREATE ON DATABASE ${pg.escapeIdentifier(url.pathname.slice(1))} TO ${quoted}`,
    );
    await admin.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    const own = new URL(url);
    own.username = encodeURIComponent(role);
    own.password = "pw";
    const config = configured(own.href);
    const { stopping, refused } = await both(config);
    expect(stopping.map(({ name }) => name)).toEqual(["postgres"]);
    expect(refused?.message).toContain("may not make tables");
    for (const line of stopping[0]?.paste ?? []) await admin.query(line);
    expect((await both(config)).stopping).toEqual([]);
  } finally {
    await admin.query(`DROP OWNED BY ${quoted} CASCADE; DROP ROLE ${quoted}`).catch(() => {});
    await admin.end();
  }
});

test("Node 20.19 is the oldest", () => {
  expect(["20.18.3", "18.20.0", "20.19.0", "22.0.0"].map((version) => node(version).state)).toEqual([
    "missing",
    "missing",
    "ok",
    "ok",
  ]);
});

test("warnings of the configuration are shown, and no secret is", async () => {
  const config = configured(await fresh(true), {
    SLACK_BOT_TOKEN: "xoxb-nobody-answers-here",
    SLACK_SIGNING_SECRET: "not-of-the-real-slack",
    SLACK_API_URL: `http://127.0.0.1:${await freePort()}/api/`,
  });
  const checks = await diagnoseSelf(
    { config: { ...config, warnings: ["plain HTTP"] }, knowledge: shipped },
    "worker",
  );
  expect(checks).toContainEqual({ name: "configuration", state: "warning", detail: "plain HTTP" });
  expect(JSON.stringify(checks)).not.toContain("xoxb-nobody");
});
