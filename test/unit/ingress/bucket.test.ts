import { expect, it } from "vitest";
import { createBuckets } from "../../../src/ingress/bucket.ts";

it("lets so many through at once, refills evenly, and never beyond the brim", () => {
  let now = 0;
  const buckets = createBuckets(3, () => now);
  const taken = (key = "a") => [1, 2, 3, 4].map(() => buckets.take(key));
  expect(taken()).toEqual([true, true, true, false]);
  expect(buckets.take("b")).toBe(true);
  now += 20_000;
  expect([buckets.take("a"), buckets.take("a")]).toEqual([true, false]);
  now += 3_600_000;
  expect(taken()).toEqual([true, true, true, false]);
});
