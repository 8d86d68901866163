import { waitFor } from "../../lib/wait.ts";

/** The clock waits are measured with. Tests put in one that runs as fast as the work is done. */
export interface Clock {
  /** Milliseconds; never jumps back. */
  ticks(): number;
  /** Resolves after `ms`, or when the signal fires. `underWay`: calls and queries that are not over yet. */
  wait(ms: number, signal: AbortSignal, underWay: number): Promise<void>;
}

export const CLOCK: Clock = { ticks: () => performance.now(), wait: (ms, signal) => waitFor(ms, signal) };
