import type { JobsOptions, Processor } from "bullmq";
import type { JobKind } from "../core/ports/queue.ts";
import type { JobPayload } from "./job.ts";

/** Where the queue lives. `redisUrl` unset: BullMQ's own Postgres backend in `databaseUrl`. */
export interface QueuePlace {
  readonly redisUrl?: string | undefined;
  readonly databaseUrl: string;
  /** Prefix of Redis keys; with `_queue` appended the name of the Postgres schema. */
  readonly prefix: string;
}

/** The producing side of one kind's queue, as far as we use BullMQ's. */
export interface JobQueue {
  add(name: string, data: JobPayload, options: JobsOptions): Promise<unknown>;
  getWaitingCount(): Promise<number>;
  close(): Promise<void>;
}

/** The consuming side of one kind's queue, as far as we use BullMQ's. */
export interface JobWorker {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "failed", listener: (job: unknown, error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  isRunning(): boolean;
  pause(doNotWaitActive?: boolean): Promise<void>;
  close(force?: boolean): Promise<void>;
  disconnect(): Promise<void>;
  getBackend(): { getCounts(types: ["wait"]): Promise<number[]> };
}

export interface WorkerSettings {
  readonly concurrency: number;
  /** How long a job stays ours without a renewal; it is renewed at half of it. */
  readonly lockMs: number;
  /** How often jobs of dead workers are looked for; two passes are needed to let one go. */
  readonly stalledCheckMs: number;
}

/** What differs between Redis and Postgres. */
export interface Backend {
  readonly name: "redis" | "postgres";
  /** Rejects where the service cannot be reached; asked again at the next dispatch. */
  openQueue(kind: JobKind): Promise<JobQueue>;
  createWorker(kind: JobKind, process: Processor<unknown, void>, settings: WorkerSettings): JobWorker;
  /** A command got no answer: whatever hangs on the producer's connection is given up. */
  reset(): void;
  close(): Promise<void>;
}

/** Settings of every worker: the store's leases recover work, so a stalled job is let go and never run again by BullMQ. */
export const workerOptions = (settings: WorkerSettings) => ({
  concurrency: settings.concurrency,
  lockDuration: settings.lockMs,
  stalledInterval: settings.stalledCheckMs,
  maxStalledCount: 0,
  runRetryDelay: 1_000,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
});
