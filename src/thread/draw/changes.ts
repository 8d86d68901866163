import { count } from "../../core/format.ts";
import { isRemedyOpen } from "../../core/outcome.ts";
import type { RemedyView } from "../../core/view.ts";
import { cut } from "../../lib/escape.ts";

const MOST_CHANGES = 8;
/** Once it is over the card is a record, and Preview is gone. */
const MOST_PAST_CHANGES = 3;
const CHANGE = 220;

/** The connection all calls go to, or undefined where there are several. */
export function placeOf({ plan }: RemedyView): string | undefined {
  const places = new Set((plan?.calls ?? []).map((call) => call.on));
  return places.size === 1 ? [...places][0] : undefined;
}

/** The changes of the frozen plan, as its previews said them. Exactly these were hashed and are approved. */
export function sayChanges(remedy: RemedyView): string[] {
  const calls = remedy.plan?.calls ?? [];
  // The same name on every line would push what differs out of sight; the card names it once.
  const on = (place: string) => (placeOf(remedy) === undefined ? `${place}: ` : "");
  const all = calls.flatMap((call, i) => {
    const number = calls.length > 1 ? `${i + 1}. ` : "";
    const changes = call.changes.length === 0 ? [call.action] : call.changes;
    return changes.map((change) => cut(`${number}${on(call.on)}${change.replace(/\s+/g, " ")}`, CHANGE));
  });
  const { lines, each } = withoutRepeats(all);
  const most = isRemedyOpen(remedy) ? MOST_CHANGES : MOST_PAST_CHANGES;
  const rest = lines.length - most;
  // One more line costs no more than the words that replace it.
  if (rest <= 1) return [...lines, ...each];
  const where = remedy.status === "waiting" ? " (Preview shows all)" : "";
  return [...lines.slice(0, most), `… and ${count(rest, "more change")}${where}`, ...each];
}

/** What ends every line alike (`…, app@10.0.0.7/shop`) is said once, below them. */
function withoutRepeats(lines: readonly string[]): { lines: readonly string[]; each: string[] } {
  const tail = /, [^,]+$/.exec(lines[0] ?? "")?.[0];
  if (lines.length < 3 || tail === undefined || !lines.every((line) => line.endsWith(tail)))
    return { lines, each: [] };
  return { lines: lines.map((line) => line.slice(0, -tail.length)), each: [`each: ${tail.slice(2)}`] };
}
