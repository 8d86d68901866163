import { canonical } from "../words/json.ts";
import type { Plan } from "../words/plan.ts";
import { visible } from "./visible.ts";

/** What a card shows whole: lines, and characters of all of them. */
const CARD_LINES = 10;
const CARD_CHARACTERS = 2_400;
/** What Preview shows whole, whatever the plan looks like: calls, and characters of its canonical JSON. */
const PREVIEW_CALLS = 12;
const PREVIEW_CHARACTERS = 10_000;

/** The connection all calls go to, or undefined where there are several. */
export function placeOfPlan({ calls }: Pick<Plan, "calls">): string | undefined {
  const places = new Set(calls.map((call) => call.on));
  return places.size === 1 ? [...places][0] : undefined;
}

/** Every change of a frozen plan, one line each and nothing left out; what nobody would see is written out. */
export function changeLines({ calls }: Pick<Plan, "calls">): string[] {
  const several = calls.length > 1;
  // The same name on every line would push what differs out of sight; the card names it once.
  const isMixed = placeOfPlan({ calls }) === undefined;
  return calls.flatMap((call, i) => {
    const before = `${several ? `${i + 1}. ` : ""}${isMixed ? `${call.on}: ` : ""}`;
    const changes = call.changes.length === 0 ? [call.action] : call.changes;
    return changes.map((change) => `${before}${visible(change)}`);
  });
}

/** The card shows every change whole. */
export function fitsOnCard(plan: Pick<Plan, "calls">): boolean {
  const lines = changeLines(plan);
  return lines.length <= CARD_LINES && lines.reduce((sum, line) => sum + line.length, 0) <= CARD_CHARACTERS;
}

/** Preview shows all of it: changes, what is sent, and the state it was decided on. */
export const fitsInPreview = (plan: Plan): boolean =>
  plan.calls.length <= PREVIEW_CALLS && canonical(plan).length <= PREVIEW_CHARACTERS;

/** Card and Preview are not enough: the whole plan hangs in the thread as a file, and nobody approves before it does. */
export const needsFile = (plan: Plan): boolean => !fitsOnCard(plan) || !fitsInPreview(plan);

/** Name of that file, unique in the thread. */
export const planFileName = (run: number, remedy: string, planSha256: string): string =>
  `run-${run}-plan-${remedy}-${planSha256.slice(0, 8)}.txt`;
