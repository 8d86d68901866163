import { LINES } from "./lines.ts";
import { isReached, type LineRow, rowIn } from "./row.ts";

/** Lines, from the last one up, that are read for a cause. */
const READ_LINES = 30;
/** Lines above a panic or trace in which its reason stands, where it stands anywhere. */
const BEFORE_FRAME = 4;

/**
 * The row that the line nearest to the end matches: what a program says last is why it ended. A panic or a trace says how; a
 * line just before it that tells more counts in its place. Pure.
 */
export function nearest(
  lines: readonly string[],
  wanted: (row: LineRow) => boolean = () => true,
): { readonly row: LineRow; readonly line: string } | undefined {
  let frame: { row: LineRow; line: string } | undefined;
  let left = BEFORE_FRAME;
  let isBack = false;
  for (const line of lines.slice(-READ_LINES).reverse()) {
    isBack ||= isReached(line);
    const found = rowIn(LINES, line, wanted);
    const row = isBack && found?.isDependency === true ? undefined : found;
    if (row !== undefined && row.isFrame !== true) return { row, line };
    if (row !== undefined) frame = { row, line };
    left = row === undefined ? left - 1 : BEFORE_FRAME;
    if (frame !== undefined && left < 0) return frame;
  }
  return frame;
}
