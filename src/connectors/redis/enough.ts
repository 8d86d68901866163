import { z } from "zod";
import { CERTAIN, shareRange } from "../../lib/share-range.ts";

/** When a sample of lookups has shown enough: as an alert says for minutes already, too few of them hit. */
export const Enough = z.object({ hitRatioBelow: z.number().min(0).max(1), lookups: z.int().min(1) });
export type Enough = z.output<typeof Enough>;

/** Counters of lookups since the server began. */
export interface Counted {
  readonly hits: number;
  readonly misses: number;
}

/** Between two looks at them, in milliseconds. */
export const PIECE_MS = 250;
/** So many pieces, one after the other, have to say the same: a batch that reads what is new is over before. */
const PIECES = 4;

/**
 * Whether the lookups that were counted leave no doubt that fewer than the limit hit: in each of the last pieces, and in all of
 * them together by their range at 99.9 %. Never says that enough hit: misses may come in bursts, and only the whole time shows
 * those. Pure.
 */
export function isLow(counted: readonly Counted[], { hitRatioBelow, lookups }: Enough): boolean {
  const last = counted.slice(-PIECES - 1);
  const [first] = last;
  const now = last.at(-1);
  if (first === undefined || now === undefined || last.length <= PIECES) return false;
  const isEachLow = last.slice(1).every((one, n) => isBelow(since(last[n], one), hitRatioBelow));
  const all = since(counted[0], now);
  return isEachLow && all.of >= lookups && shareRange(all.hits, all.of, CERTAIN).high < hitRatioBelow;
}

/** Of a time without lookups nothing is known. */
const isBelow = ({ hits, of }: { hits: number; of: number }, limit: number): boolean =>
  of > 0 && hits / of < limit;

/** A counter that fell began anew: the piece in which it did says nothing. */
function since(before: Counted | undefined, after: Counted): { hits: number; of: number } {
  const hits = after.hits - (before?.hits ?? 0);
  const misses = after.misses - (before?.misses ?? 0);
  return hits < 0 || misses < 0 ? { hits: 0, of: 0 } : { hits, of: hits + misses };
}
