import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../helpers/database.ts";
import { freePort } from "../helpers/ports.ts";
import { until } from "../helpers/until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** What the image holds: the build beside the packages, no sources. */
let image = "";
let database: FreshDatabase;
let env: NodeJS.ProcessEnv;
let served: ChildProcess | undefined;

beforeAll(async () => {
  image = mkdtempSync(join(tmpdir(), "diagbot-build-"));
  const dist = join(image, "dist");
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", dist], { cwd: ROOT });
  await run(process.execPath, ["scripts/copy-assets.mjs", dist], { cwd: ROOT });
  symlinkSync(join(ROOT, "node_modules"), join(image, "node_modules"));
  writeFileSync(join(image, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(image, "diagbot.yaml"), "slack: { channel: C0OPS }\n");
  database = await freshDatabase("build", { migrated: false });
  const { DATABASE_URL: _url, REDIS_URL: _redis, ...others } = process.env;
  const port = String(await freePort());
  env = {
    ...others,
    DATABASE_URL: database.url,
    ALERTMANAGER_TOKEN: randomBytes(20).toString("hex"),
    PORT: port,
  };
}, 120_000);

afterAll(async () => {
  served?.kill("SIGKILL");
  await database?.drop();
  rmSync(image, { recursive: true, force: true });
});

const diagbot = (...argv: string[]) =>
  run(process.execPath, ["dist/src/main.js", ...argv], { cwd: image, env });

describe("the build", () => {
  it("holds neither the try-out nor tests, and knows its commands", async () => {
    expect(existsSync(join(image, "dist/src/local"))).toBe(false);
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
    expect(await until(health, 30_000)).toMatchObject({
      status: "ok",
      components: { worker: { status: "ok" } },
    });
    // Its first sign of life: from here on it has a queue, a sweeper and a parent to part from.
    await until(async () => /^ok +workers/m.test((await diagbot("doctor")).stdout), 30_000);
    const asked = performance.now();
    served.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(performance.now() - asked).toBeLessThan(10_000);
  }, 60_000);
});
