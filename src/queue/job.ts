import { randomUUID } from "node:crypto";
import type { JobsOptions } from "bullmq";
import { z } from "zod";
import { JOB_KINDS } from "../core/ports/queue.ts";

/** All a job may carry. Anything else in the queue is not ours (anyone with Redis can write there) and is dropped. */
export const JobPayload = z.strictObject({ id: z.int().positive().max(2_147_483_647) });
export type JobPayload = z.infer<typeof JobPayload>;

export const Job = z.object({ name: z.enum(JOB_KINDS), data: JobPayload });

/**
 * One subject is waiting at most once, and runs at most once at a time: a dispatch while it is active is kept and
 * queued when the active job ends (`keepLastIfActive`), so a click that arrives while its run is worked on is not lost.
 * A job id alone cannot do that: an id that exists in any state swallows the dispatch.
 */
export const jobOptions = (id: number): JobsOptions => ({
  jobId: randomUUID(),
  deduplication: { id: String(id), keepLastIfActive: true },
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: true,
});
