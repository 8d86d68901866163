/**
 * Growth per second of a counter between `from` and `to` (seconds): resets count from zero, and the ends are extrapolated
 * as Prometheus does (promql/functions.go, extrapolatedRate). Undefined with fewer than two points.
 */
export function rate(
  points: readonly { readonly t: number; readonly v: number }[],
  from: number,
  to: number,
): number | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2) return undefined;
  let growth = last.v - first.v;
  for (const [at, point] of points.entries()) {
    const before = points[at - 1];
    if (before !== undefined && point.v < before.v) growth += before.v;
  }
  const sampled = last.t - first.t;
  const apart = sampled / (points.length - 1);
  const near = apart * 1.1;
  // A counter cannot have been below zero: it does not reach further back than to zero.
  const toZero = growth > 0 ? sampled * (first.v / growth) : Number.POSITIVE_INFINITY;
  const before = Math.min(first.t - from < near ? first.t - from : apart / 2, toZero);
  const after = to - last.t < near ? to - last.t : apart / 2;
  return (growth * ((sampled + before + after) / sampled)) / (to - from);
}
