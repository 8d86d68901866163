import { describe, expect, it, test } from "vitest";
import { bucketsOf, quantileOf, verdictOn } from "../../../../src/connectors/prometheus/buckets.ts";
import { areMixed } from "../../../../src/connectors/prometheus/counters.ts";
import { fc } from "../../../helpers/property.ts";

const INF = Number.POSITIVE_INFINITY;
const of = (...bounds: [number, number][]) => bucketsOf(bounds);

describe("what buckets say of a quantile", () => {
  it("is between which bounds it lies, and no more", () => {
    expect(quantileOf(0.95, of([5, 100], [INF, 100]))).toEqual({ from: 0, to: 5, guess: 4.75 });
    expect(quantileOf(0.95, of([0.1, 20], [1, 50], [INF, 100]))).toEqual({ from: 1, to: null, guess: 1 });
    expect(quantileOf(0.5, of([1, 50], [2, 100], [INF, 100]))).toEqual({ from: 0, to: 1, guess: 1 });
    expect(quantileOf(0.95, of([1, 0], [INF, 0]))).toBeUndefined();
  });

  it("decides where the limit is a bound; between two bounds the mean may", () => {
    const coarse = of([5, 100], [INF, 100]);
    expect(verdictOn(0.95, 2, coarse, 0.0003)).toBe("within");
    expect(verdictOn(0.95, 2, coarse, 4.9)).toBe("over");
    expect(verdictOn(0.95, 2, coarse, 1.5)).toBe("unknown");
    expect(verdictOn(0.95, 2, coarse, null)).toBe("unknown");
    expect(verdictOn(0.95, 5, coarse, null)).toBe("within");
    expect(verdictOn(0.95, 2, of([2, 10], [5, 100], [INF, 100]), null)).toBe("over");
    expect(verdictOn(0.95, 2, of([1, 10], [INF, 100]), null)).toBe("unknown");
  });

  it("is never contradicted by requests that could have been", () => {
    const durations = fc.array(fc.double({ min: 0.01, max: 9, noNaN: true }), {
      minLength: 20,
      maxLength: 60,
    });
    fc.assert(
      fc.property(durations, fc.double({ min: 0.05, max: 8, noNaN: true }), (all, limit) => {
        const below = (le: number) => all.filter((one) => one <= le).length;
        const buckets = of(...[0.1, 1, 5, INF].map((le): [number, number] => [le, below(le)]));
        const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
        const sorted = [...all].sort((a, b) => a - b);
        const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0;
        const verdict = verdictOn(0.95, limit, buckets, mean);
        if (verdict === "within") expect(p95).toBeLessThanOrEqual(limit + 1e-9);
        if (verdict === "over") expect(p95).toBeGreaterThanOrEqual(limit - 1e-9);
      }),
    );
  });
});

test.each([
  [
    "workers behind one address, no start time",
    { resets: 15, samples: 60, restarts: null, startFalls: 0 },
    true,
  ],
  ["workers, each with its start time", { resets: 15, samples: 60, restarts: 40, startFalls: 15 }, true],
  ["workers that share a start time", { resets: 15, samples: 60, restarts: 0, startFalls: 0 }, true],
  ["a crash loop that says so", { resets: 9, samples: 60, restarts: 9, startFalls: 0 }, false],
  ["one deployment", { resets: 1, samples: 60, restarts: null, startFalls: 0 }, false],
  ["steady", { resets: 0, samples: 60, restarts: 0, startFalls: 0 }, false],
] as const)("%s", (_what, counters, mixed) => {
  expect(areMixed(counters)).toBe(mixed);
});
