import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

const root = new URL("../../../", import.meta.url);
const RULES = fileURLToPath(new URL("deploy/rules/diagbot.yml", root));
const TESTS = fileURLToPath(new URL("test/fixtures/rules/diagbot.test.yml", root));

it("the rules ask for metrics there are", async () => {
  const page = await createMetrics({ version: "1", runbooks: [], actions: [] }).text();
  const rules: { alert: string; expr: string }[] = parse(readFileSync(RULES, "utf8")).groups[0].rules;
  for (const { alert, expr } of rules)
    for (const [name] of expr.matchAll(/diagbot_[a-z_]+/g)) expect(page, alert).toContain(`# TYPE ${name} `);
});

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
it.skipIf(!hasPromtool)(
  "promtool (where it is on the PATH) takes the rules, and each alert comes when it should",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "diagbot-rules-"));
    try {
      copyFileSync(RULES, join(folder, "diagbot.yml"));
      copyFileSync(TESTS, join(folder, "diagbot.test.yml"));
      for (const words of [
        ["check", "rules", "diagbot.yml"],
        ["test", "rules", "diagbot.test.yml"],
      ])
        execFileSync("promtool", words, { cwd: folder, encoding: "utf8", stdio: "pipe" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
