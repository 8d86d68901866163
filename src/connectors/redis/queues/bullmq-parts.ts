import { numberIn, numberOf, scoredOf, textsOf } from "./replies.ts";

/** Jobs of each end that are looked at. */
export const SAMPLE = 20;
/** Parents of flows whose children are looked at, of each queue. */
export const PARENTS = 10;
/** Scores of delayed jobs: milliseconds in the upper bits, a counter below (getDelayedScore.lua). */
export const SHIFT = 0x1000;

/** What stands in the keys of one queue. Moments in ms. */
export interface Parts {
  readonly base: string;
  readonly isBullMQ: boolean;
  readonly version: string;
  readonly paused: boolean;
  readonly limited: boolean;
  readonly mayLimitSeconds: number | null;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
  readonly waitingChildren: number;
  /** Those that wait for their children for longest. */
  readonly parents: readonly { readonly id: string; readonly sinceMs: number }[];
  readonly due: number;
  readonly nextDueMs: number | null;
  readonly lastDoneMs: number | null;
  /** Of what is taken next. */
  readonly next: string | null;
  /** Samples: those taken next, all at work up to 200, first due, done last, failed last. */
  readonly ids: Readonly<
    Record<"waiting" | "active" | "delayed" | "completed" | "failed", readonly string[]>
  >;
  /** When each of `ids.failed` failed. */
  readonly failedAt: ReadonlyMap<string, number>;
}

/** In the order of `commandsFor`; empty: nobody uses these keys as a queue any more. */
export function partsOf(base: string, replies: readonly unknown[]): Parts[] {
  const [meta, wait, paused, prioritized, active, delayed, failed, due] = replies;
  const [first, head, pausedHead, priorityHead, working, done, dead, oldPaused, limiter, hasId] =
    replies.slice(8);
  const [counted, last, waitingChildren, parents] = replies.slice(18);
  const fields = Array.isArray(meta) ? meta : [];
  const isBullMQ = fields[0] != null || fields[3] != null;
  const counts = [wait, paused, prioritized, active, delayed, failed, waitingChildren].map(numberOf);
  if (!isBullMQ && numberOf(hasId) === 0 && counts.every((n) => n === 0)) return [];
  const [waits = 0, pausedJobs = 0, withPriority = 0] = counts;
  const later = scoredOf(first);
  const finished = scoredOf(done);
  const failures = scoredOf(dead);
  const next = [...textsOf(pausedHead), ...textsOf(head).slice(-1), ...textsOf(priorityHead)];
  const concurrency = numberIn(fields[2]);
  const limit = limitOf(numberOf(limiter), numberIn(counted), numberIn(fields[4]));
  return [
    {
      ...{ base, isBullMQ, version: typeof fields[0] === "string" ? fields[0].slice(0, 60) : "" },
      paused: fields[1] != null || numberOf(oldPaused) > 0,
      mayLimitSeconds: limit.mayLimitSeconds,
      limited: limit.isAtWork || (concurrency !== null && numberOf(active) >= concurrency),
      waiting: waits + pausedJobs + withPriority,
      ...{
        active: numberOf(active),
        delayed: numberOf(delayed),
        failed: numberOf(failed),
        due: numberOf(due),
        waitingChildren: numberOf(waitingChildren),
        parents: scoredOf(parents).map(({ member, score }) => ({ id: member, sinceMs: score })),
      },
      nextDueMs: later[0] === undefined ? null : Math.floor(later[0].score / SHIFT),
      lastDoneMs: finished[0]?.score ?? null,
      next: next.length === 0 ? null : next.join("\n"),
      ids: {
        waiting: [
          ...new Set([
            ...[...textsOf(head).reverse(), ...textsOf(pausedHead), ...textsOf(priorityHead)],
            ...(typeof last === "string" ? [last] : []),
          ]),
        ],
        active: textsOf(working),
        delayed: later.map(({ member }) => member),
        completed: finished.map(({ member }) => member),
        failed: failures.map(({ member }) => member),
      },
      failedAt: new Map(failures.map(({ member, score }) => [member, score])),
    },
  ];
}

/** Whoever calls `rateLimit()` of a worker or of the queue writes this (Number.MAX_SAFE_INTEGER), so that nothing is let through. */
const BY_HAND = Number.MAX_SAFE_INTEGER;

/**
 * The limiter's key counts what was let through (getRateLimitTTL.lua). It is there, too, while far less came than may. How many may
 * stands in the queue's `meta` where the limit is the queue's own; where it is a worker's, nowhere.
 */
function limitOf(ttlMs: number, counted: number | null, most: number | null) {
  if (ttlMs <= 0) return { isAtWork: false, mayLimitSeconds: null };
  if ((counted ?? 0) >= Math.min(most ?? BY_HAND, BY_HAND)) return { isAtWork: true, mayLimitSeconds: null };
  return { isAtWork: false, mayLimitSeconds: most === null ? ttlMs / 1000 : null };
}
