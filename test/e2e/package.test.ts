import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { LocalSlack } from "../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../local/slack/server.ts";
import { type FreshDatabase, freshDatabase } from "../helpers/database.ts";
import { openProduct, type Product } from "../helpers/product.ts";
import { until } from "../helpers/until.ts";
import { type TestServer, webServer } from "../helpers/web-server.ts";
import { alertOf, send } from "./support/alerts.ts";
import { examples, installPackage, typeErrors } from "./support/package.ts";
import { CHANNELS, OPS, PEOPLE } from "./support/people.ts";
import { textOf, threadWhere } from "./support/read.ts";

const PATIENCE_MS = 120_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const JOBS_TOKEN = "jobs-token-4711";
const ROLE = `reports_${randomBytes(4).toString("hex")}`;

/** An application that has opened a session and does nothing with it; sessions of a superuser are never ended. */
async function idleReports(url: string): Promise<pg.Client> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(`CREATE ROLE ${ROLE} LOGIN PASSWORD '${ROLE}'`);
  await admin.end();
  const own = new URL(url);
  Object.assign(own, { username: ROLE, password: ROLE });
  const client = new pg.Client({ connectionString: own.href, application_name: "reports" });
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function dropRole(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(`DROP ROLE IF EXISTS ${ROLE}`);
  await admin.end();
}

/** The parts of the diagbot.yaml of the docs that are changed here. */
interface Written {
  readonly systems: { readonly shop: { readonly connections: Record<string, unknown> } };
}

/** What a new user does, outside of the checkout: the tarball of `npm pack`, and the files of docs/packs.md. */
const user = await installPackage();

describe.skipIf(user.whyNot)(
  `the package${user.whyNot === undefined ? "" : ` (skipped: ${user.whyNot})`}`,
  () => {
    let shop: FreshDatabase;
    let own: FreshDatabase;
    let slack: LocalSlack;
    let product: Product;
    let reports: pg.Client;
    let jobs: TestServer;
    const { folder } = user;

    beforeAll(async () => {
      [own, shop] = await Promise.all([
        freshDatabase("package", { migrated: false }),
        freshDatabase("package_shop", { migrated: false }),
      ]);
      slack = await startLocalSlack({
        ...{ people: PEOPLE, channels: CHANNELS, commands: [{ name: "/diag" }] },
        ...{ ackTimeoutMs: PATIENCE_MS, triggerTtlMs: PATIENCE_MS },
      });
      reports = await idleReports(shop.url);
      jobs = await webServer((request, answer) => {
        const isKnown = request.headers.authorization === `Bearer ${JOBS_TOKEN}`;
        answer
          .writeHead(isKnown ? 200 : 401)
          .end(JSON.stringify({ name: "mails", waiting: 317, workers: 2 }));
      });
      const written = examples();
      for (const [name, text] of written) if (name !== "diagbot.yaml") user.write(name, text);
      const config = parse(written.get("diagbot.yaml") ?? "") as Written;
      config.systems.shop.connections.jobs = {
        ...{ kind: "jobqueue", url: `http://127.0.0.1:${jobs.port}` },
        headers: { authorization: "Bearer ${JOBS_TOKEN}" },
      };
      const routes = [
        { match: ['alertname="ReportsIdle"'], runbook: "idle-reports", params: { minutes: 0 } },
      ];
      product = openProduct({
        config: { ...config, routes },
        installed: { folder, program: "node_modules/.bin/diagbot" },
        databaseUrl: own.url,
        slack: { local: slack, mode: "http" },
        env: { SHOP_DATABASE_URL: shop.url, JOBS_TOKEN },
      });
      // The runbook of the docs is on it.
      expect(await product.cli(["new", "connector", "jobqueue"])).toMatchObject({ code: 0 });
    });
    afterAll(async () => {
      await product?.close();
      await reports?.end();
      await jobs?.close();
      await slack?.stop();
      await shop?.drop();
      await dropRole(own.url);
      await own?.drop();
      rmSync(folder, { recursive: true, force: true });
    });

    it("holds what runs and what is read, and neither tests, try-out nor sources", () => {
      const tops = new Set(user.packed.map((path) => path.split("/").slice(0, 2).join("/")));
      for (const path of ["dist/src", "dist/runbooks", "docs/packs.md", "bin/diagbot.mjs", "manifest.yaml"])
        expect(tops).toContain(path);
      expect(
        user.packed.filter((path) => /^(local|test|src|bench)\/|^dist\/(local|test)\/|\.map$/.test(path)),
      ).toEqual([]);
      expect(
        JSON.parse(readFileSync(join(folder, "node_modules/diagbot/package.json"), "utf8")),
      ).toMatchObject({
        exports: { "./sdk": {}, "./testing": {} },
      });
    });

    it("types the runbook of the docs, and refuses a remedy that is not there", async () => {
      expect(await typeErrors(folder)).toBe("");
      const file = join(folder, "runbooks/idle-reports.ts");
      const text = readFileSync(file, "utf8");
      writeFileSync(
        file,
        text.replace('remedies: ["terminate", "closeThem"]', 'remedies: ["terminate", "closeThen"]'),
      );
      const wrong = await typeErrors(folder);
      writeFileSync(file, text);
      expect(wrong).toMatch(/runbooks\/idle-reports.ts.*error TS/);
    });

    it("checks, pins, and runs it against a real Postgres", async () => {
      expect(await product.cli(["packs", "lock"])).toMatchObject({ code: 0 });
      expect((await product.cli(["check"])).stdout).toMatch(/^ok: 1 system, \d+ runbooks$/m);
      expect(await product.cli(["migrate"])).toMatchObject({ code: 0 });
      const run = await product.cli([
        "run",
        "idle-reports",
        "--system",
        "shop",
        "--param",
        "minutes=0",
        "--json",
      ]);
      expect(run.json()).toMatchObject({
        runbook: "idle-reports",
        findings: [
          {
            id: "idle",
            title: "1 session of the reports idle for over 0 min",
            remedies: ["terminate", "closeThem"],
          },
        ],
      });
      expect(run.code).toBe(1);
    });

    it("asks a kind of connection of the pack's own like any other", async () => {
      expect((await product.cli(["packs", "--json"])).json()).toMatchObject({
        packs: [{ kinds: ["jobqueue"], runbooks: ["idle-reports", "jobs-waiting"] }],
      });
      const run = await product.cli(["run", "jobs-waiting", "--system", "shop", "--json"]);
      expect([run.code, run.json()]).toMatchObject([
        1,
        { findings: [{ id: "waiting", title: "317 jobs of mails wait", remedies: ["moreWorkers"] }] },
      ]);
      const health = await product.cli(["run", "service-health", "--system", "shop"]);
      expect(health.stdout).toContain("Health of all components");
      expect(health.code).toBe(0);
      expect((await product.cli(["doctor"])).stdout).toMatch(/shop\/jobs state .*can be read/);
      const recorded = await product.cli(["record", "jobs-waiting", "--system", "shop"]);
      expect(recorded.stdout).toContain("recordings/jobs-waiting/waiting.yaml");
      const again = await product.cli(["test", "jobs-waiting", "--json"]);
      expect(again.json()).toMatchObject({ ok: true, tested: [{ result: "same" }] });
      expect(product.logs()).not.toContain(JOBS_TOKEN);
    });

    it("holds it to the contract of every connector", async () => {
      const tsx = join(ROOT, "node_modules/tsx/dist/cli.mjs");
      const tested = await promisify(execFile)(process.execPath, [tsx, "--test", "test/jobqueue.test.ts"], {
        cwd: folder,
      });
      expect(tested.stdout).toMatch(/pass 17$/m);
    });

    it("writes a check and a runbook to begin with, which pass as they are and look at the real Postgres", async () => {
      expect(await product.cli(["new", "check", "locked-out"])).toMatchObject({ code: 0 });
      expect(await product.cli(["new", "runbook", "orders-stuck"])).toMatchObject({ code: 0 });
      await product.cli(["packs", "lock"]);
      expect(await product.cli(["check"])).toMatchObject({ code: 0 });
      const tested = await product.cli(["test", "--json"]);
      expect([tested.code, tested.json()]).toMatchObject([
        0,
        {
          ok: true,
          tested: [
            { file: "recordings/jobs-waiting/waiting.yaml", result: "same" },
            { file: "recordings/locked-out/healthy.yaml", result: "same" },
            { file: "recordings/orders-stuck/healthy.yaml", result: "same" },
          ],
        },
      ]);
      const run = await product.cli(["run", "locked-out", "--system", "shop", "--json"]);
      expect([run.code, run.json()]).toMatchObject([0, { runbook: "locked-out", findings: [] }]);
    });

    it("a rule that returns nonsense ends its run by name, and nothing else", async () => {
      user.write(
        "runbooks/odd.js",
        'import { postgres, runbookOn, z } from "diagbot/sdk";\n' +
          'export const odd = runbookOn("postgres", { id: "odd", title: "Odd", params: z.object({}) }, () => ({ usage: postgres.connectionUsage() })).remedies({}).findings((find) => [find(["usage"], () => ({ id: "x", severity: "dire" }))]);\n',
      );
      await product.cli(["packs", "lock"]);
      const run = await product.cli(["run", "odd", "--system", "shop", "--json"]);
      expect(run.code).toBe(2);
      expect(run.stderr).toContain("runbook odd, findings:");
      rmSync(join(folder, "runbooks/odd.js"));
      await product.cli(["packs", "lock"]);
    });

    it("serves: an alert becomes a thread with what the runbook found", async () => {
      const served = await product.serve("all");
      const answer = await send(product, served, alertOf({ alertname: "ReportsIdle", job: "shop" }));
      expect(answer.status).toBe(200);
      const thread = () => threadWhere(slack, OPS, (root) => textOf(root.blocks).includes("ReportsIdle"));
      await until(
        () => thread().some(({ blocks }) => textOf(blocks).includes("idle for over 0 min")),
        PATIENCE_MS,
      );
      await served.stop();
    });
  },
);
