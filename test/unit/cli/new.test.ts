import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testRecordings } from "../../../src/app/recordings.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { compileCheck } from "../../../src/core/rules/checks/compile.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { rig } from "./rig.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "diagbot-new-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sdk = new URL("../../../src/sdk/index.ts", import.meta.url).pathname;
const say = (...words: string[]) => rig({ cwd: () => folder }).say("new", ...words);

/** As a pack is loaded: the name it imports from means the SDK of this very product. */
async function runbookOf(path: string, from: string): Promise<Runbook> {
  const text = readFileSync(join(folder, path), "utf8");
  expect(text).toContain(`from "${from}"`);
  writeFileSync(join(folder, path), text.replace(`from "${from}"`, `from ${JSON.stringify(sdk)}`));
  const module = (await import(pathToFileURL(join(folder, path)).href)) as Record<string, Runbook>;
  return module.ordersStuck!;
}

const test = (runbook: Runbook, below: string) =>
  testRecordings([runbook], { patterns: [], update: false, folders: [join(folder, below)], cwd: folder });

describe("diagbot new runbook", () => {
  it("writes a runbook and a recording that passes at once, beside diagbot.yaml", async () => {
    const { code, out } = await say("runbook", "orders-stuck");
    expect(code).toBe(0);
    expect(out).toContain(
      "wrote runbooks/orders-stuck.ts\nwrote recordings/orders-stuck/healthy.yaml\nwrote test/orders-stuck.test.ts\n",
    );
    const runbook = await runbookOf("runbooks/orders-stuck.ts", "diagbot/sdk");
    expect(runbook).toMatchObject({ id: "orders-stuck", title: "Orders stuck" });
    expect(test(runbook, "recordings")).toMatchObject([{ result: "same" }]);
  });

  it("in a checkout goes to the runbooks of diagbot, and says which line to add", async () => {
    for (const file of ["src/sdk/index.ts", "runbooks/index.ts"]) {
      mkdirSync(join(folder, file, ".."), { recursive: true });
      writeFileSync(join(folder, file), "");
    }
    const { out } = await say("runbook", "orders-stuck", "--on", "http", "--json");
    const { written, next } = JSON.parse(out) as { written: string[]; next: string[] };
    expect(written).toEqual([
      "runbooks/http/orders-stuck.ts",
      "test/recordings/orders-stuck/healthy.yaml",
      "test/unit/runbooks/orders-stuck.test.ts",
    ]);
    expect(next[0]).toContain('import { ordersStuck } from "./http/orders-stuck.ts"');
    const runbook = await runbookOf("runbooks/http/orders-stuck.ts", "../../src/sdk/index.ts");
    expect(test(runbook, "test/recordings")).toMatchObject([{ result: "same" }]);
  });

  it("is on what diagbot.yaml has, or on http where there is none", async () => {
    await say("runbook", "orders-stuck");
    const written = () => readFileSync(join(folder, "runbooks/orders-stuck.ts"), "utf8");
    expect(written()).toContain('runbookOn(\n  "postgres"');
    rmSync(folder, { recursive: true });
    const nothing = () => Promise.reject(new Error("there is no diagbot.yaml"));
    await rig({ cwd: () => folder, config: nothing }).say("new", "runbook", "orders-stuck");
    expect(written()).toContain('runbookOn(\n  "http"');
    expect((await say("runbook", "others-stuck", "--on", "oracle")).code).toBe(64);
  });

  it("writes nothing over what is there", async () => {
    await say("runbook", "orders-stuck");
    writeFileSync(join(folder, "runbooks/orders-stuck.ts"), "mine");
    rmSync(join(folder, "recordings"), { recursive: true });
    const { code, err } = await say("runbook", "orders-stuck");
    expect(code).toBe(64);
    expect(err).toMatch(/runbooks\/orders-stuck.ts .*is there already: nothing was written/);
    expect(readFileSync(join(folder, "runbooks/orders-stuck.ts"), "utf8")).toBe("mine");
    expect(() => readFileSync(join(folder, "recordings/orders-stuck/healthy.yaml"))).toThrow();
  });

  it.each(["Orders", "orders_stuck", "-a", "../a", "a--b", ""])("refuses %j as an id", async (id) => {
    expect((await say("runbook", id)).code).toBe(64);
  });

  it("refuses an id that diagbot has", async () => {
    expect((await say("runbook", "pg-pool-exhausted")).err).toContain("choose another id");
  });
});

describe("diagbot new check", () => {
  it("writes a check that the configuration takes, and a recording that passes at once", async () => {
    const { code, out } = await say("check", "locked-out");
    expect([code, out]).toEqual([0, expect.stringContaining("wrote checks/locked-out.yaml\n")]);
    writeFileSync(
      join(folder, "diagbot.yaml"),
      'systems: { shop: { connections: { db: { kind: postgres, url: "postgres://bot@db/shop" } } } }',
    );
    const env = { DATABASE_URL: "postgres://diagbot@db/diagbot" };
    const { checks, warnings } = loadConfig({ env, cwd: folder, kinds });
    expect(warnings.filter((warning) => warning.includes("checks/"))).toEqual([]);
    const { check } = checks[0]!;
    expect(check).toMatchObject({ id: "locked-out", title: "Locked out" });
    const runbook = compileCheck(check, { version: "1", digest: "x" });
    expect(test(runbook, "recordings")).toMatchObject([{ result: "same" }]);
  });
});

describe("diagbot new connector", () => {
  it("writes a part of the pack beside diagbot.yaml, which imports the SDK alone", async () => {
    const { code, out } = await say("connector", "jobqueue");
    expect([code, out]).toEqual([0, expect.stringContaining("wrote runbooks/jobqueue/kind.ts\n")]);
    const text = readFileSync(join(folder, "runbooks/jobqueue/client.ts"), "utf8");
    expect([...text.matchAll(/from "(.*)"/g)].map(([, from]) => from)).toEqual(["diagbot/sdk"]);
    expect(readFileSync(join(folder, "test/jobqueue.test.ts"), "utf8")).toContain("contractOf(jobqueue.kind");
  });

  it("is what docs/packs.md shows of it", async () => {
    await say("connector", "jobqueue");
    const page = readFileSync(new URL("../../../docs/packs.md", import.meta.url), "utf8");
    for (const file of ["kind.ts", "set-workers.ts"])
      expect(page).toContain(readFileSync(join(folder, "runbooks/jobqueue", file), "utf8"));
    const [, writes = ""] =
      /^( {6}writes: \{\n.*?^ {6}\},\n)/ms.exec(
        readFileSync(join(folder, "test/jobqueue.test.ts"), "utf8"),
      ) ?? [];
    expect(page).toContain(writes.replace(/^ {6}/gm, ""));
    expect(writes).toContain("spoil");
  });

  it.each(["job-queue", "Jobs", "postgres"])("refuses %j", async (kind) => {
    expect((await say("connector", kind)).code).toBe(64);
  });
});
