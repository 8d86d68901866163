import { type Evidence, rows, saySeconds, shellWord } from "../../src/sdk/index.ts";
import { namesOf, perSecond } from "../backlog/words.ts";
import type { Queue } from "./queue-states.ts";

export const namesIn = namesOf;

const say = (seconds: number | null): string => (seconds === null ? "unknown" : saySeconds(seconds));

/** One row per queue. */
export const shown = (queues: readonly Queue[], { seconds }: { seconds: number }): Evidence[] => [
  rows("", queues.slice(0, 20), {
    queue: (one) => one.name,
    library: ({ library, database }) => (database === 0 ? library : `${library}, database ${database}`),
    waiting: (one) => one.waiting,
    "first since": (one) => say(one.oldestSeconds),
    active: (one) => one.active,
    workers: (one) => one.workers ?? "unknown",
    added: (one) => perSecond(one.added, seconds),
    done: (one) => perSecond(one.done, seconds),
    later: (one) => one.delayed,
    failed: (one) => one.failed ?? "unknown",
  }),
];

export const failureRows = (queues: readonly Queue[]): Evidence[] => [
  rows(
    "",
    queues.flatMap(({ name, failures }) => failures.map((one) => ({ ...one, queue: name }))).slice(0, 15),
    {
      queue: (one) => one.queue,
      job: (one) => one.name,
      "of the last": (one) => one.jobs,
      error: (one) => (one.error === "" ? "not said" : one.error),
    },
  ),
];

export const againRows = (jobs: readonly { queue: Queue; job: Queue["again"][number] }[]): Evidence[] => [
  rows("", jobs.slice(0, 15), {
    queue: ({ queue }) => queue.name,
    job: ({ job }) => job.name,
    id: ({ job }) => job.id,
    attempts: ({ job }) => job.attempts,
    "in the look": ({ job }) => job.times ?? "unknown",
    is: ({ job }) => job.state,
    error: ({ job }) => job.error,
  }),
];

/** How each library shows who works, and starts one; of the first queue. */
export function workersOf(queue: Queue | undefined): string {
  const { name = "<queue>", library } = queue ?? {};
  switch (library) {
    case "Celery":
      return `\`celery -A <app> inspect active_queues\` says which worker takes from which queue: one takes from \`celery\` alone unless it is started with \`-Q ${shellWord(name)}\`.`;
    case "Sidekiq":
      return `A process takes only from queues of its \`:queues:\` or \`-q ${shellWord(name)}\`; those that beat are on the page "Busy".`;
    case "RQ":
      return `\`rq info -R\` lists workers and queues; \`rq worker ${shellWord(name)}\` starts one.`;
    case "stream":
      return "`XINFO CONSUMERS <stream> <group>` lists the consumers of the group and when each was heard of last.";
    default:
      return `A worker of BullMQ is a process with a Worker for a queue of exactly that name (${name}) and the same prefix${queue === undefined ? "" : ` (${queue.prefix})`}; its connection bears the name of the queue in base64 (\`redis-cli CLIENT LIST\`).`;
  }
}

/** What promotes jobs whose time has come. */
export function promoterOf(queue: Queue | undefined): string {
  const { library } = queue ?? {};
  switch (library) {
    case "Sidekiq":
      return "Every Sidekiq process polls `retry` and `schedule`: one that hangs, or whose clock is behind, does not. Look at the processes' clocks and last log lines.";
    case "RQ":
      return "Only a worker started with `--with-scheduler` moves them: see whether one is (`rq:scheduler-lock:<queue>` is there while it runs).";
    case "Celery":
      return "Celery's workers keep such jobs themselves: look at the worker that has them.";
    default:
      return "A worker of BullMQ that is free moves them; all are busy, or the marker it waits for was lost (Redis was emptied, evicted or restored). Adding any job wakes one; a restart of one worker, too.";
  }
}

/** `mails` of `bull:mails:wait`, as redis_exporter labels sizes of keys; undefined: no key of a queue. */
export function queueOfKey(key: string | undefined): string | undefined {
  const parts = /^(?:[^:]+:)+([^:]+):(?:wait|paused|active|delayed|failed|prioritized)$/.exec(key ?? "");
  return parts?.[1] ?? /(?:^|:)queue:([^:]+)$/.exec(key ?? "")?.[1];
}
