import { redis, runbookOn, saySeconds, z } from "../../src/sdk/index.ts";
import { BALANCE } from "../backlog/words.ts";
import {
  aboutEviction,
  aboutFailed,
  aboutLater,
  aboutLost,
  aboutTrimmed,
  aboutWaiting,
  belowLimits,
  notThere,
} from "./queue-findings.ts";
import { aboutFlows } from "./queue-flows.ts";
import {
  AGAIN,
  asked,
  comingBack,
  limitsOf,
  type Queue,
  retryable,
  withBacklog,
  withStalled,
} from "./queue-states.ts";
import { namesIn, promoterOf, queueOfKey, workersOf } from "./queue-words.ts";

/** Why jobs wait in queues that live in Redis: BullMQ, Bull, Celery, Sidekiq, RQ, groups of streams. */
const book = runbookOn(
  "redis",
  {
    id: "queue-backlog",
    title: "Queues in Redis: jobs that wait",
    covers: ["sergas-agents.high-queue-depth", "sergas-agents.queue-worker-profiling"],
    alerts: [
      "RedisQueueBacklog",
      "BullMQQueueBacklog",
      "BullMQFailedJobs",
      "CeleryHighQueueLength",
      "CeleryQueueBacklog",
      "CeleryWorkerDown",
      "SidekiqQueueBacklog",
      "SidekiqQueueLatency",
      "RQQueueBacklog",
      "JobQueueBacklog",
      "HighQueueDepth",
    ],
    params: z.object({
      waiting: z.int().min(1).max(10_000_000).default(100).describe("jobs from which a queue has a backlog"),
      oldMinutes: z
        .int()
        .min(1)
        .max(10_080)
        .default(15)
        .describe("or the first of them has waited for so many minutes"),
      seconds: z.int().min(1).max(15).default(5).describe("how long to look at what comes and what is done"),
      queue: z.string().max(250).optional().describe("only this queue"),
      prefix: z
        .string()
        .max(100)
        .optional()
        .describe("what the keys of the queues begin with; empty: all are looked for"),
    }),
    fromAlert: ({ queue, queue_name: name, key }) => ({ queue: queue ?? name ?? queueOfKey(key) }),
  },
  ({ params: { prefix, seconds } }) => ({
    state: redis.serverState(),
    write: redis.checkWrite(),
    all: redis.queues({ seconds, ...(prefix === undefined ? {} : { prefix }) }),
  }),
);

const isBull = ({ library, version }: Queue): boolean =>
  library === "BullMQ" && /^bullmq:[56]\./.test(version);

export const queueBacklog = book
  .remedies({
    resume: book.does(
      redis.setQueuePaused,
      ["all"],
      ({ all }, context) =>
        withBacklog({ queues: asked(all.queues, context) }, "paused", limitsOf(context))
          .filter(isBull)
          .slice(0, 3)
          .map(({ database, prefix, name }) => ({ database, prefix, name, paused: false })),
      { title: "Let the queue go on" },
    ),
    retryFailed: book.does(redis.retryFailedJobs, ["all"], ({ all }, context) =>
      retryable({ queues: asked(all.queues, context) }),
    ),
    removePoison: book.does(
      redis.removeJob,
      ["all"],
      ({ all }, context) =>
        withBacklog({ queues: asked(all.queues, context) }, "poisoned", limitsOf(context))
          .filter(isBull)
          .slice(0, 1)
          .flatMap(({ database, prefix, name, again }) =>
            again
              .filter(({ attempts, times }) => attempts >= AGAIN && (times ?? 0) >= AGAIN)
              .slice(0, 1)
              .map(({ id }) => ({ database, prefix, name, id })),
          ),
      {
        recheck: ["all"],
        // The next one may be as bad: then this one is gone, and nothing is better.
        holds: ({ all }, done, context) =>
          !withBacklog(all, "poisoned", limitsOf(context)).some(({ database, prefix, name }) =>
            done.some(
              ({ input }) => input.database === database && input.prefix === prefix && input.name === name,
            ),
          ),
      },
    ),
    askWhoPaused: book.advises(
      "Ask who paused it",
      "low",
      "Somebody paused it, and Redis keeps neither who nor why: a deployment, a migration, a broken receiver. Ask before it goes on; what waits is then taken at once.",
    ),
    startWorkers: book.advises("Start what takes from the queue", "low", ({ all }, context) => {
      const mine = ["no-worker", "quiet-workers", "idle-workers"] as const;
      const found = mine.flatMap((one) =>
        withBacklog({ queues: asked(all?.queues ?? [], context) }, one, limitsOf(context)),
      );
      return `See whether the service of ${namesIn(found)} runs, which queue, prefix and database it was given, and its last log lines. ${workersOf(found[0])}`;
    }),
    lookAtWorkers: book.advises("Look at what the workers do", "low", ({ all }, context) => {
      const mine = ["stuck", "unfinished", "idle-workers"] as const;
      const queues = asked(all?.queues ?? [], context);
      const [held] = mine.flatMap((word) => withBacklog({ queues }, word, limitsOf(context)));
      const one = held ?? withStalled({ queues }, limitsOf(context))[0];
      const since = one?.activeSeconds == null ? "" : ` (one job for ${saySeconds(one.activeSeconds)})`;
      return `Look at a worker of ${one?.name ?? "the queue"}${since}: what does it wait for (database, API, lock)? A time limit around that keeps one slow answer from holding all. Ending a worker gives its job to another, which begins it again: that helps only where it hangs by itself, and harms where a job may not be done twice. ${workersOf(one)}`;
    }),
    setAside: book.advises("Set the job aside that comes back", "high", ({ all }, context) => {
      const queues = asked(all?.queues ?? [], context);
      const poisoned = withBacklog({ queues }, "poisoned", limitsOf(context));
      const [first] = [
        ...poisoned.flatMap(({ again }) => again),
        ...comingBack({ queues }).map(({ job }) => job),
      ];
      return `The log of a worker says at what ${first === undefined ? "it" : `${first.name} ${first.id}`} fails. Keep its payload, then take it out. So that it does not happen again: bounded attempts with a growing delay, and an end for what cannot succeed (BullMQ: attempts, backoff, UnrecoverableError; Celery: max_retries, acks_late only with a limit; Sidekiq: retry: n; streams: a limit of deliveries, then XACK into a stream of dead ones).`;
    }),
    balance: book.advises("Finish more than comes", "low", BALANCE),
    promote: book.advises("Get what is due moved", "low", ({ all }, context) =>
      promoterOf(asked(all?.queues ?? [], context).find(({ due }) => due > 0)),
    ),
    askWhoLimits: book.advises(
      "See who limits it, and whether it is still meant",
      "low",
      "The limit is `limiter` of a worker, `setGlobalRateLimit`, `setGlobalConcurrency`, or a worker that calls `rateLimit()` after a 429: its log says of whom. If what it protects takes more by now, raise it; more workers do not help.",
    ),
    keepLonger: book.advises(
      "Let the stream keep what is not read yet",
      "high",
      "Trim by what all groups have read (XTRIM … MINID of the smallest last-delivered-id) or with room for the longest outage, not by a small MAXLEN at each XADD; the longer stream takes memory. What is gone comes back only from whoever made it. A group that nobody uses: XGROUP DESTROY.",
    ),
    mendFlow: book.advises(
      "Let the parents go on",
      "high",
      "Mend what the children fail for, then try them again by the library (`job.retry()`, `queue.retryJobs()` of the child's queue): once each is done its parent goes on by itself. A child that is gone never comes: decide of each parent whether it is removed, or begun anew with its flow. For good: say at each child what its failure means (failParentOnFailure, continueParentOnFailure, ignoreDependencyOnFailure or removeDependencyOnFailure).",
    ),
    serveThis: book.advises("Give it workers of its own", "low", ({ all }, context) => {
      const [one] = withBacklog(
        { queues: asked(all?.queues ?? [], context) },
        "elsewhere",
        limitsOf(context),
      );
      return `One process that takes from ${one?.name ?? "the queue"} alone (or weights in place of a strict order) keeps it going while others are full. Look first whether those others have more than usual. ${workersOf(one)}`;
    }),
    readFailures: book.advises("Read why they failed", "low", ({ all }, context) => {
      const failed = asked(all?.queues ?? [], context).filter((queue) => (queue.failed ?? 0) > 0);
      return `Mend what they fail for first (${namesIn(failed)}); then try a few again, then the rest. What failed weeks ago is mostly not wanted any more.`;
    }),
    keepKeys: book.advises(
      "Keep Redis from throwing jobs away",
      "high",
      ({ state }) =>
        `Queues need maxmemory-policy noeviction (now ${state?.memory?.policy ?? "unknown"}) and room to spare; with noeviction and no room producers get errors instead, which somebody sees. Make room first: let finished jobs end (BullMQ: removeOnComplete, removeOnFail), or an instance of its own for the queues. Jobs that were thrown away come back only from whoever made them.`,
    ),
  })
  .findings((find) => [
    find(["state", "all"], ({ state, all }) => aboutEviction(state, all)),
    find(["all"], ({ all }, context) => notThere(all, context)),
    find(["all"], ({ all }, context) => aboutWaiting(all, context)),
    find(["all"], ({ all }, context) => aboutLost(all, context)),
    find(["all"], ({ all }, context) => aboutFailed(all, context)),
    find(["all"], ({ all }, context) => aboutLater(all, context)),
    find(["all"], ({ all }, context) => aboutTrimmed(all, context)),
    find(["all"], ({ all }, context) => aboutFlows(all, context)),
    find(["all"], ({ all }, context) => belowLimits(all, context)),
  ]);
