import type { RunId } from "../words/ids.ts";

/** Whether runs are moved at all. */
export interface Backlog {
  /** Workers that gave a sign of life in the last 10 s. */
  readonly alive: number;
  /** Seconds since the newest sign of life of any worker; undefined: none is known. */
  readonly lastBeatSeconds: number | undefined;
  /** For how long the longest waiting due run has not been claimed, in seconds; 0: none is due. */
  readonly dueSeconds: number;
}

/** Whether there is something to sweep, kind by kind. */
export interface Due {
  readonly audit: boolean;
  readonly freezes: boolean;
  readonly offers: boolean;
  /** Remedies that follow one of another run which has ended. */
  readonly followers: boolean;
  /** Incidents whose quiet time is over. */
  readonly incidents: boolean;
  readonly runs: boolean;
}

/** What keeps going what crashes left behind. */
export interface SweepStore {
  /** What of the following has something to do. */
  due(): Promise<Due>;
  /** Holds the named leadership for `leaseMs`; false: another process leads. */
  lead(name: string, owner: string, leaseMs: number): Promise<boolean>;
  resign(name: string, owner: string): Promise<void>;
  /** Runs that nobody holds and that should move now. */
  dueRuns(limit: number): Promise<RunId[]>;
  /** Forgets requests as they came in (raw bodies, for looking into trouble) after 30 days, what came of them stays; and scheduled runs nobody was shown, after a week. */
  prune(): Promise<number>;
  /** Forgets threads in which all has been over for so long, some at a time. Returns how many; 0: no more are due. */
  pruneThreads(olderThanMs: number): Promise<number>;
  /** Gives audit rows their place in the chain. Returns how many. */
  chainAudit(): Promise<number>;
  /** Writes of which nobody knows whether they happened. */
  unknownOutcomes(): Promise<number>;
  /** Who works and what waits for it. */
  backlog(): Promise<Backlog>;
  /** Ends the offers to take something back whose time is over, of runs that have ended. How many. */
  endOffers(): Promise<number>;
  /** Ends freezes and maintenances whose time is over. */
  thaw(): Promise<boolean>;
  /** A sign of life; and, as `lead`, whether this worker holds the leadership. */
  beat(
    worker: { id: string; host: string; pid: number; version: string },
    lead: { name: string; leaseMs: number },
  ): Promise<boolean>;
  gone(worker: string): Promise<void>;
  /** Workers that gave a sign of life within `withinMs`. */
  workers(withinMs: number): Promise<{ id: string; host: string; pid: number; beatAt: Date }[]>;
  /** Shows what became of remedies that others follow, and has them ask for themselves where it came to nothing. How many followers. */
  endFollowing(): Promise<number>;
  /** Starts the runs of incidents whose quiet time is over and that still fire. */
  startDueRuns(): Promise<number>;
  /** Marks firing incidents of which nothing was heard for `afterMs`. */
  markStale(afterMs: number): Promise<number>;
}
