// All tests, or what vitest is told, in an order and with draws of their own for each run: npm run test:random [-- <what vitest takes>]
// TEST_SEED=<seed> repeats a run.
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";

const seed = process.env.TEST_SEED ?? String(randomInt(2 ** 31));
console.log(`TEST_SEED=${seed}`);
const { status } = spawnSync("npx", ["vitest", "run", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, TEST_SEED: seed },
});
if (status !== 0)
  console.log(`To see it again: TEST_SEED=${seed} npm run test:random -- ${process.argv.slice(2).join(" ")}`);
process.exitCode = status ?? 1;
