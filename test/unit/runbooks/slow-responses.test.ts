import { describe, expect, it } from "vitest";
import { highErrorRate } from "../../../runbooks/prometheus/high-error-rate.ts";
import { slowResponses } from "../../../runbooks/prometheus/slow-responses.ts";
import { bucketsOf, quantileOf } from "../../../src/connectors/prometheus/buckets.ts";
import { judge } from "../../../src/testing/index.ts";

const INF = Number.MAX_VALUE;
const steady = { resets: 0, samples: 60, restarts: 0, startFalls: 0 };
const mixed = { resets: 15, samples: 60, restarts: null, startFalls: 0 };
const targets = { total: 1, down: [] };

/** As the connector measures it; the share of requests up to each bound. */
function latency(perSecond: number, bounds: [number, number][], more: object = {}) {
  const buckets = bucketsOf(bounds.map(([le, share]): [number, number] => [le, share * perSecond]));
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantileOf(q, buckets));
  return {
    ...{ state: "measured", metric: "http_request_duration_seconds", windowSeconds: 300, isNative: false },
    ...{ p50, p95, p99, mean: null, perSecond, buckets, counters: steady, routes: [] },
    ...more,
  };
}
const slow: [number, number][] = [
  [0.1, 0.2],
  [2, 0.4],
  [10, 1],
  [INF, 1],
];
const found = (seen: object, params = {}) =>
  judge(slowResponses, { params, steps: { latency: seen, targets } }).findings.map(
    ({ id, severity, title }) => `${id} ${severity}: ${title}`,
  );

it.each([
  [0.05, "few-requests info"],
  [0.5, "slow critical"],
] as const)("%d slow requests a second are %s", (perSecond, start) => {
  expect(found(latency(perSecond, slow))[0]).toMatch(new RegExp(`^${start}`));
});

describe("a limit between two bounds", () => {
  const coarse: [number, number][] = [
    [5, 1],
    [INF, 1],
  ];

  it("says what the buckets say, and no number of its own", () => {
    const [first, ...more] = found(latency(50, coarse));
    expect(first).toBe("slow warning: p95 is below 5.0 s (limit 2.0 s)");
    expect(more).toEqual([]);
  });

  it("is decided by a mean that cannot be otherwise", () => {
    expect(found(latency(50, coarse, { mean: 0.0003 }))).toEqual([
      "buckets-too-coarse info: p95 is below 5.0 s, which is all the buckets say; the mean is 0.3 ms",
    ]);
    expect(found(latency(50, coarse, { mean: 4.9 }))[0]).toMatch(/^slow warning/);
  });

  it("is a number where the buckets are narrow", () => {
    const native: [number, number][] = [
      [3.4, 0],
      [3.7, 0.5],
      [4, 1],
    ];
    expect(found(latency(50, native, { isNative: true }))).toEqual([
      "slow critical: p95 is 4.0 s (limit 2.0 s)",
    ]);
    expect(found(latency(50, native, { isNative: true }), { p95Seconds: 5 })).toEqual([]);
  });
});

describe("a histogram of milliseconds under a name of seconds", () => {
  const milliseconds: [number, number][] = [
    [100, 0.1],
    [1000, 0.9],
    [5000, 0.99],
    [INF, 1],
  ];
  it("is said to be unclear, and nothing is judged by it", () => {
    expect(found(latency(50, milliseconds, { mean: 400 }))).toEqual([
      "unit-unclear warning: p95 is between 17 min and 83 min, or between 1.0 s and 5.0 s if http_request_duration_seconds counts milliseconds",
    ]);
  });
  it("slow requests of a histogram with long bounds are slow, and quick ones are none", () => {
    const long = (shares: readonly number[]): [number, number][] =>
      [0.1, 1, 10, 100, 2000, INF].map((le, at) => [le, shares[at] ?? 1]);
    expect(found(latency(50, long([0, 0.1, 1, 1, 1, 1]), { mean: 5 }))[0]).toMatch(
      /^slow (warning|critical)/,
    );
    expect(found(latency(50, long([0.9, 1, 1, 1, 1, 1]), { mean: 0.1 }))).toEqual([]);
  });
});

describe("numbers that cannot be trusted", () => {
  it("counters that fall all the time give no verdict, whatever they say", () => {
    const [first, ...more] = found(latency(50, slow, { counters: mixed }));
    expect(first).toMatch(
      /^counters-fall warning: Rates of \S+ cannot be trusted: the counter falls at 15 of 60 scrapes$/,
    );
    expect(more).toEqual([]);
  });

  const total = { name: "all", total: 10, errors: 5, ratio: 0.5 };
  const ratio = (more: object) => ({
    ...{
      state: "measured",
      metric: "http_requests_total",
      windowSeconds: 300,
      total,
      firstErrors: 0,
      unreadable: 0,
    },
    ...{ counters: steady, classes: [], routes: [], instances: [] },
    ...more,
  });
  const errors = (seen: object) => judge(highErrorRate, { steps: { ratio: seen, targets } }).findings;

  it("the error ratio is judged by the same rule", () => {
    expect(errors(ratio({})).map(({ id }) => id)).toEqual(["error-rate"]);
    expect(errors(ratio({ counters: mixed })).map(({ id }) => id)).toEqual(["counters-fall"]);
  });

  it("of a partial answer come after it, and are never grave", () => {
    const notSeen = [
      { what: "all of the data behind the numbers", why: "the answer is partial: store-2 is away" },
    ];
    const seen = errors(ratio({ notSeen }));
    expect(seen.map(({ id, severity }) => `${id} ${severity}`)).toEqual([
      "partial-answer warning",
      "error-rate warning",
      "could-not-look info",
    ]);
    expect(seen[1]?.title).toContain("of the counted part of requests");
    const clean = ratio({ notSeen, total: { ...total, errors: 0, ratio: 0 } });
    expect(errors(clean).map(({ id }) => id)).toEqual(["partial-answer", "could-not-look"]);
  });

  it("words for a status are named, not judged", () => {
    const values = [
      { name: "success", perSecond: 5 },
      { name: "error", perSecond: 5 },
    ];
    const words = {
      ...{ state: "status-words", metric: "http_requests_total", windowSeconds: 300 },
      statusLabel: "status",
      values,
    };
    const { findings, remedies } = judge(highErrorRate, { steps: { ratio: words, targets } });
    expect(findings).toMatchObject([{ id: "no-data", severity: "info" }]);
    expect(findings[0]?.title).toBe("Errors cannot be told: the values of status are success, error");
    expect(remedies.readStatus?.advice).toContain("log of the proxy");
  });

  it("targets that are all down explain why there are no numbers", () => {
    const down = { total: 1, down: [{ job: "app", instance: "a:1", lastError: "connection refused" }] };
    const seen = judge(highErrorRate, {
      steps: { ratio: { state: "no-data", metric: "m", windowSeconds: 300, samples: 0 }, targets: down },
    }).findings;
    expect(seen.map(({ id }) => id)).toEqual(["targets-down", "no-data"]);
    expect(seen[1]?.because).toContain("Follows from:");
  });
});
