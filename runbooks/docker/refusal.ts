import type { AdviceKey } from "./cause.ts";

/** One way in which the engine refuses to start a container. */
export interface Refusal {
  /** Found in what the engine said; matched without regard to case. */
  readonly text: RegExp;
  readonly short: string;
  readonly because: string;
  readonly advice: string;
  /** Default: `fixStart`. */
  readonly key?: AdviceKey;
  /** What was in the way is a passing state: starting it once more may do. */
  readonly startHelps?: true;
}
