import { z } from "zod";
import { actionsOn, type Preview } from "../../../core/words/action.ts";
import { count } from "../../../core/words/format.ts";
import type { RedisClient } from "../client.ts";
import {
  change,
  MAJOR,
  QueueName,
  queueJobs,
  queueNow,
  sayQueue,
  targetOf,
  versionRefusal,
} from "./bullmq-change.ts";
import { PAUSE } from "./bullmq-scripts.ts";

const say = (paused: boolean): string => (paused ? "paused" : "not paused");

/**
 * Pauses a queue of BullMQ 5 or 6 for all its workers, or lets them go on, as `queue.pause()` and `queue.resume()` do (pause-7.lua).
 * Jobs that are worked on are finished. Why it was paused stands nowhere: whoever did it may have had a reason.
 */
export const setQueuePaused = actionsOn<RedisClient>("redis").write({
  name: "redis.set-queue-paused",
  title: "Pause a queue, or let it go on",
  class: "cas",
  risk: "high",
  input: QueueName.extend({ paused: z.boolean() }),
  output: z.object({ paused: z.boolean(), before: z.boolean() }),
  target: targetOf,
  preview: async (client, input, context): Promise<Preview> => {
    const { version, paused, waiting } = await queueNow(client, input, [], context);
    const witness = { paused, version };
    const refused = versionRefusal(version);
    if (refused !== undefined) return { changes: [], witness, refused };
    if (paused === input.paused)
      return { changes: [], witness, nothingToDo: `${sayQueue(input)} is ${say(paused)} already` };
    const what = input.paused ? "pause" : "resume";
    return { changes: [`${what} queue ${sayQueue(input)}: ${count(waiting, "job")} wait`], witness };
  },
  run: async (client, input, context) => {
    await change(
      client,
      { queue: input, script: PAUSE, words: [input.paused ? "pause" : "resume", MAJOR] },
      SAYS,
      context,
    );
    return { paused: input.paused, before: !input.paused };
  },
  probe: async (client, input, _witness, context) => {
    const { paused } = await queueNow(client, input, [], context);
    return {
      verdict: paused === input.paused ? "done" : "not-done",
      evidence: `${sayQueue(input)} is ${say(paused)}`,
    };
  },
  undo: ({ database, prefix, name, paused }) => ({
    action: "redis.set-queue-paused",
    input: { database, prefix, name, paused: !paused },
  }),
  settled: {
    check: ({ database, prefix, name }) => ({ queue: queueJobs({ database, prefix, name }) }),
    holds: ({ queue }, { paused }) => queue.paused === paused,
    figures: ({ queue }, { paused }) =>
      `${say(!paused)} → ${say(queue.paused)}, ${count(queue.waiting, "job")} wait`,
  },
  leaves: "jobs that workers took meanwhile are not taken back, and their schedule is not made up for",
  says: ({ name }, { before, paused }) => `queue ${name}: ${say(before)} → ${say(paused)}`,
});

const SAYS = {
  gone: "there is no such queue any more",
  already: "somebody else has done it meanwhile",
  both: "jobs stand in both lists of the queue: use the library itself, in parts",
};
