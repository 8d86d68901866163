/** 95 %: normal quantile. */
export const LIKELY = 1.96;
/** 99.9 %, for what is asked again and again. */
export const CERTAIN = 3.29;

/** The range in which a share lies of which `looked` were looked at by chance (Wilson's score interval). Nothing looked at: all of it. */
export function shareRange(part: number, looked: number, z = LIKELY): { low: number; high: number } {
  if (looked === 0) return { low: 0, high: 1 };
  const is = part / looked;
  const square = z * z;
  const middle = (is + square / (2 * looked)) / (1 + square / looked);
  const half =
    (z * Math.sqrt((is * (1 - is)) / looked + square / (4 * looked * looked))) / (1 + square / looked);
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
