// The tests that draw at random, with a seed of its own for each run: npm run test:random [-- <what vitest takes>]
// TEST_SEED=<seed> repeats a run.
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const seed = process.env.TEST_SEED ?? String(randomInt(2 ** 31));
const files = readdirSync("test", { recursive: true })
  .map((name) => join("test", name))
  .filter((file) => file.endsWith(".test.ts") && readFileSync(file, "utf8").includes("helpers/property.ts"));
console.log(`TEST_SEED=${seed}, ${files.length} files`);
const { status } = spawnSync("npx", ["vitest", "run", ...files, ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, TEST_SEED: seed },
});
if (status !== 0) console.log(`To see it again: TEST_SEED=${seed} npm run test:random`);
process.exitCode = status ?? 1;
