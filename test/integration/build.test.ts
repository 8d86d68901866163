import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtProduct } from "../helpers/built.ts";
import { type FreshDatabase, freshDatabase } from "../helpers/database.ts";
import { freePort } from "../helpers/ports.ts";
import { until } from "../helpers/until.ts";

const run = promisify(execFile);

/** What the image holds: the build beside the packages, no sources. */
let image = "";
let config = "";
let database: FreshDatabase;
let env: NodeJS.ProcessEnv;
let served: ChildProcess | undefined;

beforeAll(async () => {
  image = await builtProduct();
  // Others start the same build: what is this test's own lies elsewhere.
  config = mkdtempSync(join(tmpdir(), "diagbot-build-"));
  writeFileSync(join(config, "diagbot.yaml"), "slack: { channel: C0OPS }\n");
  database = await freshDatabase("build", { migrated: false });
  const { DATABASE_URL: _url, REDIS_URL: _redis, ...others } = process.env;
  const port = String(await freePort());
  env = {
    ...others,
    DATABASE_URL: database.url,
    ALERTMANAGER_TOKEN: randomBytes(20).toString("hex"),
    PORT: port,
    DIAGBOT_CONFIG: join(config, "diagbot.yaml"),
  };
});

afterAll(async () => {
  served?.kill("SIGKILL");
  await database?.drop();
  rmSync(config, { recursive: true, force: true });
});

const diagbot = (...argv: string[]) =>
  run(process.execPath, ["dist/src/main.js", ...argv], { cwd: image, env });

describe("the build", () => {
  it("holds neither the try-out nor tests, and knows its commands", async () => {
    expect(existsSync(join(image, "dist/local"))).toBe(false);
    expect(existsSync(join(image, "dist/test"))).toBe(false);
    expect((await diagbot("--help")).stdout).toContain("serve");
    expect((await diagbot("check", "--runbooks-only")).stdout).toMatch(/^ok: \d+ runbooks/);
  });

  it("makes its tables, once", async () => {
    expect((await diagbot("migrate")).stdout).toContain("0001-runs.sql");
    expect((await diagbot("migrate")).stdout).not.toContain("0001-runs.sql");
  });

  it("serves, with its workers beside it, and stops when told", async () => {
    served = spawn(process.execPath, ["dist/src/main.js", "serve"], { cwd: image, env, stdio: "ignore" });
    const ended = once(served, "exit");
    const health = () =>
      fetch(`http://127.0.0.1:${env.PORT}/health`).then(
        (answer) => answer.json(),
        () => undefined,
      );
    expect(await until(health)).toMatchObject({
      status: "ok",
      components: { worker: { status: "ok" } },
    });
    // Its first sign of life: from here on it has a queue, a sweeper and a parent to part from.
    await until(async () => /^ok +workers/m.test((await diagbot("doctor")).stdout));
    const asked = performance.now();
    served.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(performance.now() - asked).toBeLessThan(30_000);
  });
});
