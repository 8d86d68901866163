import { z } from "zod";
import { actionsOn, type Preview } from "../../../core/words/action.ts";
import { count, sayBytes } from "../../../core/words/format.ts";
import { beforeEffect } from "../../before-effect.ts";
import type { RedisClient } from "../client.ts";
import {
  change,
  type Job,
  JobId,
  QueueName,
  queueJobs,
  queueNow,
  sayQueue,
  targetOf,
  versionRefusal,
} from "./bullmq-change.ts";
import { REMOVE } from "./bullmq-scripts.ts";

const Input = QueueName.extend({
  id: JobId,
  /** Of name, payload and time, as `redis.queue-jobs` says; left out: of the job as it is looked at for the preview. */
  digest: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
});

/** What keeps it from being removed; undefined: nothing. */
function refusal({ state, isLocked, hasParent, hasChildren, id }: Job, version: string): string | undefined {
  const why = versionRefusal(version);
  if (why !== undefined) return why;
  if (state === "active" || isLocked) return "a worker has it: end that first";
  if (hasParent || hasChildren || state === "waiting-children")
    return "it belongs to a flow: remove it with the library, which takes care of the others";
  return id.startsWith("repeat:")
    ? "a scheduler makes it anew: remove the scheduler with the library"
    : undefined;
}

/**
 * Removes one job of BullMQ 5 or 6 for good (removeJob-2.lua): the one that comes back again and again, and nobody else's. The payload
 * is not read; its digest stays, so that what is kept elsewhere can be told to be the same.
 */
export const removeJob = actionsOn<RedisClient>("redis").write({
  name: "redis.remove-job",
  title: "Remove one job",
  class: "cas",
  risk: "destructive",
  input: Input,
  output: z.object({ id: z.string(), digest: z.string(), state: z.string() }),
  target: targetOf,
  preview: async (client, input, context): Promise<Preview> => {
    const { version, jobs } = await queueNow(client, input, [input.id], context);
    const [job] = jobs;
    if (job === undefined || job.state === "gone")
      return { changes: [], witness: { gone: true }, nothingToDo: `job ${input.id} is not there any more` };
    const witness = { digest: job.digest };
    const refused =
      refusal(job, version) ??
      (input.digest !== undefined && input.digest !== job.digest
        ? "it is another job of that id"
        : undefined);
    if (refused !== undefined) return { changes: [], witness, refused };
    return {
      witness,
      changes: [
        `remove job ${job.id} (${job.name}, ${count(job.attempts, "attempt")}, ${job.state}) of ${sayQueue(input)} for good; its payload of ${sayBytes(job.bytes)} (SHA-1 of name, payload and time ${job.digest}) is kept nowhere`,
      ],
    };
  },
  run: async (client, input, context) => {
    const { jobs } = await beforeEffect(() => queueNow(client, input, [input.id], context));
    const digest = input.digest ?? jobs[0]?.digest ?? "";
    const [state = ""] = await change(
      client,
      { queue: input, script: REMOVE, words: [input.id, digest] },
      SAYS,
      context,
    );
    return { id: input.id, digest, state };
  },
  probe: async (client, input, _witness, context) => {
    const { jobs } = await queueNow(client, input, [input.id], context);
    const isGone = jobs[0]?.state === "gone";
    return {
      verdict: isGone ? "done" : "not-done",
      evidence: isGone ? `job ${input.id} is not there` : `job ${input.id} is ${jobs[0]?.state}`,
    };
  },
  undo: "none: the payload is not kept; copy it before (HGET of the job's key, field data) where it may be wanted",
  settled: {
    check: ({ database, prefix, name, id }) => ({ queue: queueJobs({ database, prefix, name, ids: [id] }) }),
    holds: ({ queue }) => queue.jobs.every(({ state }) => state === "gone"),
    figures: ({ queue }, { id }, output) =>
      `job ${id}: ${output?.state ?? "there"} → ${queue.jobs[0]?.state ?? "gone"}`,
  },
});

const SAYS = {
  gone: "it is not there any more",
  otherwise: "it is another job of that id now",
  active: "a worker has it",
  flow: "it belongs to a flow",
};
