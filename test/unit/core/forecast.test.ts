import { describe, expect, it } from "vitest";
import { type Forecast, forecast, type Measured } from "../../../src/core/rules/forecast.ts";
import { fc } from "../../helpers/property.ts";

const HOUR = 3_600;
const END = 1_795_000_000;
/** Hourly values of so many days, as a function of the days since the beginning. */
const days = (
  n: number,
  used: (day: number) => number | null,
  limit: (day: number) => number = () => 100,
): Measured[] =>
  Array.from({ length: n * 24 }, (_, i) => ({
    at: END - (n * 24 - 1 - i) * HOUR,
    used: used(i / 24),
    limit: limit(i / 24),
  }));
/** Noise that is the same at every run. */
const noise = (day: number): number => Math.sin(day * 1_234.5) * Math.cos(day * 77.7);
const of = (measured: readonly Measured[]): Forecast => forecast(measured, 30);

describe("what grows since some hours only", () => {
  const HOURS = 24 * 20;
  /** Still at 40, then 8 an hour within the last five. */
  const sudden = (day: number) => 40 + noise(day) / 10 + Math.max(0, day * 24 - (HOURS - 6)) * 8;

  it("to more than ever is full within hours, though no day shows it", () => {
    const said = of(days(20, sudden));
    expect(said).toMatchObject({ state: "fills", today: true });
    if (said.state !== "fills") throw new Error("no");
    expect(said.soonest * 24).toBeGreaterThan(1.5);
    expect((said.latest ?? 0) * 24).toBeLessThan(4);
  });

  it("is no news where it was so high before, where it would take days, and where it is over", () => {
    const nightly = (day: number) => 40 + Math.min(40, ((day * 24 + 6) % 24) * 8 * (day % 1 > 0.74 ? 1 : 0));
    expect(of(days(20, nightly))).not.toHaveProperty("today");
    const slow = (day: number) => 40 + Math.max(0, day * 24 - (HOURS - 6)) * 0.5;
    expect(of(days(20, slow))).not.toHaveProperty("today");
    expect(of(days(20, (day) => Math.min(60, sudden(day - 0.5))))).not.toHaveProperty("today");
  });

  it("of a place that is a day old is said, too", () => {
    expect(of(days(1, (day) => 10 + day * 80))).toMatchObject({ state: "fills", today: true });
  });
});

describe("what grows", () => {
  it("is full when the line says so, within the interval", () => {
    const said = of(days(30, (day) => 40 + day + noise(day)));
    expect(said).toMatchObject({ state: "fills", faster: false, byPeaks: false });
    if (said.state !== "fills") throw new Error("no");
    // 30 % are left, 1 % goes a day.
    expect(said.perDay).toBeCloseTo(1, 1);
    expect(said.soonest).toBeGreaterThan(25);
    expect(said.soonest).toBeLessThan(30);
    expect(said.latest).toBeGreaterThan(said.soonest);
    expect(said.latest).toBeLessThan(34);
    expect(said.missed).toBeLessThan(0.03);
  });

  it("has a daily rhythm that is said, and no trend", () => {
    const wave = (day: number) => 15 * Math.sin(day * 2 * Math.PI);
    expect(of(days(30, (day) => 60 + wave(day)))).toMatchObject({ state: "no-trend" });
    const growing = of(days(30, (day) => 30 + day + wave(day)));
    expect(growing).toMatchObject({ state: "fills" });
    if (growing.state !== "fills") throw new Error("no");
    expect(growing.swing).toBeGreaterThan(0.25);
    // It is full at the day's high, weeks before its median is.
    expect((growing.latest ?? 0) - growing.soonest).toBeGreaterThan(12);
  });

  it("and has grown faster since a week is said so", () => {
    const said = of(days(30, (day) => (day < 22 ? 40 + 0.1 * day : 42.2 + 3 * (day - 22)) + noise(day) / 5));
    expect(said).toMatchObject({ state: "fills", faster: true });
    if (said.state !== "fills") throw new Error("no");
    expect(said.perDay).toBeGreaterThan(2.5);
    expect(said.missed).toBeGreaterThan(0.1);
  });

  it("is not moved by a third of wild values, nor by gaps", () => {
    const wild = of(days(30, (day) => (Math.floor(day * 24) % 24 < 7 ? 43 + day : 40 + day)));
    const gaps = of(
      days(30, (day) =>
        day > 10 && day < 14 ? null : Math.floor(day * 24) % 5 === 0 ? Number.NaN : 40 + day,
      ),
    );
    for (const said of [wild, gaps]) {
      expect(said.state).toBe("fills");
      if (said.state === "fills") expect(said.perDay).toBeCloseTo(1, 1);
    }
  });

  it("and is full already is full in no days", () => {
    expect(of(days(20, (day) => Math.min(100, 85 + day)))).toMatchObject({ state: "fills", soonest: 0 });
  });
});

describe("what does not", () => {
  it.each([
    ["stands still", (_day: number) => 70],
    ["only trembles", (day: number) => 70 + 3 * noise(day)],
    ["falls", (day: number) => 90 - day],
    ["grows by less than anybody sees", (day: number) => 70 + day / 10_000],
  ])("%s: no trend", (_what, used) => {
    expect(of(days(30, used)).state).toBe("no-trend");
  });

  it("random walks without a drift fill hardly ever", () => {
    let claimed = 0;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -10, max: 10 }), { minLength: 30, maxLength: 30 }), (steps) => {
        const said = of(days(30, (day) => 50 + (steps[Math.floor(day)] ?? 0) / 5));
        if (said.state === "fills") claimed += 1;
      }),
      { numRuns: 200 },
    );
    // A 90 % interval is wrong on the one side in 5 of 100.
    expect(claimed).toBeLessThan(30);
  });
});

describe("what was interrupted", () => {
  it("by a larger disk: only what came after counts", () => {
    const bigger = of(
      days(
        30,
        (day) => 50 + day,
        (day) => (day < 20 ? 80 : 200),
      ),
    );
    expect(bigger).toMatchObject({ state: "fills", since: { why: "limit" } });
    expect(bigger.days).toBeLessThan(10.5);
    expect(
      of(
        days(
          30,
          (day) => 50 + day,
          (day) => (day < 28 ? 80 : 200),
        ),
      ),
    ).toMatchObject({
      state: "too-little",
      since: { why: "limit" },
    });
  });

  it("by one cleanup in the middle: what came after it counts", () => {
    const said = of(days(30, (day) => (day < 15 ? 60 + 2 * day : 30 + 2 * (day - 15))));
    expect(said).toMatchObject({ state: "fills", since: { why: "cleanup" } });
    if (said.state !== "fills") throw new Error("no");
    expect(said.perDay).toBeCloseTo(2, 1);
    expect(of(days(30, (day) => (day < 28 ? 30 + 2 * day : 30))).state).toBe("too-little");
  });

  it("again and again: held down as long as its peaks stay, full by its peaks when they grow", () => {
    const tooth = (day: number) => 40 + 8 * (day % 3);
    expect(of(days(30, tooth))).toMatchObject({ state: "held-down" });
    expect(of(days(30, (day) => tooth(day) + 0.8 * day))).toMatchObject({ state: "fills", byPeaks: true });
    const stopped = of(days(30, (day) => (day < 18 ? tooth(day) : 40 + 3 * (day - 18))));
    expect(stopped).toMatchObject({ state: "fills", since: { why: "cleanup" } });
    expect(of(days(30, (day) => 40 + 2 * (day % 14)))).toMatchObject({ state: "held-down", times: 2 });
  });
});

describe("too little", () => {
  it.each([
    ["nothing", []],
    ["only gaps", days(30, () => null)],
    ["an hour", days(30, (day) => 40 + day).slice(-1)],
    ["four days", days(4, (day) => 40 + 5 * day)],
    [
      "a limit of nothing",
      days(
        30,
        (day) => day,
        () => 0,
      ),
    ],
  ])("%s is too little", (_what, measured) => {
    expect(of(measured as Measured[])).toMatchObject({ state: "too-little", needsDays: 5 });
  });
});

it("any numbers give one of the answers, and every figure is finite", () => {
  const value = fc.oneof(
    fc.double({ min: -1e15, max: 1e15, noNaN: true }),
    fc.constantFrom(null, Number.NaN, Infinity, 0),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(value, fc.double({ min: 0, max: 1e15, noNaN: true })), { maxLength: 400 }),
      (all) => {
        const said = of(all.map(([used, limit], i) => ({ at: END + i * HOUR, used, limit })));
        for (const figure of Object.values(said))
          if (typeof figure === "number") expect(Number.isFinite(figure)).toBe(true);
        if (said.state === "fills") expect(said.latest ?? Infinity).toBeGreaterThanOrEqual(said.soonest);
      },
    ),
  );
});
