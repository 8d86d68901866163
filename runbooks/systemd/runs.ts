import { clip } from "../../src/sdk/index.ts";
import type { Unit, UnitLog } from "./unit.ts";

type Line = UnitLog["lines"][number];

/** Lines of the run that ended: its own invocation where it is down, the one before where it runs again. Oldest first. */
function lastRun(unit: Unit, log: UnitLog | undefined): readonly Line[] {
  const lines = log?.lines ?? [];
  const isOver = unit.active !== "active" && unit.active !== "reloading";
  const ended = isOver
    ? unit.invocation
    : lines.findLast(({ invocation }) => invocation !== "" && invocation !== unit.invocation)?.invocation;
  return lines.filter(({ invocation }) => invocation === ended);
}

/** What its program wrote in that run; systemd's own words are no lines of it. */
export const programLines = (unit: Unit, log: UnitLog | undefined): readonly string[] =>
  lastRun(unit, log)
    .filter(({ bySystemd }) => !bySystemd)
    .map(({ message }) => message);

/** What systemd itself says of that run. */
export const managerLines = (unit: Unit, log: UnitLog | undefined): readonly string[] =>
  lastRun(unit, log)
    .filter(({ bySystemd }) => bySystemd)
    .map(({ message }) => message);

/** systemd's own news of that run of one kind; empty: none. */
export const news = (unit: Unit, log: UnitLog | undefined, kind: Line["tells"]): string =>
  lastRun(unit, log).findLast(({ tells }) => tells === kind)?.message ?? "";

/** Last lines that only say where more is to be read, or which runtime it was. */
const POINTS_ELSEWHERE = /^\s{0,20}(?:dmesg\(1\) may have|see ["'`]?(?:systemctl|journalctl)|node\.js v\d)/i;

/** ` It wrote: …` or what systemd said last, where that says more than the result. */
export function said(unit: Unit, log: UnitLog | undefined): string {
  const last = programLines(unit, log).findLast((line) => !POINTS_ELSEWHERE.test(line));
  if (last !== undefined) return ` It wrote last: ${clip(last, 200)}`;
  return log === undefined ? "" : " It wrote nothing to the journal.";
}
