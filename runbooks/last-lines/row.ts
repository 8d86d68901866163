import type { AdviceKey } from "../docker/cause.ts";

/**
 * What one line of a log says of why the program ended, whatever runs it; `because` and `advice` in words for containers. Runbooks of
 * others give words of their own to a row, which `short` names.
 */
export interface LineRow {
  /** Found in one line of a log; matched without regard to case. */
  readonly text: RegExp;
  /** Words beside it that make it another thing. */
  readonly unless?: RegExp;
  readonly short: string;
  readonly because: string;
  readonly advice: string;
  /** Default: `fixCrash`. */
  readonly key?: AdviceKey;
  /** Its words hold wherever the program runs: those that runbooks of others have for `short` do not take their place. */
  readonly isAnywhere?: true;
  /** It tells the cause whatever the exit code is. */
  readonly isSure?: true;
  /** It needs something else that was not there: another service, mostly. */
  readonly isDependency?: true;
  /** What was in the way may be over. */
  readonly startHelps?: true;
  /** It says how the program ended rather than why: a line just before it that tells more counts in its place. */
  readonly isFrame?: true;
}

/** The first row whose words stand in a line. Pure. */
export const rowIn = (
  rows: readonly LineRow[],
  line: string,
  wanted: (row: LineRow) => boolean = () => true,
): LineRow | undefined => {
  const said = line.slice(0, READ_CHARACTERS).toLowerCase();
  return rows.find((one) => wanted(one) && one.text.test(said) && one.unless?.test(said) !== true);
};

/** Of each line so many characters are read for a cause. */
const READ_CHARACTERS = 500;

/** It has what it depends on after all: what lines above say of that was overcome. */
const REACHED =
  /\b(re-?connected|successfully connected|connected to|connection (was )?(re-?)?(established|restored))\b/i;
export const isReached = (line: string): boolean =>
  REACHED.test(line.slice(0, READ_CHARACTERS)) &&
  !/\b(not|never|n't|dis|lost|un|fail\w*|error) ?(re-?)?connected|error|fail/i.test(
    line.slice(0, READ_CHARACTERS),
  );
