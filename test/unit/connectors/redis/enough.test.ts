// When a sample of lookups has shown enough of them, and when it has to go on.
import { expect, it } from "vitest";
import { isLow } from "../../../../src/connectors/redis/enough.ts";

const LIMIT = { hitRatioBelow: 0.7, lookups: 50 };
/** Counters at each look, from what was counted between them. */
const counted = (...pieces: readonly (readonly [hits: number, misses: number])[]) => {
  const looks = [{ hits: 900, misses: 100 }];
  for (const [hits, misses] of pieces) {
    const { hits: h, misses: m } = looks.at(-1) ?? { hits: 0, misses: 0 };
    looks.push({ hits: h + hits, misses: m + misses });
  }
  return looks;
};

it("few hit in each of four pieces: that is enough", () => {
  expect(isLow(counted([2, 60], [0, 50], [3, 40], [1, 55]), LIMIT)).toBe(true);
});

it.each([
  [
    "three pieces are a batch that reads what is new",
    [
      [0, 90],
      [0, 90],
      [0, 90],
    ],
  ],
  [
    "one piece of them hits",
    [
      [0, 90],
      [0, 90],
      [80, 10],
      [0, 90],
    ],
  ],
  [
    "a piece without lookups says nothing",
    [
      [0, 90],
      [0, 0],
      [0, 90],
      [0, 90],
    ],
  ],
  [
    "fewer lookups than count",
    [
      [0, 5],
      [0, 5],
      [0, 5],
      [0, 5],
    ],
  ],
  [
    "what lies near the limit may lie beyond it",
    [
      [13, 7],
      [13, 7],
      [13, 7],
      [13, 7],
    ],
  ],
  [
    "the beginning was another one",
    [
      [2000, 0],
      [0, 90],
      [0, 90],
      [0, 90],
      [0, 90],
    ],
  ],
  [
    "enough of them hit: that is for the whole time to show",
    [
      [90, 5],
      [90, 5],
      [90, 5],
      [90, 5],
    ],
  ],
] as const)("%s", (_why, pieces) => {
  expect(isLow(counted(...pieces), LIMIT)).toBe(false);
});

it("a counter that began anew says nothing of its piece", () => {
  const looks = counted([0, 90], [0, 90], [0, 90]);
  expect(isLow([...looks, { hits: 0, misses: 40 }], LIMIT)).toBe(false);
});
