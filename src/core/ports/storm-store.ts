import type { ThreadId } from "../words/ids.ts";
import type { UnfoldedBecause } from "../words/storm.ts";

/** A storm that is not over. */
export interface StormRow {
  readonly thread: ThreadId;
  readonly channel: string;
  /** Since it began, in milliseconds. */
  readonly ageMs: number;
}

/** A folded thread whose rows changed since its storm was last told. */
export interface FoldedThread {
  readonly thread: ThreadId;
  readonly rev: number;
}

/** Folding: alert groups that are shown as lines of a storm instead of by themselves. Throws `store_unavailable`. */
export interface StormStore {
  /** Storms that are not over. */
  storms(): Promise<StormRow[]>;
  /**
   * Folds these threads into the storm of the channel, which begins with them where there is none. Threads that are in a
   * storm, or of another channel, stay as they are. Each page holds `perPage` lines at most.
   */
  fold(channel: string, threads: readonly ThreadId[], perPage: number): Promise<void>;
  /** What changed is shown by the storms: takes the threads off the list and puts their storms on it. */
  tellStorms(changed: readonly FoldedThread[]): Promise<void>;
  /**
   * The thread is shown by itself as well. False: it is already, or (`decision`) another group of the storm shows the same
   * remedy for the same connections, and one decision is enough.
   */
  unfold(thread: ThreadId, because: UnfoldedBecause): Promise<boolean>;
  /** Storms into which nothing was folded for so long are over. */
  endStorms(quietMs: number): Promise<void>;
}
