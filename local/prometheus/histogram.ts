import { keyOf, type Labels } from "./samples.ts";
import { nameless, type Sample } from "./values.ts";

interface Bucket {
  readonly le: number;
  readonly count: number;
}

/** `histogram_quantile`: linear within the bucket, per set of labels without `le`. */
export function histogramQuantile(quantile: number, buckets: readonly Sample[]): Sample[] {
  const groups = new Map<string, { labels: Labels; buckets: Bucket[] }>();
  for (const { labels, value } of buckets) {
    const { le, ...rest } = nameless(labels);
    if (le === undefined) continue;
    const group = groups.get(keyOf(rest)) ?? { labels: rest, buckets: [] };
    groups.set(keyOf(rest), group);
    group.buckets.push({ le: le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le), count: value });
  }
  return [...groups.values()].map(({ labels, buckets: own }) => ({
    labels,
    value: quantileOf(
      quantile,
      own.sort((a, b) => a.le - b.le),
    ),
  }));
}

function quantileOf(quantile: number, buckets: readonly Bucket[]): number {
  const total = buckets.at(-1)?.count ?? 0;
  if (buckets.at(-1)?.le !== Number.POSITIVE_INFINITY || total === 0) return Number.NaN;
  const rank = quantile * total;
  const at = buckets.findIndex(({ count }) => count >= rank);
  const bucket = buckets[at];
  const below = buckets[at - 1];
  if (bucket === undefined) return Number.NaN;
  if (bucket.le === Number.POSITIVE_INFINITY) return below?.le ?? Number.NaN;
  const from = below?.le ?? 0;
  const already = below?.count ?? 0;
  return from + ((bucket.le - from) * (rank - already)) / (bucket.count - already);
}
