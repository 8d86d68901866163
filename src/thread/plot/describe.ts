import { count, sayBytes, sayPercent, saySeconds } from "../../core/words/format.ts";
import type { PlotSpec } from "../wanted.ts";

/** Most series in one chart; more are told apart by nobody. */
export const MOST_SERIES = 8;

/** A value in its unit, short: `38 ms`, `97 %`, `1.5 GiB`, `1,204`, `3.2/s`. */
export function sayValue(value: number, unit: PlotSpec["unit"]): string {
  if (!Number.isFinite(value)) return "–";
  if (unit === "seconds") return value < 0 ? `-${saySeconds(-value)}` : saySeconds(value);
  if (unit === "ratio") return sayPercent(value);
  if (unit === "bytes") return sayBytes(value);
  return `${sayNumber(value)}${unit === "per second" ? "/s" : ""}`;
}

function sayNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(2);
  if (size >= 1e9) return `${(value / 1e9).toFixed(1)} G`;
  if (size >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  const digits = size === 0 || Number.isInteger(value) || size >= 100 ? 0 : size >= 1 ? 1 : 3;
  return value.toFixed(digits).replace(/\B(?=(\d{3}){1,7}(?!\d))(?<!\.\d{0,20})/g, ",");
}

export interface DrawnSeries {
  readonly name: string;
  /** [unix milliseconds, value]; a gap is null. In order of time. */
  readonly points: readonly (readonly [number, number | null])[];
  readonly max: number;
  readonly last: number | undefined;
}

/** The series worth drawing: the highest first, at most `MOST_SERIES`, with what is no number made a gap. */
export function pickSeries(spec: PlotSpec): { readonly shown: DrawnSeries[]; readonly hidden: number } {
  const all = spec.series.map(({ name, points }): DrawnSeries => {
    const clean = points
      .filter(([time]) => Number.isFinite(time) && Math.abs(time) < 8e12)
      .map(([time, value]) => [time * 1000, isNumber(value) ? settled(value) : null] as const)
      .sort((a, b) => a[0] - b[0]);
    const values = clean.flatMap(([, value]) => (value === null ? [] : [value]));
    return {
      name,
      points: clean,
      max: values.reduce((a, b) => Math.max(a, b), -Infinity),
      last: values.at(-1),
    };
  });
  const ranked = all
    .map((series, i) => ({ series, i }))
    .sort((a, b) => compare(b.series.max, a.series.max) || a.i - b.i);
  return {
    shown: ranked.slice(0, MOST_SERIES).map(({ series }) => series),
    hidden: Math.max(0, all.length - MOST_SERIES),
  };
}

// Values beyond this cannot be scaled without overflowing; they are as good as a gap.
const isNumber = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Math.abs(value) < 1e100;

/** The limit to draw, where it can be drawn. */
export const thresholdOf = (spec: PlotSpec): number | undefined =>
  isNumber(spec.threshold) ? settled(spec.threshold) : undefined;
// Below this a scale runs out of digits.
const settled = (value: number): number => (Math.abs(value) < 1e-100 ? 0 : value);
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

/** Last and highest value of each drawn series, for those who cannot see the chart. */
export function describeSeries(spec: PlotSpec): { name: string; value: string }[] {
  const { shown, hidden } = pickSeries(spec);
  const said = shown.map(({ name, last, max }) => ({
    name,
    value:
      last === undefined
        ? "no data"
        : `now ${sayValue(last, spec.unit)}, highest ${sayValue(max, spec.unit)}`,
  }));
  const threshold = thresholdOf(spec);
  const limit = threshold === undefined ? [] : [{ name: "threshold", value: sayValue(threshold, spec.unit) }];
  const rest = hidden === 0 ? [] : [{ name: "not shown", value: count(hidden, "series", "series") }];
  return [...said, ...limit, ...rest];
}
