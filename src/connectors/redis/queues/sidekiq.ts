import type { RedisHands } from "../client.ts";
import { type Found, MOST_QUEUES, ofType } from "./find.ts";
import { blank, type Look, type RedisQueue } from "./queue.ts";
import {
  ask,
  askEach,
  type Command,
  GRACE_MS,
  largest,
  lineOf,
  numberIn,
  numberOf,
  objectIn,
  scoredOf,
  secondsSince,
  textsOf,
} from "./replies.ts";

const SAMPLE = 200;
/** A process beats every 10 s (launcher.rb), and its key ends after 60. */
const ALIVE_SECONDS = 60;

interface Process {
  readonly queues: readonly string[];
  readonly isQuiet: boolean;
  /** Threads it has; null: it does not say. */
  readonly threads: number | null;
  /** Jobs it works on. */
  readonly work: readonly { readonly queue: string; readonly begunMs: number | null }[];
}

/** A job of `retry`, `schedule` or `dead`. Moments in ms. */
interface Sorted {
  readonly total: number;
  readonly jobs: readonly { readonly job: Readonly<Record<string, unknown>>; readonly atMs: number }[];
}

/**
 * Sidekiq 6 to 8 (lib/sidekiq/client.rb, launcher.rb, api.rb): lists `queue:<name>` named by the set `queues`; `retry`, `schedule` and
 * `dead` are sorted sets of all queues, of which the first 200 tell how they are shared out; processes beat into hashes that end.
 */
export async function lookAtSidekiq(
  redis: RedisHands,
  { sidekiq, database }: Found,
  nowMs: number,
): Promise<Look[]> {
  const prefixes = await ofType(redis, [...sidekiq].slice(0, 20), (prefix) => [
    { key: `${prefix}queues`, types: ["set"] },
    { key: `${prefix}processes`, types: ["set"] },
  ]);
  const looks: Look[] = [];
  for (const prefix of prefixes) {
    const [queues, paused, processed] = await ask(redis, [
      ["SRANDMEMBER", `${prefix}queues`, MOST_QUEUES],
      ["SRANDMEMBER", `${prefix}paused`, MOST_QUEUES],
      ["GET", `${prefix}stat:processed`],
    ]);
    const names = textsOf(queues);
    const processes = await processesOf(redis, prefix, nowMs);
    const sets = await setsOf(redis, prefix);
    const lists = await askEach(redis, names, (name) => [
      ["LLEN", `${prefix}queue:${name}`],
      ["LINDEX", `${prefix}queue:${name}`, -1],
    ]);
    // Without anything of Sidekiq's own they may be lists of anybody.
    if (processes.length === 0 && processed === null && !lists.some(([, [, head]]) => isJob(head))) continue;
    const stopped = new Set(textsOf(paused));
    for (const [name, [length, head]] of lists) {
      const queue = blank({ library: "Sidekiq", database, prefix, name });
      looks.push({
        queue: {
          ...queue,
          ...{ waiting: numberOf(length), paused: stopped.has(name) },
          oldestSeconds: secondsSince(enqueuedMs(objectIn(head)), nowMs),
          ...workOf(processes, name, nowMs),
          ...laterOf(sets, name, nowMs),
        },
        counted: { added: null, done: null, failing: null },
        next: typeof head === "string" ? String(objectIn(head)?.jid ?? head.slice(0, 500)) : null,
      });
    }
  }
  return looks;
}

const isJob = (text: unknown): boolean => typeof objectIn(text)?.jid === "string";

/** Since 8 whole milliseconds, before it seconds with a fraction. */
function enqueuedMs(job: Readonly<Record<string, unknown>> | undefined): number | null {
  const at = job?.enqueued_at ?? job?.created_at;
  return typeof at !== "number" ? null : at > 1e11 ? at : at * 1000;
}

async function processesOf(redis: RedisHands, prefix: string, nowMs: number): Promise<Process[]> {
  const [ids] = await ask(redis, [["SRANDMEMBER", `${prefix}processes`, 500]]);
  const replies = await askEach(redis, textsOf(ids), (id): Command[] => [
    ["HMGET", `${prefix}${id}`, "info", "beat", "quiet"],
    ["HGETALL", `${prefix}${id}:work`],
  ]);
  return replies.flatMap(([, [fields, work]]) => {
    const [info, beat, quiet] = Array.isArray(fields) ? fields : [];
    const beatAt = numberIn(beat);
    if (beatAt === null || nowMs / 1000 - beatAt > ALIVE_SECONDS) return [];
    const { queues, concurrency } = objectIn(info) ?? {};
    return [
      {
        queues: Array.isArray(queues) ? queues.map(String) : [],
        isQuiet: quiet === "true",
        threads: typeof concurrency === "number" ? concurrency : null,
        work: textsOf(work).flatMap((text, at) => {
          const one = at % 2 === 1 ? objectIn(text) : undefined;
          const begun = one?.run_at;
          return one === undefined
            ? []
            : [
                {
                  queue: String(one.queue).replace(/^queue:/, ""),
                  begunMs: typeof begun === "number" ? begun * 1000 : null,
                },
              ];
        }),
      },
    ];
  });
}

const isFull = ({ threads, work }: Process): boolean => threads !== null && work.length >= threads;

function workOf(processes: readonly Process[], name: string, nowMs: number) {
  const mine = processes.filter(({ queues }) => queues.includes(name));
  const work = processes.flatMap((one) => one.work).filter(({ queue }) => queue === name);
  return {
    workers: mine.length,
    quiet: mine.filter(({ isQuiet }) => isQuiet).length,
    elsewhere: mine.filter((one) => isFull(one) && one.work.every(({ queue }) => queue !== name)).length,
    active: work.length,
    activeSeconds: largest(work.map(({ begunMs }) => secondsSince(begunMs, nowMs))),
  };
}

type Sets = Readonly<Record<"retry" | "schedule" | "dead", Sorted>>;

async function setsOf(redis: RedisHands, prefix: string): Promise<Sets> {
  const one = async (name: string, command: "ZRANGE" | "ZREVRANGE"): Promise<Sorted> => {
    const [total, first] = await ask(redis, [
      ["ZCARD", `${prefix}${name}`],
      [command, `${prefix}${name}`, 0, SAMPLE - 1, "WITHSCORES"],
    ]);
    const jobs = scoredOf(first).flatMap(({ member, score }) => {
      const job = objectIn(member);
      return job === undefined ? [] : [{ job, atMs: score * 1000 }];
    });
    return { total: numberOf(total), jobs };
  };
  return {
    retry: await one("retry", "ZRANGE"),
    schedule: await one("schedule", "ZRANGE"),
    dead: await one("dead", "ZREVRANGE"),
  };
}

/** Of this queue; where there are more than the sample, in its proportion. */
function laterOf(sets: Sets, name: string, nowMs: number): Partial<Look["queue"]> {
  const mine = ({ jobs }: Sorted) => jobs.filter(({ job }) => job.queue === name);
  const number = (set: Sorted) =>
    set.jobs.length === 0 ? 0 : Math.round((mine(set).length * set.total) / set.jobs.length);
  // They are sorted by their time: those that are due stand first.
  const late = [...mine(sets.retry), ...mine(sets.schedule)].filter(({ atMs }) => nowMs - atMs > GRACE_MS);
  const again: RedisQueue["again"] = mine(sets.retry)
    .flatMap(({ job }) => {
      const retries = typeof job.retry_count === "number" ? job.retry_count : 0;
      return retries < 2
        ? []
        : [
            {
              ...{ id: lineOf(job.jid, 200), name: nameOf(job), attempts: retries + 2, times: null },
              ...{
                state: "delayed" as const,
                error: lineOf(`${lineOf(job.error_class)}: ${lineOf(job.error_message)}`),
              },
            },
          ];
    })
    .sort((a, b) => b.attempts - a.attempts)
    .slice(0, 5);
  return {
    delayed: number(sets.retry) + number(sets.schedule),
    due: late.length,
    dueSeconds: largest(late.map(({ atMs }) => secondsSince(atMs, nowMs))),
    failed: number(sets.dead),
    lastFailedSeconds: secondsSince(mine(sets.dead)[0]?.atMs ?? null, nowMs),
    again,
    failures: failuresIn(mine(sets.dead)),
  };
}

/** Of Active Job the class is the adapter's. */
const nameOf = (job: Readonly<Record<string, unknown>>): string => lineOf(job.wrapped ?? job.class, 80);

function failuresIn(dead: Sorted["jobs"]): RedisQueue["failures"] {
  const groups = new Map<string, RedisQueue["failures"][number]>();
  for (const { job } of dead) {
    const [name, error] = [nameOf(job), lineOf(`${lineOf(job.error_class)}: ${lineOf(job.error_message)}`)];
    const key = JSON.stringify([name, error.replace(/\d+/g, "0")]);
    const group = groups.get(key) ?? { name, error, jobs: 0, ids: [] };
    groups.set(key, { ...group, jobs: group.jobs + 1 });
  }
  return [...groups.values()].sort((a, b) => b.jobs - a.jobs).slice(0, 3);
}
