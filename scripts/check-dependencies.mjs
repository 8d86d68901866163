// dependency-cruiser with the wrong TypeScript cruises 0 modules and reports success, so the count is checked too.

import { execFileSync } from "node:child_process";
import { cruise } from "dependency-cruiser";
import extractConfig from "dependency-cruiser/config-utl/extract-depcruise-config";
import extractTsConfig from "dependency-cruiser/config-utl/extract-ts-config";

const folders = ["src", "commands", "runbooks", "local"];
const config = await extractConfig("./.dependency-cruiser.cjs");
const { output } = await cruise(
  folders,
  { ...config.options, ruleSet: { forbidden: config.forbidden }, validate: true, outputType: "json" },
  undefined,
  { tsConfig: extractTsConfig("tsconfig.json") },
);
const { modules, summary } = JSON.parse(output);
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", ...folders], { encoding: "utf8" })
  .split("\n")
  .filter((name) => name.endsWith(".ts"));
const seen = new Set(modules.map((module) => module.source));
const missed = files.filter((name) => !seen.has(name));
for (const { from, to, rule } of summary.violations) console.error(`${rule.name}: ${from} -> ${to}`);
if (missed.length > 0) console.error(`not cruised: ${missed.join(", ")}`);
console.log(`${modules.length} modules, ${summary.violations.length} violations`);
process.exitCode = summary.violations.length > 0 || missed.length > 0 ? 1 : 0;
