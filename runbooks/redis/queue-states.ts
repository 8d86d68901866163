import type { OutputOf, redis } from "../../src/sdk/index.ts";

type Queues = OutputOf<typeof redis.queues>;
export type Queue = Queues["queues"][number];

/** Why jobs wait in a queue, as far as one look of some seconds tells. */
export type Backlog =
  | "paused"
  /** No worker is there at all. */
  | "no-worker"
  /** Those that are there finish what they have and take nothing new. */
  | "quiet-workers"
  /** The same job is begun again and again, and none is done. */
  | "poisoned"
  /** Workers hold jobs far longer than others took, and finish none. */
  | "stuck"
  /** Workers hold jobs and finish none; whether that is long for them is not known. */
  | "unfinished"
  /** Workers are there, and all have their hands full with jobs of other queues. */
  | "elsewhere"
  /** Workers are there, have nothing, and take nothing. */
  | "idle-workers"
  /** The library holds them back: a rate or a number at once. */
  | "limited"
  | "growing"
  /** More is done than comes, or as much. */
  | "draining"
  /** It stands; whether anybody works on it is not known. */
  | "standing";

/** From which on a queue has a backlog: jobs that wait, or how long the first of them has. */
export interface Limits {
  readonly waiting: number;
  readonly oldSeconds: number;
}

/** The parameters that decide which queues are looked at, and from what on they have a backlog. */
export interface Wanted {
  readonly params: {
    readonly waiting: number;
    readonly oldMinutes: number;
    readonly queue?: string | undefined;
  };
}

export const limitsOf = ({ params: { waiting, oldMinutes } }: Wanted): Limits => ({
  waiting,
  oldSeconds: oldMinutes * 60,
});

/** Those that are asked about. */
export const asked = (queues: readonly Queue[], { params: { queue } }: Wanted): Queue[] =>
  queues.filter(({ name }) => queue === undefined || name === queue || name.startsWith(`${queue} / `));

/** Given back so often within one look is no chance. */
export const AGAIN = 3;
/** Longer than this, and many times longer than others took, is no long job any more. */
const STUCK_SECONDS = 60;
const STUCK_TIMES = 10;
const ORDINARY_TIMES = 3;

const isLong = ({ waiting, oldestSeconds }: Queue, limits: Limits): boolean =>
  waiting >= limits.waiting || (waiting > 0 && (oldestSeconds ?? 0) >= limits.oldSeconds);

/** What holds a queue up; undefined: nothing that is longer than wanted waits in it. Pure. */
export function backlogOf(queue: Queue, limits: Limits): Backlog | undefined {
  const { paused, workers, quiet, due, stalled } = queue;
  if (isPoisoned(queue)) return "poisoned";
  // What was taken was taken by somebody: connections may bear no name, and clocks may differ.
  const isUnseen = workers === 0 && queue.taken !== true;
  const isNobody = isUnseen && queue.workersOf === "queue";
  if (!isLong(queue, limits) && !((paused || isNobody) && due + stalled > 0)) return undefined;
  if (paused) return "paused";
  if (isUnseen) return "no-worker";
  if (workers !== null && workers > 0 && quiet >= workers) return "quiet-workers";
  return ofWork(queue);
}

/** Given back untried, again and again: a worker puts its jobs off (`rateLimit()`, `moveToWait()`), as after a 429. */
export const isPutOff = ({ again, done }: Queue): boolean =>
  (done ?? 0) === 0 && again.some(({ times, attempts }) => (times ?? 0) >= AGAIN && attempts < AGAIN);

function ofWork(queue: Queue): Backlog {
  if (isPutOff(queue)) return "limited";
  return ofSeen(queue);
}

function ofSeen({
  taken,
  grown,
  active,
  activeSeconds: held,
  typicalSeconds,
  workers,
  quiet,
  elsewhere = 0,
  limited,
}: Queue): Backlog {
  if (taken === true) return grown > 0 ? "growing" : "draining";
  if (active > 0 && held !== null) return ofHeld(held, typicalSeconds, grown);
  if (workers === null) return "standing";
  if (elsewhere > 0 && elsewhere >= workers - quiet) return "elsewhere";
  return limited ? "limited" : "idle-workers";
}

/** `held`: seconds since the job that is worked on longest was begun. */
function ofHeld(held: number, typical: number | null, grown: number): Backlog {
  if (typical === null) return "unfinished";
  if (held >= STUCK_SECONDS && held >= STUCK_TIMES * typical) return "stuck";
  // Jobs that take longer than the look: nothing is done within it, and all is as ever.
  if (held <= ORDINARY_TIMES * typical) return grown > 0 ? "growing" : "draining";
  return "unfinished";
}

/** One job keeps its worker from all others: it comes back, and nothing is done meanwhile. */
const isPoisoned = ({ again, done }: Queue): boolean =>
  (done ?? 0) === 0 && again.some(({ times, attempts }) => (times ?? 0) >= AGAIN && attempts >= AGAIN);

/** Of those with that backlog, the longest first. */
export const withBacklog = ({ queues }: Pick<Queues, "queues">, wanted: Backlog, limits: Limits): Queue[] =>
  queues.filter((queue) => backlogOf(queue, limits) === wanted);

/** Jobs whose time has come and that nobody has put where they are taken from, though somebody is there to do it. */
export const overdue = ({ queues }: Pick<Queues, "queues">, limits: Limits): Queue[] =>
  queues.filter((queue) => queue.due > 0 && !isExplained(queue, limits));

/** Jobs of workers that have lost them, though others are there. */
export const withStalled = ({ queues }: Pick<Queues, "queues">, limits: Limits): Queue[] =>
  queues.filter((queue) => queue.stalled > 0 && !isExplained(queue, limits));

const isExplained = (queue: Queue, limits: Limits): boolean =>
  ["paused", "no-worker", "quiet-workers"].includes(backlogOf(queue, limits) ?? "");

/** So many attempts are worth a word. */
const MANY_ATTEMPTS = 5;

/** Jobs that were tried again and again, where others are done all the same. */
export const comingBack = ({ queues }: Pick<Queues, "queues">) =>
  queues
    .filter((queue) => !isPoisoned(queue))
    .flatMap((queue) =>
      queue.again
        .filter(
          ({ attempts, times }) => attempts >= MANY_ATTEMPTS || ((times ?? 0) >= AGAIN && attempts >= AGAIN),
        )
        .map((job) => ({ queue, job })),
    );

const DAY_SECONDS = 86_400;

/** Failed jobs of the last day; where it is not said when, any. */
export const failedLately = ({ queues }: Pick<Queues, "queues">): Queue[] =>
  queues.filter(
    ({ failed, failing, lastFailedSeconds: last }) =>
      (failed ?? 0) > 0 && (failing ?? 0) === 0 && (last === null || last < DAY_SECONDS),
  );

/**
 * Of failed jobs of BullMQ those worth another try: of the last day, and only where jobs of the queue have been done since, so that
 * what they failed for is over. At most 20 of one queue, of the error that most of them have.
 */
export const retryable = ({ queues }: Pick<Queues, "queues">) =>
  failedLately({ queues })
    .filter(({ library, paused }) => library === "BullMQ" && !paused)
    .filter(
      ({ done, lastDoneSeconds: doneAt, lastFailedSeconds: failedAt }) =>
        failedAt !== null && ((done ?? 0) > 0 || (doneAt !== null && doneAt < failedAt)),
    )
    .flatMap(({ database, prefix, name, failures }) => {
      const [most] = failures;
      const newest = most?.ids[0]?.at ?? 0;
      const jobs = (most?.ids ?? []).filter(({ at }) => newest - at < DAY_SECONDS * 1000);
      return jobs.length === 0 ? [] : [{ database, prefix, name, jobs }];
    })
    .slice(0, 1);
