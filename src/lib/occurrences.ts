/** From (inclusive) and to (exclusive) in a text. */
export type Range = readonly [from: number, to: number];

/** Values must be at least this long: a shorter one is found in everyday words. */
export const SHORTEST = 6;

const BASE = 16_777_619;
const LEADING = power(SHORTEST - 1);

/**
 * Finds every occurrence of every value; a rolling hash over the first six characters keeps it to one pass however many
 * values there are. What is begun in front of an ellipsis is found too; `isCut`: so is what is begun at the end. Ranges are in order and do not touch.
 */
export function occurrencesOf(values: readonly string[]): (text: string, isCut?: boolean) => Range[] {
  const byHash = new Map<number, string[]>();
  // Most places of a text are no beginning of anything: one look into this table says so.
  const isLikely = new Uint8Array(65_536);
  for (const value of new Set(values)) {
    if (value.length < SHORTEST) continue;
    const hash = hashAt(value);
    byHash.set(hash, [...(byHash.get(hash) ?? []), value]);
    isLikely[fold(hash)] = 1;
  }
  return (text, isCut = false) => {
    const ranges: [number, number][] = [];
    if (byHash.size === 0 || text.length < SHORTEST) return ranges;
    let hash = hashAt(text);
    for (let at = 0; ; at++) {
      const candidates = isLikely[fold(hash)] === 1 ? byHash.get(hash) : undefined;
      if (candidates !== undefined) add(ranges, at, longestAt(text, at, candidates, isCut));
      if (at + SHORTEST >= text.length) return ranges;
      const rest = hash - Math.imul(text.charCodeAt(at), LEADING);
      hash = (Math.imul(rest, BASE) + text.charCodeAt(at + SHORTEST)) | 0;
    }
  };
}

/** How long the longest of the values that stand there, or begin there and are cut, is; 0: none does. */
function longestAt(whole: string, from: number, values: readonly string[], isEndCut: boolean): number {
  let longest = 0;
  for (const value of values) {
    if (whole.startsWith(value, from)) {
      longest = Math.max(longest, value.length);
      continue;
    }
    // An ellipsis says that somebody cut here.
    const part = whole.slice(from, from + value.length);
    const ellipsis = part.indexOf("…");
    const isCut = ellipsis >= 0 || (isEndCut && part.length < value.length);
    const begun = ellipsis >= 0 ? part.slice(0, ellipsis) : part;
    if (isCut && begun.length >= SHORTEST && value.startsWith(begun))
      longest = Math.max(longest, begun.length);
  }
  return longest;
}

function add(ranges: [number, number][], at: number, length: number): void {
  if (length === 0) return;
  const last = ranges.at(-1);
  if (last !== undefined && at <= last[1]) last[1] = Math.max(last[1], at + length);
  else ranges.push([at, at + length]);
}

function hashAt(text: string): number {
  let hash = 0;
  for (let i = 0; i < SHORTEST; i++) hash = (Math.imul(hash, BASE) + text.charCodeAt(i)) | 0;
  return hash;
}

function power(exponent: number): number {
  let value = 1;
  for (let i = 0; i < exponent; i++) value = Math.imul(value, BASE);
  return value;
}

const fold = (hash: number): number => (hash ^ (hash >>> 16)) & 0xffff;
