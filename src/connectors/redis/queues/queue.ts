import { z } from "zod";

/** Whose layout of keys a queue has. `Bull`: the library before BullMQ. `stream`: a group of a stream. `list`: a list by its name. */
export const Library = z.enum(["BullMQ", "Bull", "Celery", "Sidekiq", "RQ", "stream", "list"]);

const count = z.number();
/** Null: the layout does not say it, or it could not be asked; that is not 0. */
const said = z.number().nullable();

/** A job that comes back. Names and errors are foreign text. */
export const Again = z.object({
  id: z.string(),
  name: z.string(),
  attempts: z.int(),
  /** How often it was given back within the look; null: the layout does not say. */
  times: said,
  /** `active`: a worker has it now. */
  state: z.enum(["waiting", "active", "delayed"]),
  error: z.string(),
});

/** Jobs that failed for good, by name and error: newest first, with the moment of each (ms). */
export const Failures = z.object({
  name: z.string(),
  error: z.string(),
  jobs: z.int(),
  /** Newest first, at most 20 that belong to no parent: these can be tried again by themselves. */
  ids: z.array(z.object({ id: z.string(), at: z.number() })).max(20),
});

/** One queue. Ages and times in seconds, by the clock of Redis against those of whoever wrote the jobs. */
export const RedisQueue = z.object({
  library: Library,
  /** As the library wrote it down; empty: it does not. */
  version: z.string(),
  database: z.int(),
  /** What stands before the names of its keys. */
  prefix: z.string(),
  name: z.string(),
  waiting: count,
  active: count,
  /** For later, on purpose or until the next try. */
  delayed: count,
  /** Of those: whose time came more than a minute ago, and how long ago that of the first. */
  due: count,
  dueSeconds: said,
  failed: said,
  paused: z.boolean(),
  /** A rate limit of the library is at work, or as many jobs are active as may be at once. */
  limited: z.boolean(),
  /** A rate limit counts, and how many it lets through is not kept in Redis: whether it holds anything back is not known. Seconds until it counts anew. */
  mayLimitSeconds: said.optional(),
  /** Since the oldest that waits was made, or was due. */
  oldestSeconds: said,
  /** Seen alive now. Null: nobody can say. */
  workers: said,
  /** `queue`: they take from this one. `library`: they are workers of the library; from which queues they take is not said. */
  workersOf: z.enum(["queue", "library"]),
  /** Of those: they finish what they have and take nothing new. */
  quiet: count,
  /** Of those: their hands are full with jobs of other queues. */
  elsewhere: count.optional(),
  /** Jobs whose lock stands: somebody has them, or had them until half a minute ago. */
  held: count.optional(),
  /** Entries that were cut off the stream before this group was given them: they are gone. */
  trimmed: count.optional(),
  /** Given to a worker that holds it no more. */
  stalled: count,
  /** Since the one that is worked on longest was begun, and what those before took (the middle of the last ten). */
  activeSeconds: said,
  typicalSeconds: said,
  lastDoneSeconds: said,
  /** Since the last that failed for good. */
  lastFailedSeconds: said,
  /** Within the look. `failing`: failed for good. */
  added: said,
  done: said,
  failing: said,
  grown: count,
  /** Whether any was taken from it within the look. */
  taken: z.boolean().nullable(),
  /** Parents of flows that wait for their children: the first few of them are looked at. Absent: none wait, or the library has no flows. */
  flows: z
    .object({
      parents: count,
      oldestSeconds: said,
      looked: z.int(),
      /** Of those: a child of theirs has failed for good, or is gone. */
      held: z.int(),
      example: z.object({ parent: z.string(), child: z.string(), is: z.enum(["failed", "gone"]) }).nullable(),
    })
    .optional(),
  again: z.array(Again).max(5),
  failures: z.array(Failures).max(3),
});
export type RedisQueue = z.infer<typeof RedisQueue>;

/** What is known only of the time between two looks. */
type Between = "added" | "done" | "failing" | "grown" | "taken";

/** One look at one queue. */
export interface Look {
  readonly queue: Omit<RedisQueue, Between>;
  /** Counters that only grow; null: there is none. */
  readonly counted: {
    readonly added: number | null;
    readonly done: number | null;
    readonly failing: number | null;
    /** Given to a worker; where it is known it says whether any was taken, and `next` does not. */
    readonly begun?: number | null;
  };
  /** Jobs that seem to be held by nobody, each as it was begun: one that ends between two questions seems so for a moment. Where it is not given, `stalled` counts. */
  readonly lost?: readonly string[];
  /** What is taken next, in any form that tells two apart; null: nothing waits. Undefined: nobody can say. */
  readonly next: string | null | undefined;
}

/** Where no more is known than that it is there. */
export const blank = (
  where: Pick<RedisQueue, "library" | "database" | "prefix" | "name">,
): Look["queue"] => ({
  ...where,
  ...{ version: "", waiting: 0, active: 0, delayed: 0, due: 0, dueSeconds: null, failed: null },
  ...{ paused: false, limited: false, oldestSeconds: null, workers: null, workersOf: "queue", quiet: 0 },
  ...{
    stalled: 0,
    activeSeconds: null,
    typicalSeconds: null,
    lastDoneSeconds: null,
    lastFailedSeconds: null,
    again: [],
    failures: [],
  },
});

export const keyOf = ({ library, database, prefix, name }: Look["queue"]): string =>
  JSON.stringify([library, database, prefix, name]);

/** Pure. `first`: the same queue some seconds before; without it nothing is said of the time between. */
export function between(first: Look | undefined, second: Look): RedisQueue {
  const since = (name: keyof Look["counted"]): number | null => {
    const [was, is] = [first?.counted[name] ?? null, second.counted[name] ?? null];
    // A counter that fell began anew.
    return was === null || is === null || is < was ? null : is - was;
  };
  const [added, done, failing] = [since("added"), since("done"), since("failing")];
  const begun = since("begun");
  const grown = first === undefined ? 0 : second.queue.waiting - first.queue.waiting;
  const isMoving = (done ?? 0) > 0 || (failing ?? 0) > 0 || grown < 0;
  return {
    ...second.queue,
    stalled: second.lost?.filter((id) => first?.lost?.includes(id)).length ?? second.queue.stalled,
    ...{ added, done, failing, grown },
    // A limit of less than a second is there at one moment and not at the next.
    limited: second.queue.limited || first?.queue.limited === true,
    taken: isMoving ? true : begun === null ? isTaken(first, second) : begun > 0,
  };
}

/** What stood next is not there any more. Where nothing stood, nobody can say. */
const isTaken = (first: Look | undefined, { next }: Look): boolean | null =>
  first?.next === null || first?.next === undefined || next === undefined ? null : first.next !== next;
