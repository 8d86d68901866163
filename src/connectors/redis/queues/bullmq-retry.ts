import { z } from "zod";
import { actionsOn, type Preview } from "../../../core/words/action.ts";
import { count } from "../../../core/words/format.ts";
import type { RedisClient } from "../client.ts";
import {
  change,
  JobId,
  QueueName,
  queueJobs,
  queueNow,
  sayQueue,
  targetOf,
  versionRefusal,
} from "./bullmq-change.ts";
import { RETRY } from "./bullmq-scripts.ts";

/** More than so many are tried again by the library, once these have shown that it helps. */
const MOST = 20;
const Input = QueueName.extend({
  /** `at`: when it failed (ms): one that has failed again since is another decision. */
  jobs: z
    .array(z.object({ id: JobId, at: z.number() }))
    .min(1)
    .max(MOST),
});
type Input = z.output<typeof Input>;

const ids = ({ jobs }: Input): string[] => jobs.map(({ id }) => id);

/**
 * Puts failed jobs of BullMQ 5 or 6 back to wait, each by its name, all or none (reprocessJob-9.lua): they are begun once more, and a
 * job that has used up its attempts fails for good at the first error. Those of a flow are left to the library.
 */
export const retryFailedJobs = actionsOn<RedisClient>("redis").write({
  name: "redis.retry-failed-jobs",
  title: "Try failed jobs again",
  class: "cas",
  risk: "high",
  input: Input,
  output: z.object({ retried: z.int(), failedBefore: z.number() }),
  target: targetOf,
  preview: async (client, input, context): Promise<Preview> => {
    const now = await queueNow(client, input, ids(input), context);
    const witness = { jobs: now.jobs.map(({ id, failedAt }) => ({ id, failedAt })) };
    const otherwise = now.jobs.filter(({ failedAt }, at) => failedAt !== input.jobs[at]?.at);
    const refused =
      versionRefusal(now.version) ??
      (now.paused ? "the queue is paused: nobody would take them" : undefined) ??
      (now.jobs.some(({ hasParent }) => hasParent)
        ? "some belong to a flow: retry them with the library"
        : undefined);
    if (refused !== undefined) return { changes: [], witness, refused };
    if (otherwise.length === now.jobs.length)
      return { changes: [], witness, nothingToDo: "none of them is where it failed any more" };
    if (otherwise.length > 0)
      return {
        changes: [],
        witness,
        refused: `${otherwise.map(({ id }) => id).join(", ")} did not stay as they failed`,
      };
    return {
      witness,
      changes: now.jobs.map(
        ({ id, name, attempts }) =>
          `try job ${id} (${name}, ${count(attempts, "attempt")} so far) of ${sayQueue(input)} again`,
      ),
    };
  },
  run: async (client, input, context) => {
    const { failed } = await queueNow(client, input, [], context);
    await change(
      client,
      { queue: input, script: RETRY, words: input.jobs.flatMap(({ id, at }) => [id, at]) },
      SAYS,
      context,
    );
    return { retried: input.jobs.length, failedBefore: failed };
  },
  probe: async (client, input, _witness, context) => {
    const { jobs } = await queueNow(client, input, ids(input), context);
    const still = jobs.filter(({ failedAt }, at) => failedAt === input.jobs[at]?.at).length;
    return {
      verdict: still === 0 ? "done" : still === jobs.length ? "not-done" : "unknown",
      evidence: `${still} of ${count(jobs.length, "job")} still stand where they failed`,
    };
  },
  undo: "none: a job that has begun again cannot be taken back; what it did, it has done twice unless it is written to be repeated",
  settled: {
    within: "2m",
    check: ({ database, prefix, name, jobs }) => ({
      queue: queueJobs({ database, prefix, name, ids: jobs.map(({ id }) => id) }),
    }),
    // Many queues remove what is done.
    holds: ({ queue }) => queue.jobs.every(({ state }) => state === "completed" || state === "gone"),
    figures: ({ queue }, _input, output) => {
      const done = queue.jobs.filter(({ state }) => state === "completed" || state === "gone").length;
      return `failed ${output?.failedBefore ?? "?"} → ${queue.failed}; ${done} of ${queue.jobs.length} done`;
    },
  },
});

const SAYS = {
  paused: "the queue is paused",
  otherwise: "one of them is not where it failed any more",
  gone: "one of them is not there any more",
  parent: "one of them belongs to a flow",
};
