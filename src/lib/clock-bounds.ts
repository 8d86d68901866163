import { z } from "zod";

/** Another clock against diagbot's own, in milliseconds: what it is ahead, at least and at most. */
export const ClockBounds = z.object({ low: z.number(), high: z.number() });
export type ClockBounds = z.output<typeof ClockBounds>;

/**
 * `at`: what the other clock said, at some time between `before` and `after` of ours; a clock that shows whole seconds may have
 * been almost `resolution` later. The width is the round trip: nothing closer is known. Pure.
 */
export const clockBounds = (at: number, before: number, after: number, resolution: number): ClockBounds => ({
  low: at - after,
  high: at + resolution - before,
});
