import type { ThreadId } from "../words/ids.ts";

/** A thread of an alert group of which nobody has seen anything. */
export interface Unseen {
  readonly thread: ThreadId;
  readonly critical: boolean;
  readonly open: boolean;
  readonly since: Date;
}

/** The storm that a channel is in. */
export interface OpenStorm {
  /** Since it began, in milliseconds. */
  readonly ageMs: number;
  /** Since something was folded last. */
  readonly quietMs: number;
  /** Groups that were folded within the last `FOLD.ragesMs`. */
  readonly recently: number;
  /** A message with folded groups still waits to be posted. */
  readonly isPosting: boolean;
}

/** Limits of folding; tests shorten the times. */
export interface FoldLimits {
  /** So many unseen groups of one channel are a storm: at one message a second the last would be seen that much later. */
  readonly foldAt: number;
  /** Least time between two messages with folded groups; grows with the storm, so that a long one has few messages. */
  readonly foldEveryMs: number;
  /** While so many groups came within this time, new ones are folded at once. */
  readonly ragesMs: number;
  /** A storm is over when nothing was folded for so long. */
  readonly stormOverMs: number;
}

export const FOLD: FoldLimits = {
  foldAt: 20,
  foldEveryMs: 2_000,
  ragesMs: 15_000,
  stormOverMs: 5 * 60_000,
};

/** Groups within `ragesMs` that keep a storm raging. */
const RAGES = 5;
/** More unseen groups at once than that are a storm again, whatever is remembered of it. */
const FEW = 3;
/** Critical groups that wait for messages of their own at one time: between the messages of the storm there is room for one. */
const CRITICAL_AT_ONCE = 1;
/** The longest a group waits for the next message with folded ones. */
const LONGEST_FOLD_MS = 30_000;

/** What is to be done with the unseen groups of one channel; those that are named nowhere are shown by themselves. */
export interface Folds {
  readonly fold: readonly ThreadId[];
  /** Neither shown by itself nor folded yet: the next message takes them. */
  readonly hold: readonly ThreadId[];
}

/**
 * Which groups are folded. In a storm all but the first critical one, so that critical groups get threads of their own as
 * fast as the channel takes them, and the others are seen in the next message. What comes one by one, in the calm after the storm, gets its own thread again.
 */
export function foldsOf(unseen: readonly Unseen[], storm: OpenStorm | undefined, limits: FoldLimits): Folds {
  const { foldAt, foldEveryMs } = limits;
  const rages = storm !== undefined && (storm.recently >= RAGES || unseen.length > FEW);
  if (!rages && unseen.length <= foldAt) return { fold: [], hold: [] };
  const others = besidesFirstCritical(unseen);
  const every = Math.min(LONGEST_FOLD_MS, Math.max(foldEveryMs, (storm?.ageMs ?? 0) / 30));
  const isDue = storm === undefined || (storm.quietMs >= every && !storm.isPosting);
  return isDue ? { fold: others, hold: [] } : { fold: [], hold: others };
}

function besidesFirstCritical(unseen: readonly Unseen[]): ThreadId[] {
  const own = new Set(
    unseen
      .filter(({ critical, open }) => critical && open)
      .toSorted((a, b) => a.since.getTime() - b.since.getTime())
      .slice(0, CRITICAL_AT_ONCE)
      .map(({ thread }) => thread),
  );
  return unseen.map(({ thread }) => thread).filter((thread) => !own.has(thread));
}
