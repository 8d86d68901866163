/** A straight line through points: growth per second, and its value at `at` (seconds). */
export interface Line {
  readonly slope: number;
  readonly value: number;
}

/** Least squares, as Prometheus' deriv() and predict_linear(). Undefined with fewer than two points. */
export function lineThrough(
  points: readonly { readonly t: number; readonly v: number }[],
  at: number,
): Line | undefined {
  if (points.length < 2) return undefined;
  const mean = (of: (point: { t: number; v: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  // Seen from `at`: squares of seconds since 1970 would eat the digits.
  const [x, y] = [mean(({ t }) => t - at), mean(({ v }) => v)];
  const spread = mean(({ t }) => (t - at - x) ** 2);
  if (spread === 0) return undefined;
  const slope = mean(({ t, v }) => (t - at - x) * (v - y)) / spread;
  return { slope, value: y - slope * x };
}
