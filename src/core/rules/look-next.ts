import { isEnded } from "../words/outcome.ts";
import type { Runbook } from "../words/runbook.ts";
import { labelsMatch, type System } from "../words/system.ts";
import type { RunView } from "../words/view.ts";
import { foundNow, isAllGone } from "./found.ts";
import { coversOn, type GuideKnown } from "./guide-items.ts";
import { mayRunOn, needsNoWords } from "./runnable.ts";

interface Known extends GuideKnown {
  readonly systems: readonly System[];
}

/** What is known besides the run: whether its alert still fires, and runbooks that have looked already. */
export interface Around {
  readonly firing: boolean;
  readonly looked: readonly string[];
}

const MOST = 3;

/**
 * What to type to look further, at most three lines: runbooks that share an item of a guide, or the alert, with a run that leaves
 * people without a cause. Nothing for a run that named one, for one that has not ended, or for a healthy one nobody's alert
 * contradicts. Pure.
 */
export function lookNext(known: Known, run: RunView, around: Around): string[] {
  const system = known.systems.find(({ id }) => id === run.system);
  const mine = known.runbooks.find(({ id }) => id === run.runbook);
  if (system === undefined || mine === undefined || !leavesOpen(run, around.firing)) return [];
  const covers = coversOn(known, system, mine);
  return known.runbooks
    .filter((one) => one.id !== run.runbook && !around.looked.includes(one.id))
    .filter((one) => one.forPeople !== true && mayRunOn(system, one) && needsNoWords(one))
    .map((one) => ({ one, score: nearness(covers, coversOn(known, system, one)) + alerted(one, run) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, MOST)
    .map(({ one }) => `/diag ${system.id} ${one.id}`);
}

/** It ended without a cause: nothing was found although the alert fires, or what was found has no remedy, not even advice. */
function leavesOpen(run: RunView, firing: boolean): boolean {
  if (!isEnded(run.status) || ["cancelled", "errored"].includes(run.status) || run.supersededBy !== undefined)
    return false;
  const grave = foundNow(run).filter(({ severity }) => severity !== "info");
  if (grave.length > 0) return grave.every(({ remedies }) => remedies.length === 0);
  return firing && !isAllGone(run);
}

/** From 0 (nothing in common) to 1: a runbook that treats nearly everything is near to nothing in particular. */
function nearness(mine: readonly string[], others: readonly string[]): number {
  const shared = mine.filter((item) => others.includes(item)).length;
  return shared === 0 ? 0 : shared / new Set([...mine, ...others]).size;
}

/** It answers the very alert. */
const alerted = ({ alerts }: Runbook, { alert }: RunView): number =>
  alert !== undefined && alerts.some((match) => labelsMatch(match, alert.labels)) ? 2 : 0;
