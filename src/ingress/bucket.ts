/** Most keys that are remembered; the one that asked longest ago is forgotten first. */
const MOST = 10_000;

/** One bucket per key: `perMinute` requests at once, refilled evenly. `now` in milliseconds of a clock that never jumps. */
export function createBuckets(
  perMinute: number,
  now: () => number = () => performance.now(),
): { take(key: string): boolean } {
  const known = new Map<string, { left: number; at: number }>();
  return {
    take: (key) => {
      const at = now();
      const before = known.get(key);
      const refilled =
        before === undefined ? perMinute : before.left + ((at - before.at) * perMinute) / 60_000;
      const left = Math.min(perMinute, refilled);
      known.delete(key);
      known.set(key, { left: left >= 1 ? left - 1 : left, at });
      const oldest = known.keys().next().value;
      if (known.size > MOST && oldest !== undefined) known.delete(oldest);
      return left >= 1;
    },
  };
}
