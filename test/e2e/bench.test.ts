import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);

it("the bench's storm: a real product shows every group in one thread, and Slack refuses nothing", {
  timeout: 300_000,
}, async () => {
  const { stdout } = await run(
    process.execPath,
    ["--import", "tsx", "bench/main.ts", "--only", "storm", "--quick"],
    {
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
    },
  );
  expect(stdout).toMatch(/a storm of 60 groups in 6 s: \d+ of them to be seen by then, all after [\d.]+ s/);
  expect(stdout).toMatch(/refused by Slack's limits 0\n/);
  const posts = Number(/posts (\d+)/.exec(stdout)?.[1]);
  expect(posts).toBeLessThan(60);
});
