import { expect, test } from "vitest";
import { actsOf } from "../../chaos/monkey.ts";
import { fateOf } from "../../chaos/random.ts";
import { runRig } from "../../chaos/rig.ts";

test("300 writes under fire: none twice, none unapproved, no run lost", { timeout: 600_000 }, async () => {
  const report = await runRig({ steps: 300, seed: 20_261, workers: 3, everyMs: 500, say: () => {} });
  expect(report.violations).toEqual([]);
  const applied = report.figures["effects applied"];
  expect(applied, "most writes were made").toBeGreaterThan(150);
  expect(
    Object.values(report.acts).reduce((sum, count) => sum + count, 0),
    "there was fire",
  ).toBeGreaterThan(5);
});

test("the same seed decides the same, another seed decides otherwise", () => {
  const acts = (seed: number) => {
    const drawn = actsOf(seed);
    return Array.from({ length: 200 }, () => drawn.next().value);
  };
  expect(acts(7)).toEqual(acts(7));
  expect(acts(7)).not.toEqual(acts(8));
  expect(fateOf(7, "vote", 3, "guarded")).toBe(fateOf(7, "vote", 3, "guarded"));
  expect(fateOf(7, "vote", 3, "guarded")).not.toBe(fateOf(8, "vote", 3, "guarded"));
});
