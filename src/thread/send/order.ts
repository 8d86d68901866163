import type { ChangedThread } from "../../core/ports/message-store.ts";

/** What a thread would send next. `root`: nobody has seen anything of it; `decision`: people wait to decide; `more`: the rest. */
export type NextStep = "root" | "decision" | "more";

/** What decides whose turn it is. */
export interface Standing extends Pick<ChangedThread, "thread" | "asked" | "critical" | "open" | "since"> {
  readonly step: NextStep;
}

/** A change that has waited longer than this is old: who waited for it may have gone, what is new concerns more people. */
const OLD_MS = 5 * 60_000;

const STEPS: Readonly<Record<NextStep, number>> = { root: 0, decision: 1, more: 2 };

/** 0 a person waits for the answer, 1 critical, 2 anything else that is open, 3 what is over. */
export function classOf({ asked, critical, open, since }: Standing, now: Date): 0 | 1 | 2 | 3 {
  if (asked && (open || !isOld(since, now))) return 0;
  if (!open) return 3;
  return critical ? 1 : 2;
}

const isOld = (since: Date, now: Date): boolean => now.getTime() - since.getTime() > OLD_MS;

/**
 * Whose turn comes first, as a negative number for `a`: by class, then fresh changes before old ones, then roots before
 * cards before everything else, then first come, first served; of old changes the newest first.
 */
export function compareTurns(a: Standing, b: Standing, now: Date): number {
  const byClass = classOf(a, now) - classOf(b, now);
  if (byClass !== 0) return byClass;
  const old = isOld(a.since, now);
  if (old !== isOld(b.since, now)) return old ? 1 : -1;
  const byStep = STEPS[a.step] - STEPS[b.step];
  if (byStep !== 0) return byStep;
  const bySince = a.since.getTime() - b.since.getTime();
  return (old ? -bySince : bySince) || a.thread - b.thread;
}

/**
 * The first of a list in its order, but no more of one channel than it can be shown in minutes: a channel whose people ask for
 * thousands of things holds up no other.
 */
export function firstOfEach<Row extends { readonly channel: string }>(
  rows: readonly Row[],
  { most, mostOfChannel }: { readonly most: number; readonly mostOfChannel: number },
): Row[] {
  const taken = new Map<string, number>();
  const isFirst = ({ channel }: Row): boolean => {
    const n = taken.get(channel) ?? 0;
    taken.set(channel, n + 1);
    return n < mostOfChannel;
  };
  return rows.filter(isFirst).slice(0, most);
}
