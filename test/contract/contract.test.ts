import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { DEFECTS, SAYS } from "./broken/defects.ts";

const here = fileURLToPath(new URL("broken", import.meta.url));
const Report = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()),
        }),
      ),
    }),
  ),
});

let results: z.output<typeof Report>["testResults"][number]["assertionResults"] = [];

describe("the contract of connectors convicts a connector that is broken", () => {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-contract-"));
  const file = join(folder, "report.json");
  beforeAll(async () => {
    const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
    const args = [
      vitest,
      "run",
      "--config",
      join(here, "vitest.config.ts"),
      "--reporter=json",
      `--outputFile=${file}`,
    ];
    const { VITEST: _, ...env } = process.env;
    // It fails, as it is to.
    await new Promise<void>((resolve) => {
      execFile(process.execPath, args, { cwd: here, env, maxBuffer: 64 * 1024 ** 2 }, () => resolve());
    });
    results = Report.parse(JSON.parse(readFileSync(file, "utf8"))).testResults.flatMap(
      ({ assertionResults }) => assertionResults,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(Object.entries(DEFECTS))("%s", (defect, expected) => {
    const mine = results.filter(({ ancestorTitles }) => ancestorTitles[0] === defect);
    expect(mine.length).toBeGreaterThan(10);
    const failed = mine.filter(({ status }) => status === "failed").map(({ title }) => title);
    expect(failed.sort()).toEqual([...expected].sort());
  });

  test.each(Object.entries(SAYS))("%s: what it says mends it", (defect, says) => {
    const mine = results.filter(({ ancestorTitles }) => ancestorTitles[0] === defect);
    expect(mine.flatMap(({ failureMessages }) => failureMessages).join("\n")).toMatch(says);
  });

  test("what shows no names of others declines those tests, and no others", () => {
    const mine = results.filter(({ ancestorTitles }) => ancestorTitles[0] === "no names of others");
    const skipped = mine.filter(({ status }) => status === "skipped" || status === "pending");
    expect(skipped.map(({ title }) => title)).toEqual(
      DEFECTS["names cut off"].map((title) => expect.stringContaining(title)),
    );
  });

  test("no test of the contract is one that nothing breaks", () => {
    const broken = new Set<string>(Object.values(DEFECTS).flat());
    expect([...new Set(results.map(({ title }) => title))].filter((title) => !broken.has(title))).toEqual([]);
  });
});
