import type { Cause } from "./cause.ts";

/** What a failed health check says of the service: nothing (the check itself is wrong), or that it is ill. */
export interface ProbeCause extends Cause {
  readonly says: "nothing" | "ill";
  /** A process that was well once and hangs now: a restart may help. */
  readonly hangs?: true;
}

export interface ProbeRow {
  readonly says: ProbeCause["says"];
  /** Exit codes of the check; default: any. -1: the engine could not run it, or ended it. */
  readonly codes?: readonly number[];
  /** Found in its output; matched without regard to case. */
  readonly text?: RegExp;
  readonly short: string;
  readonly because: string;
  readonly advice: string;
  readonly hangs?: true;
}
