import type { postgres } from "../../src/sdk/index.ts";

type Io = postgres.Io;
type Spilling = NonNullable<Io["spilling"]>[number];

/**
 * At least half. Blocks are counted as often as they are written, files once with their size, so a sort of several passes writes
 * more than its files hold; what is far above that was written before the files were counted.
 */
const MOST = { from: 0.5, to: 3 };
const LISTED = 5;

/**
 * The statement that wrote at least half of `bytes` of temporary files, which were written since `before` was seen, or since the
 * counters began. What a statement has written since pg_stat_statements was reset says nothing of today by itself: undefined then.
 */
export function spillerOf(now: Io, before: Io | undefined, bytes: number): Spilling | undefined {
  const listed = now.spilling ?? [];
  const wrote = (one: Spilling): number =>
    before === undefined ? one.bytes : one.bytes - writtenBefore(one, before.spilling);
  const [most] = [...listed].sort((a, b) => wrote(b) - wrote(a));
  if (most === undefined) return undefined;
  const share = wrote(most) / Math.max(1, bytes);
  return share >= MOST.from && share <= MOST.to ? most : undefined;
}

/** At most so much; one that wrote less than all that were listed was none of them. */
function writtenBefore({ statement, bytes }: Spilling, before: Io["spilling"]): number {
  if (before === null) return bytes;
  const same = before.find((one) => one.statement === statement);
  // Counted anew since then.
  if (same !== undefined) return same.bytes > bytes ? 0 : same.bytes;
  return before.length < LISTED ? 0 : Math.min(...before.map((one) => one.bytes));
}
