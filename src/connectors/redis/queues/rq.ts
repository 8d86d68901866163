import type { RedisHands } from "../client.ts";
import { type Found, MOST_QUEUES } from "./find.ts";
import { blank, type Look } from "./queue.ts";
import {
  ask,
  askEach,
  type Command,
  GRACE_MS,
  largest,
  numberIn,
  numberOf,
  scoredOf,
  secondsSince,
  textsOf,
} from "./replies.ts";

const WORKER = "rq:worker:";
const MOST_WORKERS = 500;

interface Worker {
  readonly state: string;
  readonly done: number;
  readonly failed: number;
  /** The job it works on, and since when. */
  readonly job: string;
  readonly begunMs: number | null;
  /** The queue of that job; null: it has none. */
  readonly origin: string | null;
}

/**
 * RQ (rq/queue.py, registry.py, worker/base.py, suspension.py, scheduler.py): lists `rq:queue:<name>` named by the set `rq:queues`,
 * registries by queue, workers that write a heartbeat into hashes that end. It knows no prefix.
 */
export async function lookAtRq(redis: RedisHands, { rq, database }: Found, nowMs: number): Promise<Look[]> {
  if (!rq) return [];
  const [names, suspended] = await ask(redis, [
    ["SRANDMEMBER", "rq:queues", MOST_QUEUES],
    ["EXISTS", "rq:suspended"],
  ]);
  const queues = textsOf(names).map((key) => key.replace(/^rq:queue:/, ""));
  const replies = await askEach(redis, queues, (name): Command[] => [
    ["LLEN", `rq:queue:${name}`],
    ["LINDEX", `rq:queue:${name}`, 0],
    ["LLEN", `rq:queue:${name}:intermediate`],
    ["ZCARD", `rq:wip:${name}`],
    // The score is when the worker would have had to say that it goes on; -1 and +inf: never.
    ["ZCOUNT", `rq:wip:${name}`, "(0", `(${nowMs / 1000}`],
    ["ZCARD", `rq:scheduled:${name}`],
    ["ZCOUNT", `rq:scheduled:${name}`, "-inf", (nowMs - GRACE_MS) / 1000],
    ["ZRANGE", `rq:scheduled:${name}`, 0, 0, "WITHSCORES"],
    ["ZCARD", `rq:failed:${name}`],
    ["SRANDMEMBER", `rq:workers:${name}`, MOST_WORKERS],
  ]);
  const looks: Look[] = [];
  for (const [name, each] of replies)
    looks.push(await lookAtOne(redis, { name, database, each, isSuspended: numberOf(suspended) > 0 }, nowMs));
  return looks;
}

interface One {
  readonly name: string;
  readonly database: number;
  readonly each: readonly unknown[];
  readonly isSuspended: boolean;
}

async function lookAtOne(redis: RedisHands, { name, database, each, isSuspended }: One, nowMs: number) {
  const [waiting, head, between, wip, lost, later, due, first, failed, workers] = each;
  const alive = await workersOf(redis, textsOf(workers));
  const [next] = scoredOf(first);
  const sum = (of: "done" | "failed") =>
    alive.length === 0 ? null : alive.reduce((all, one) => all + one[of], 0);
  return {
    queue: {
      ...blank({ library: "RQ", database, prefix: "rq", name }),
      ...{ waiting: numberOf(waiting), active: numberOf(wip) + numberOf(between), delayed: numberOf(later) },
      due: numberOf(due),
      dueSeconds: numberOf(due) > 0 && next !== undefined ? secondsSince(next.score * 1000, nowMs) : null,
      ...{ failed: numberOf(failed), paused: isSuspended, stalled: numberOf(lost) },
      oldestSeconds: secondsSince(await enqueuedMs(redis, head), nowMs),
      workers: alive.length,
      quiet: alive.filter(({ state }) => state === "suspended").length,
      elsewhere: alive.filter(({ origin }) => origin !== null && origin !== name).length,
      activeSeconds: largest(
        alive.filter(({ origin }) => origin === name).map(({ begunMs }) => secondsSince(begunMs, nowMs)),
      ),
    },
    counted: { added: null, done: sum("done"), failing: sum("failed") },
    // Where nobody is there another head is one that was put in front (`at_front`).
    next: alive.length === 0 ? undefined : typeof head === "string" ? head : null,
  };
}

async function enqueuedMs(redis: RedisHands, id: unknown): Promise<number | null> {
  if (typeof id !== "string") return null;
  const [times] = await ask(redis, [["HMGET", `rq:job:${id}`, "enqueued_at", "created_at"]]);
  const [enqueued, created] = Array.isArray(times) ? times : [];
  return timeIn(enqueued) ?? timeIn(created);
}

/** Of the names those that are still there: a worker that ended without a word leaves its name, and its hash ends. */
async function workersOf(redis: RedisHands, keys: readonly string[]): Promise<Worker[]> {
  const named = keys.filter((key) => key.startsWith(WORKER));
  const hashes = await askEach(redis, named, (key): Command[] => [
    ["HMGET", key, "state", "successful_job_count", "failed_job_count", "current_job", "death"],
  ]);
  const workers = hashes.flatMap(([, [fields]]) => {
    const [state, done, failed, job, death] = Array.isArray(fields) ? fields : [];
    if (death != null || typeof state !== "string") return [];
    return [
      {
        ...{ state, done: numberIn(done) ?? 0, failed: numberIn(failed) ?? 0 },
        job: typeof job === "string" ? job : "",
      },
    ];
  });
  const busy = await askEach(redis, workers, ({ job }): Command[] =>
    job === "" ? [] : [["HMGET", `rq:job:${job}`, "started_at", "origin"]],
  );
  return busy.map(([worker, [fields]]) => {
    const [started, origin] = Array.isArray(fields) ? fields : [];
    return { ...worker, begunMs: timeIn(started), origin: typeof origin === "string" ? origin : null };
  });
}

/** `2026-11-30T16:20:39.123456Z` in UTC, as utcformat writes it. */
function timeIn(text: unknown): number | null {
  const at = typeof text === "string" ? Date.parse(/Z$/.test(text) ? text : `${text}Z`) : Number.NaN;
  return Number.isFinite(at) ? at : null;
}
