/** One bucket: requests per second longer than `from` and at most `to` seconds; `to` infinite: the last. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly rate: number;
}

/** From cumulative counts by upper bound (`le`). What falls short of the one below it (scrapes at different moments) counts as none. */
export function bucketsOf(cumulative: readonly (readonly [le: number, rate: number])[]): Bucket[] {
  let from = 0;
  let below = 0;
  return [...cumulative]
    .sort(([a], [b]) => a - b)
    .map(([to, rate]) => {
      const one = { from: to <= 0 ? Number.NEGATIVE_INFINITY : from, to, rate: Math.max(0, rate - below) };
      from = to;
      below = Math.max(below, rate);
      return one;
    });
}

/** Between which bounds a quantile lies: all that buckets say of it. `guess`: were the requests spread evenly between them. */
export interface Quantile {
  readonly from: number;
  /** Null: beyond the largest bound. */
  readonly to: number | null;
  readonly guess: number;
}

/** Undefined: no requests. */
export function quantileOf(q: number, buckets: readonly Bucket[]): Quantile | undefined {
  const all = buckets.reduce((sum, { rate }) => sum + rate, 0);
  if (!(all > 0)) return undefined;
  let below = 0;
  const found = buckets.find(({ rate }) => {
    if (rate > 0 && below + rate >= q * all * (1 - 1e-9)) return true;
    below += rate;
    return false;
  });
  if (found === undefined) return undefined;
  const from = Math.max(0, found.from);
  if (!Number.isFinite(found.to)) return { from, to: null, guess: from };
  const share = Math.min(1, Math.max(0, (q * all - below) / found.rate));
  return { from, to: found.to, guess: from + share * (found.to - from) };
}

/** Is the quantile over the limit? The mean may tell where the buckets do not. */
export type Verdict = "over" | "within" | "unknown";

/**
 * Buckets alone tell where the limit is one of their bounds. Between two bounds the mean may: were the quantile at the limit,
 * the requests above it and all others at the least of their buckets would take so long together, and no less.
 */
export function verdictOn(
  q: number,
  limit: number,
  buckets: readonly Bucket[],
  mean: number | null,
): Verdict {
  const quantile = quantileOf(q, buckets);
  if (quantile === undefined) return "unknown";
  if (quantile.from >= limit) return "over";
  if (quantile.to !== null && quantile.to <= limit) return "within";
  if (mean === null) return "unknown";
  const all = buckets.reduce((sum, { rate }) => sum + rate, 0);
  const total = mean * all;
  if (total < leastIfOver(q, limit, buckets, all)) return "within";
  return total > mostIfWithin(q, limit, buckets, all) ? "over" : "unknown";
}

/** The least all requests could take together if `1 - q` of them took longer than the limit. */
function leastIfOver(q: number, limit: number, buckets: readonly Bucket[], all: number): number {
  const sum = buckets.reduce((least, { from, rate }) => least + Math.max(0, from) * rate, 0);
  const above = buckets.filter(({ from }) => from >= limit).reduce((rates, { rate }) => rates + rate, 0);
  const straddling = buckets.find(({ from, to }) => from < limit && to > limit);
  const needed = Math.max(0, (1 - q) * all - above);
  return sum + needed * (limit - Math.max(0, straddling?.from ?? limit));
}

/** The most they could if the quantile were within it: infinite where the last bucket holds any. */
function mostIfWithin(q: number, limit: number, buckets: readonly Bucket[], all: number): number {
  const within = buckets.filter(({ to }) => to <= limit);
  const below = within.reduce((rates, { rate }) => rates + rate, 0);
  const needed = Math.max(0, q * all - below);
  return buckets.reduce((most, { from, to, rate }) => {
    if (rate === 0 || to <= limit || from >= limit) return most + (rate === 0 ? 0 : to * rate);
    const held = Math.min(rate, needed);
    return most + held * limit + (rate - held === 0 ? 0 : (rate - held) * to);
  }, 0);
}
