import type { RedisHands } from "../client.ts";
import type { Parts } from "./bullmq-parts.ts";
import type { RedisQueue } from "./queue.ts";
import { askEach, largest, lineOf, numberIn, numberOf, objectIn, secondsSince } from "./replies.ts";

type State = keyof Parts["ids"];

/** A job as its hash says (storeJob.lua, moveToFinished-14.lua); its data are never read. */
export interface Job {
  readonly id: string;
  readonly state: State;
  readonly name: string;
  /** Tries that failed and workers that lost it; one that was put off untried counts for none. */
  readonly attempts: number;
  /** When it was made, or was due where it was to wait. */
  readonly readyMs: number | null;
  readonly begunMs: number | null;
  /** Seconds it was worked on. */
  readonly took: number | null;
  readonly error: string;
  readonly isLocked: boolean;
  /** It belongs to a flow: to be moved only together with its parent. */
  readonly hasParent: boolean;
  readonly failedAt: number | null;
}

/** Most jobs of all queues together. */
const MOST_JOBS = 10_000;
const FIELDS = ["name", "atm", "attemptsMade", "timestamp", "processedOn", "finishedOn", "failedReason"];

export async function jobsOf(redis: RedisHands, parts: readonly Parts[]): Promise<Map<string, Job[]>> {
  const wanted = parts
    .flatMap((part) =>
      (Object.keys(part.ids) as State[]).flatMap((state) =>
        part.ids[state].map((id) => ({ part, state, id })),
      ),
    )
    .slice(0, MOST_JOBS);
  const replies = await askEach(redis, wanted, ({ part: { base }, id }) => [
    ["HMGET", `${base}:${id}`, ...FIELDS, "parentKey", "opts", "stc"],
    ["EXISTS", `${base}:${id}:lock`],
  ]);
  const jobs = new Map<string, Job[]>();
  for (const [{ part, state, id }, [fields, lock]] of replies) {
    const list = jobs.get(part.base) ?? [];
    jobs.set(part.base, list);
    if (Array.isArray(fields)) list.push(jobOf({ id, state }, fields, numberOf(lock) > 0, part));
  }
  return jobs;
}

function jobOf(
  { id, state }: { id: string; state: State },
  fields: readonly unknown[],
  isLocked: boolean,
  part: Parts,
): Job {
  const [name, made, oldMade, timestamp, begun, finished, reason, parent, opts, lost] = fields;
  const delay = objectIn(opts)?.delay;
  const at = numberIn(timestamp);
  const [begunMs, endMs] = [numberIn(begun), numberIn(finished)];
  return {
    ...{ id, state, isLocked, begunMs },
    name: lineOf(name, 80),
    attempts: (numberIn(made) ?? numberIn(oldMade) ?? 0) + (numberIn(lost) ?? 0),
    readyMs: at === null ? null : at + (typeof delay === "number" ? delay : 0),
    took: begunMs === null || endMs === null ? null : (endMs - begunMs) / 1000,
    error: lineOf(reason),
    hasParent: typeof parent === "string" && parent !== "",
    failedAt: part.failedAt.get(id) ?? null,
  };
}

/** Since the one that is worked on longest was begun. */
export const longestOf = (jobs: readonly Job[], nowMs: number): number | null =>
  largest(jobs.filter(({ state }) => state === "active").map(({ begunMs }) => secondsSince(begunMs, nowMs)));

/** Jobs that nobody holds, each with when it was begun: one that is begun again and again is another each time, however often it is seen between two holders. */
export const lostOf = (jobs: readonly Pick<Job, "id" | "state" | "begunMs" | "isLocked">[]): string[] =>
  jobs
    .filter(({ state, isLocked }) => state === "active" && !isLocked)
    .map(({ id, begunMs }) => `${id} ${begunMs}`);

export const heldOf = (jobs: readonly Pick<Job, "state" | "isLocked">[]): number =>
  jobs.filter(({ state, isLocked }) => state === "active" && isLocked).length;

/** So many attempts are no chance. */
const MANY = 3;

/** Jobs that were begun again and again, most often first. `givenBack`: how often within the look, by id. */
export const againOf = (jobs: readonly Job[], givenBack: ReadonlyMap<string, number>): RedisQueue["again"] =>
  jobs
    .flatMap(({ id, name, state, attempts, error }) => {
      const times = givenBack.get(id) ?? 0;
      if (state === "completed" || state === "failed" || Math.max(attempts, times) < MANY) return [];
      return [{ ...{ id: id.slice(0, 200), name, attempts, times, state, error } }];
    })
    .sort((a, b) => b.times - a.times || b.attempts - a.attempts)
    .slice(0, 5);

/** Of the last that failed: by name and error, those of most jobs first. */
export function failuresOf(jobs: readonly Job[]): RedisQueue["failures"] {
  const groups = new Map<string, { name: string; error: string; jobs: Job[] }>();
  for (const job of jobs) {
    if (job.failedAt === null) continue;
    const key = JSON.stringify([job.name, job.error.replace(/\d+/g, "0")]);
    const group = groups.get(key) ?? { name: job.name, error: job.error, jobs: [] };
    groups.set(key, group);
    group.jobs.push(job);
  }
  return [...groups.values()]
    .sort((a, b) => b.jobs.length - a.jobs.length)
    .slice(0, 3)
    .map(({ name, error, jobs: mine }) => ({
      ...{ name, error, jobs: mine.length },
      ids: mine
        .filter(({ hasParent, id }) => !hasParent && id.length <= 200)
        .slice(0, 20)
        .map(({ id, failedAt }) => ({ id, at: failedAt ?? 0 })),
    }));
}
