import { createHash } from "node:crypto";

/** Deterministic random numbers (mulberry32): the same seed makes the same sequence. */
export function random(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { next, below: (n: number) => Math.floor(next() * n) };
}
export type Random = ReturnType<typeof random>;

/**
 * The fate of something by its name: between 0 and 1, the same for the same seed whenever and in whatever order it is asked
 * for. What happens to a vote or a reply so depends on what it is and not on when it comes.
 */
export const fateOf = (seed: number, ...name: readonly (string | number)[]): number =>
  createHash("sha256")
    .update([seed, ...name].join("|"))
    .digest()
    .readUInt32BE(0) / 4_294_967_296;
