import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";

const run = promisify(execFile);
const Printed = z.object({
  rows: z.array(
    z.object({
      name: z.string(),
      ours: z.number().nonnegative(),
      ratio: z.number().nonnegative().optional(),
      remark: z.string().optional(),
    }),
  ),
});

// What Slack refuses of a storm is counted here and held by test/integration/thread/storm.test.ts: there no machine that is busy comes between two posts.
it("the bench measures every part against its baseline", {
  timeout: 600_000,
}, async () => {
  const { stdout } = await run(process.execPath, ["--import", "tsx", "bench/main.ts", "--quick", "--json"], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  const { rows } = Printed.parse(JSON.parse(stdout));
  const row = (name: RegExp) => rows.find((one) => name.test(one.name));
  for (const name of [/^webhooks of 1 alert, 16/, /ten questions/, /^notification of a known group/])
    expect(row(name)?.ratio, String(name)).toBeDefined();
  const storm = row(/^a storm of 60 groups/);
  expect(storm?.remark).toMatch(/Slack's limits refused \d+$/);
  expect(Number(/(\d+) posts/.exec(storm?.remark ?? "")?.[1])).toBeLessThan(60);
});

it("the bench says what it has where it is asked for something else", async () => {
  const asked = run(process.execPath, ["--import", "tsx", "bench/main.ts", "--only", "strom"], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  await expect(asked).rejects.toMatchObject({
    code: 64,
    stdout: expect.stringContaining("webhooks, commands"),
  });
});
