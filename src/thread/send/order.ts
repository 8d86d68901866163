import type { ChangedThread } from "../../core/ports/message-store.ts";

/** Whom a post was for: a person who waits for an answer, or everybody. */
export type Served = "person" | "all";

/** What a thread would send next. `root`: nobody has seen anything of it; `decision`: people wait to decide; `more`: the rest. */
export type NextStep = "root" | "decision" | "more";

/** What decides whose turn it is. */
export interface Standing
  extends Pick<ChangedThread, "thread" | "channel" | "asked" | "critical" | "open" | "since"> {
  readonly step: NextStep;
}

/** A change that has waited longer than this is old: who waited for it may have gone, what is new concerns more people. */
const OLD_MS = 5 * 60_000;

const STEPS: Readonly<Record<NextStep, number>> = { root: 0, decision: 1, more: 2 };

/** When it is, and whom the last post in a channel was for; undefined: none yet. */
export interface Turns {
  readonly now: Date;
  lastServed(channel: string): Served | undefined;
}

/** A person waits for it. */
export const isAnswer = ({ asked, open, since }: Standing, now: Date): boolean =>
  asked && (open || !isOld(since, now));

/**
 * 0 or 1: a person waits for the answer, or it is critical; 2 anything else that is open, 3 what is over. Answers and critical
 * alerts of one channel take turns, so that neither waits for all of the others.
 */
export function classOf(standing: Standing, { now, lastServed }: Turns): 0 | 1 | 2 | 3 {
  const answer = isAnswer(standing, now);
  if (!answer && !standing.open) return 3;
  if (!answer && !standing.critical) return 2;
  const isTurnOfAnswers = lastServed(standing.channel) !== "person";
  return answer === isTurnOfAnswers ? 0 : 1;
}

const isOld = (since: Date, now: Date): boolean => now.getTime() - since.getTime() > OLD_MS;

/**
 * Whose turn comes first, as a negative number for `a`: by class, then fresh changes before old ones, then roots before
 * cards before everything else, then first come, first served; of old changes the newest first.
 */
export function compareTurns(a: Standing, b: Standing, turns: Turns): number {
  const { now } = turns;
  const byClass = classOf(a, turns) - classOf(b, turns);
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
