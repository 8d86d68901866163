import type { Processor } from "bullmq";
import type { JobKind } from "../core/ports/queue.ts";
import { inTime } from "../lib/deadline.ts";
import { messageOf } from "../lib/thrown.ts";
import type { Health } from "../telemetry/health.ts";
import { levelOf } from "../telemetry/level.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Backend, JobWorker, QueuePlace, WorkerSettings } from "./backend.ts";
import { Job } from "./job.ts";
import { openBackend } from "./open.ts";

/** Carries out one job. What it throws is logged; what must be repeated is said by the rows, not by the queue. */
export type JobHandler = (id: number) => Promise<void>;

/** A running consumer of one kind. */
export interface Consumer {
  /** Takes no more jobs, waits for those at work at most `graceMs`, then lets go of them. Never rejects. */
  close(graceMs: number): Promise<void>;
  health(): Promise<Health>;
}

export interface JobSource {
  readonly backend: "redis" | "postgres";
  /** Starts to work. Connects by itself, now or when the service is back; `concurrency` jobs at once in this process. */
  work(kind: JobKind, concurrency: number, handler: JobHandler): Consumer;
}

export interface JobSourceOptions extends QueuePlace {
  readonly logger: Logger;
  /** After this long without a renewal the job of a dead worker may be let go. Default 10 s. */
  readonly lockMs?: number;
  /** How often dead workers' jobs are looked for. Default 5 s. */
  readonly stalledCheckMs?: number;
  /** How often the worker itself is looked after. Default 5 s. */
  readonly watchMs?: number;
}

/** The consuming side of the queue. */
export function createJobSource(options: JobSourceOptions): JobSource {
  const backend = openBackend(options);
  const { lockMs = 10_000, stalledCheckMs = 5_000, watchMs = 5_000, logger } = options;
  return {
    backend: backend.name,
    work: (kind, concurrency, handler) =>
      consume(backend, { concurrency, lockMs, stalledCheckMs }, { kind, handler, logger, watchMs }),
  };
}

interface Work {
  readonly kind: JobKind;
  readonly handler: JobHandler;
  readonly logger: Logger;
  readonly watchMs: number;
}

interface Held {
  worker: JobWorker;
  ready: boolean;
  failed: boolean;
  /** Why it last complained; shown by health until it is ready again. */
  complaint: string;
}

/**
 * Holds a BullMQ worker and replaces it where it cannot help itself: a first connection to Postgres that failed is
 * remembered by BullMQ for ever, and workers have been seen to run without taking jobs after a failover.
 */
function consume(backend: Backend, settings: WorkerSettings, work: Work): Consumer {
  const { kind, logger } = work;
  const active = new Set<Promise<void>>();
  let taken = 0;
  let closing = false;

  const process: Processor<unknown, void> = (job) => {
    taken += 1;
    const running = carryOut(job, work);
    active.add(running);
    return running.finally(() => active.delete(running));
  };
  const start = (): Held => hold(backend.createWorker(kind, process, settings), work);
  let held = start();
  let before = { taken, waiting: 0 };

  let counting: Promise<number[]> | undefined;
  // One question at a time: BullMQ keeps questions asked during an outage until it is over.
  const waitingJobs = async (): Promise<number | undefined> => {
    counting ??= held.worker.getBackend().getCounts(["wait"]);
    const counted = await inTime(counting, { ms: 2_000 });
    if (counted.state !== "late") counting = undefined;
    return counted.state === "done" ? (counted.value[0] ?? 0) : undefined;
  };
  const watch = async (): Promise<void> => {
    const waiting = held.ready ? await waitingJobs() : undefined;
    if (closing) return;
    const idle = active.size === 0 && taken === before.taken;
    const isStuck = idle && before.waiting > 0 && waiting !== undefined && waiting > 0;
    before = { taken, waiting: waiting ?? 0 };
    if (!held.failed && !isStuck && (held.worker.isRunning() || !held.ready)) return;
    logger.warn({ kind, stuck: isStuck, waiting, complaint: held.complaint }, "queue worker replaced");
    const old = held.worker;
    held = start();
    counting = undefined;
    before = { taken, waiting: 0 };
    await inTime(old.close(true), { ms: 2_000 });
  };
  const timer = setInterval(() => void watch(), work.watchMs);
  timer.unref();

  return {
    async close(graceMs) {
      closing = true;
      clearInterval(timer);
      await inTime(held.worker.pause(true), { ms: 500 });
      await inTime(Promise.allSettled(active), { ms: graceMs });
      const drained = active.size === 0;
      if (!drained) logger.warn({ kind, abandoned: active.size }, "queue worker closed with jobs at work");
      const closed = await inTime(held.worker.close(!drained), { ms: 2_000 });
      if (closed.state === "late") await inTime(held.worker.disconnect(), { ms: 1_000 });
    },
    async health() {
      if (closing) return { ok: false, detail: "closing" };
      if (!held.ready) return { ok: false, detail: held.complaint };
      const waiting = await waitingJobs();
      return waiting === undefined
        ? { ok: false, detail: `${backend.name} does not answer` }
        : { ok: true, detail: `${backend.name}, ${waiting} waiting, ${active.size} at work` };
    },
  };
}

function hold(worker: JobWorker, { kind, logger }: Work): Held {
  const held: Held = { worker, ready: false, failed: false, complaint: "connecting" };
  worker.on("error", (error) => {
    // Not the error itself: it carries the whole connection.
    if (messageOf(error) !== held.complaint) logger.warn({ kind, why: messageOf(error) }, "queue worker");
    held.complaint = messageOf(error);
  });
  worker.on("failed", (_job, error) => logger.warn({ kind, err: error }, "job let go"));
  worker.waitUntilReady().then(
    () => {
      held.ready = true;
    },
    (error: unknown) => {
      held.failed = true;
      held.complaint = messageOf(error);
    },
  );
  return held;
}

async function carryOut(job: unknown, { kind, handler, logger }: Work): Promise<void> {
  const parsed = Job.safeParse(job);
  if (!parsed.success || parsed.data.name !== kind) {
    logger.warn({ kind }, "job dropped: not one of ours");
    return;
  }
  const { id } = parsed.data.data;
  try {
    await handler(id);
  } catch (error) {
    logger[levelOf(error)]({ kind, id, err: error }, "job failed");
  }
}
