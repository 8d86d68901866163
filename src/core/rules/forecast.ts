/** One measurement: unix seconds, what is used, and how much there was then (a disk may have grown). Null: no value. */
export interface Measured {
  readonly at: number;
  readonly used: number | null;
  readonly limit: number;
}

/** What is said of every forecast: how many days it rests on, and since when they count. */
interface Basis {
  readonly days: number;
  /** Only what came after counts: a larger disk, a cleanup. Unix seconds. */
  readonly since?: { readonly at: number; readonly why: "limit" | "cleanup" };
}

/**
 * When something is full, if it goes on as it did.
 * `too-little` nothing can be said; `no-trend` it does not grow that anybody could tell; `held-down` it is emptied again and
 * again, and its peaks do not grow; `fills` it is full in `soonest` to `latest` days (latest absent: beyond the horizon).
 */
export type Forecast =
  | ({ readonly state: "too-little"; readonly needsDays: number } & Basis)
  | ({ readonly state: "no-trend"; readonly perDay: number } & Basis)
  | ({ readonly state: "held-down"; readonly times: number; readonly peak: number } & Basis)
  | ({
      readonly state: "fills";
      readonly perDay: number;
      readonly soonest: number;
      readonly latest?: number;
      /** The trend is that of the last week, which is faster than before. */
      readonly faster: boolean;
      /** It is emptied again and again, and its peaks grow. */
      readonly byPeaks: boolean;
      /** It is what came within the last hours, to more than ever before: days would not show it yet. */
      readonly today?: true;
      /** How far the trend of all but the last week misses what is there now, as a share of the limit. Absent: too short to try. */
      readonly missed?: number;
      /** Between the low and the high of one day, as a share of the limit. */
      readonly swing: number;
    } & Basis);

const DAY = 86_400;
/** Fewer days tell nothing beyond the rhythm of a week's beginning. */
const LEAST_DAYS = 5;
const WEEK = 7;
/** A fall by this share of the limit within one step is a cleanup, not noise. */
const CLEANUP = 0.05;
/** A limit that moved by more than this is another disk. */
const RESIZED = 0.01;
/** Hours that show a sudden growth, values there must be of them, and days within which it must be full to be told. */
const TODAY_HOURS = 6;
const LEAST_HOURS = 5;
const TODAY_DAYS = 1;
/** By this share of the limit it must be above all that was before: a rhythm comes back to what it was. */
const NEW_HIGH = 0.01;
/** Both ends of the confidence interval of the slope: 90 %. */
const Z90 = 1.645;
/** Growth below this share of the limit over the horizon is none. */
const FLAT = 0.01;

type Point = readonly [number, number];

/**
 * Theil-Sen: the median of all slopes between two days, which a third of wild days cannot move, with Sen's interval (the ranks of
 * Kendall's statistic). A day is its median, so the rhythm of a day is no trend. Pure; see docs/capacity.md for what it cannot say.
 */
export function forecast(measured: readonly Measured[], horizonDays: number): Forecast {
  const said = ofDays(measured, horizonDays);
  const sudden = ofToday(measured);
  if (sudden === undefined) return said;
  return said.state === "fills" && said.soonest <= sudden.soonest ? said : sudden;
}

type Fills = Extract<Forecast, { state: "fills" }>;

/** Full within a day by the growth of the last hours, which took it higher than it ever was. Undefined: it is not so. */
function ofToday(measured: readonly Measured[]): Fills | undefined {
  const known = measured.filter((one) => one.used !== null && Number.isFinite(one.used) && one.limit > 0);
  const { at: end = 0, limit = 0 } = known.at(-1) ?? {};
  const points = known.map(({ at, used }): Point => [at, used ?? 0]);
  const hours = points.filter(([at]) => at >= end - TODAY_HOURS * 3_600);
  const before = points.slice(0, points.length - hours.length).map(([, used]) => used);
  const [now = 0, high] = [hours.at(-1)?.[1], Math.max(...before)];
  if (hours.length < LEAST_HOURS || now < high + NEW_HIGH * limit) return undefined;
  const slope = slopeOf(hours);
  const left = limit - now;
  if (slope.low <= 0 || left <= 0 || left / slope.high > TODAY_DAYS) return undefined;
  const latest = left / slope.low;
  const range = { soonest: left / slope.high, ...(latest <= 4 * TODAY_DAYS ? { latest } : {}) };
  return {
    ...{ state: "fills", perDay: slope.mid, faster: true, byPeaks: false, today: true },
    ...{
      ...range,
      swing: Math.min(1, (now - Math.min(...hours.map(([, used]) => used))) / limit),
      days: spanOf(hours),
    },
  };
}

function ofDays(measured: readonly Measured[], horizonDays: number): Forecast {
  const known = measured.filter((one) => one.used !== null && Number.isFinite(one.used) && one.limit > 0);
  const limit = known.at(-1)?.limit ?? 0;
  const resized = known.findLastIndex((one, i) => {
    const before = known[i - 1];
    return before !== undefined && Math.abs(one.limit - before.limit) > RESIZED * before.limit;
  });
  const mine = known.slice(Math.max(0, resized)).map(({ at, used }): Point => [at, used ?? 0]);
  const since = resized > 0 ? ({ since: { at: known[resized]?.at ?? 0, why: "limit" } } as const) : undefined;
  const falls = mine.flatMap(([, used], i) => {
    const before = mine[i - 1];
    return before !== undefined && before[1] - used > CLEANUP * limit ? [i] : [];
  });
  if (falls.length >= 2) return sawTooth(mine, falls, { limit, horizonDays, since });
  const [fall] = falls;
  if (fall === undefined) return trendOf(mine, { limit, horizonDays, basis: since ?? {} });
  const after = mine.slice(fall);
  return trendOf(after, {
    limit,
    horizonDays,
    basis: { since: { at: after[0]?.[0] ?? 0, why: "cleanup" } },
  });
}

/** What there was just before each fall. */
const peaksOf = (points: readonly Point[], falls: readonly number[]): Point[] =>
  falls.map((at) => points[at - 1]).filter((peak) => peak !== undefined);

/** Nothing was taken away for more than twice as long as usual: whatever did so does it no more. */
function hasStopped(points: readonly Point[], falls: readonly number[]): boolean {
  const times = falls.map((at) => points[at]?.[0] ?? 0);
  const between = times.slice(1).map((at, i) => at - (times[i] ?? 0));
  return (points.at(-1)?.[0] ?? 0) - (times.at(-1) ?? 0) > 2 * Math.max(...between);
}

interface Frame {
  readonly limit: number;
  readonly horizonDays: number;
  readonly basis: Pick<Basis, "since">;
}

/** The peaks are what it is full by: what is taken away again after each of them does not count. */
function sawTooth(
  points: readonly Point[],
  falls: readonly number[],
  {
    limit,
    horizonDays,
    since,
  }: { limit: number; horizonDays: number; since: Pick<Basis, "since"> | undefined },
): Forecast {
  const last = falls.at(-1) ?? 0;
  if (hasStopped(points, falls)) {
    const after = points.slice(last);
    const at = after[0]?.[0] ?? 0;
    return trendOf(after, { limit, horizonDays, basis: { since: { at, why: "cleanup" } } });
  }
  const basis = { days: spanOf(points), ...since };
  const peaks = peaksOf(points, falls);
  const peak = Math.max(...points.map(([, used]) => used));
  const held = { state: "held-down", times: falls.length, peak: peak / limit, ...basis } as const;
  if (peaks.length < LEAST_DAYS) return held;
  const slope = slopeOf(peaks);
  if (slope.low <= 0 || slope.mid * horizonDays < FLAT * limit) return held;
  const left = Math.max(0, limit - (peaks.at(-1)?.[1] ?? 0));
  return {
    state: "fills",
    perDay: slope.mid,
    ...range(left, left, slope, horizonDays),
    faster: false,
    byPeaks: true,
    swing: (peak - Math.min(...points.map(([, used]) => used))) / limit,
    ...basis,
  };
}

function trendOf(points: readonly Point[], { limit, horizonDays, basis }: Frame): Forecast {
  const days = spanOf(points);
  const daily = daysOf(points);
  const base = { days, ...basis };
  if (daily.length < LEAST_DAYS) return { state: "too-little", needsDays: LEAST_DAYS, ...base };
  const whole = slopeOf(daily);
  const week = daily.length > WEEK ? slopeOf(daily.slice(-WEEK)) : undefined;
  // Both intervals must be apart: a week alone is noisy.
  const faster = week !== undefined && week.low > Math.max(whole.high, 0);
  const slope = faster ? week : whole;
  if (slope.low <= 0 || slope.mid * horizonDays < FLAT * limit)
    return { state: "no-trend", perDay: whole.mid, ...base };
  const end = points.at(-1)?.[0] ?? 0;
  const lastDay = points.filter(([at]) => at > end - DAY).map(([, used]) => used);
  const high = Math.max(...lastDay);
  const missed = missedBy(daily, limit);
  return {
    state: "fills",
    perDay: slope.mid,
    ...range(Math.max(0, limit - high), Math.max(0, limit - median(lastDay)), slope, horizonDays),
    faster,
    byPeaks: false,
    swing: (high - Math.min(...lastDay)) / limit,
    ...(missed === undefined ? {} : { missed }),
    ...base,
  };
}

/** Full at the day's high with the steepest slope at the soonest, at its median with the flattest at the latest. */
function range(leftHigh: number, leftMid: number, { low, high }: Slope, horizonDays: number) {
  const soonest = leftHigh / high;
  const latest = leftMid / low;
  return latest > 4 * horizonDays ? { soonest } : { soonest, latest: Math.max(soonest, latest) };
}

/** The trend of all but the last week, held against what came: said with every forecast that has the days for it. */
function missedBy(daily: readonly Point[], limit: number): number | undefined {
  const earlier = daily.slice(0, -WEEK);
  const last = daily.at(-1);
  if (earlier.length < LEAST_DAYS || last === undefined) return undefined;
  const { mid } = slopeOf(earlier);
  const middle = median(earlier.map(([at, used]) => used - (mid * at) / DAY));
  return Math.abs(middle + (mid * last[0]) / DAY - last[1]) / limit;
}

/** Days between the first and the last value. */
const spanOf = (points: readonly Point[]): number =>
  ((points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0)) / DAY;

/** The median of each day, counted back from the last value; days with less than a quarter of their values are left out. */
function daysOf(points: readonly Point[]): Point[] {
  const end = points.at(-1)?.[0] ?? 0;
  const byDay = new Map<number, number[]>();
  for (const [at, used] of points) {
    const day = Math.floor((end - at) / DAY);
    byDay.set(day, [...(byDay.get(day) ?? []), used]);
  }
  const most = Math.max(0, ...[...byDay.values()].map(({ length }) => length));
  return [...byDay]
    .filter(([, values]) => values.length * 4 >= most)
    .map(([day, values]): Point => [end - (day + 0.5) * DAY, median(values)])
    .toSorted(([a], [b]) => a - b);
}

interface Slope {
  /** Per day. */
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

function slopeOf(points: readonly Point[]): Slope {
  const slopes = points
    .flatMap(([at, used], i) =>
      points.slice(i + 1).map(([later, more]) => ((more - used) * DAY) / (later - at)),
    )
    .toSorted((a, b) => a - b);
  const n = points.length;
  const spread = Z90 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const at = (rank: number) => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? 0;
  return {
    low: at((slopes.length - spread) / 2),
    mid: median(slopes),
    high: at((slopes.length + spread) / 2 - 1),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
