import { changeLines, fitsOnCard, placeOfPlan } from "../../core/rules/plan-lines.ts";
import { count } from "../../core/words/format.ts";
import { isRemedyOpen } from "../../core/words/outcome.ts";
import type { RemedyView } from "../../core/words/view.ts";
import { cut } from "../../lib/cut.ts";

/** Of a plan that does not fit on its card. */
const MOST_CHANGES = 8;
/** Once it is over the card is a record, and Preview is gone. */
const MOST_PAST_CHANGES = 3;
const CHANGE = 220;

/** The connection all calls go to, or undefined where there are several. */
export const placeOf = ({ plan }: RemedyView): string | undefined =>
  plan === undefined ? undefined : placeOfPlan(plan);

/**
 * The changes of the frozen plan, as its previews said them. Exactly these were hashed and are approved. `file`: where
 * all of them stand, for a plan that is too long for its card.
 */
export function sayChanges(remedy: RemedyView, file: string | undefined): string[] {
  if (remedy.plan === undefined) return [];
  const { lines, each } = withoutRepeats(changeLines(remedy.plan));
  const isOpen = isRemedyOpen(remedy);
  const most = isOpen ? (fitsOnCard(remedy.plan) ? lines.length : MOST_CHANGES) : MOST_PAST_CHANGES;
  const rest = lines.length - most;
  const isWhole = isOpen && fitsOnCard(remedy.plan);
  const clip = (all: readonly string[]) => (isWhole ? all : all.map((line) => cut(line, CHANGE)));
  const where = file === undefined ? "" : `all of them: ${file}`;
  // One more line costs no more than the words that replace it.
  if (rest <= 1) return [...clip([...lines, ...each]), ...(where === "" ? [] : [where])];
  const more = `… and ${count(rest, "more change")}${where === "" ? "" : `; ${where}`}`;
  return [...clip(lines.slice(0, most)), more, ...clip(each)];
}

/** What ends every line alike (`…, app@10.0.0.7/shop`) is said once, below them. */
function withoutRepeats(lines: readonly string[]): { lines: readonly string[]; each: string[] } {
  const tail = /, [^,]+$/.exec(lines[0] ?? "")?.[0];
  if (lines.length < 3 || tail === undefined || !lines.every((line) => line.endsWith(tail)))
    return { lines, each: [] };
  return { lines: lines.map((line) => line.slice(0, -tail.length)), each: [`each: ${tail.slice(2)}`] };
}
