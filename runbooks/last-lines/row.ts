import type { AdviceKey } from "../docker/cause.ts";

/**
 * What one line of a log says of why the program ended, whatever runs it; `because` and `advice` in words for containers. Runbooks of
 * others give words of their own to a row, which `short` names.
 */
export interface LineRow {
  /** Found in one line of a log; matched without regard to case. */
  readonly text: RegExp;
  readonly short: string;
  readonly because: string;
  readonly advice: string;
  /** Default: `fixCrash`. */
  readonly key?: AdviceKey;
  /** It tells the cause whatever the exit code is. */
  readonly isSure?: true;
  /** It needs something else that was not there: another service, mostly. */
  readonly isDependency?: true;
  /** What was in the way may be over. */
  readonly startHelps?: true;
  /** It says how the program ended rather than why: a line just before it that tells more counts in its place. */
  readonly isFrame?: true;
}
