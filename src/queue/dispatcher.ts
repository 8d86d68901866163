import type { Dispatcher, JobKind } from "../core/ports/queue.ts";
import { DiagError } from "../core/words/errors.ts";
import { inTime } from "../lib/deadline.ts";
import { messageOf } from "../lib/thrown.ts";
import type { Health } from "../telemetry/health.ts";
import type { JobQueue, QueuePlace } from "./backend.ts";
import { JobPayload, jobOptions } from "./job.ts";
import { openBackend } from "./open.ts";

/** A door's caller waits for this; Slack gives three seconds for everything. */
const DISPATCH_WITHIN_MS = 1_500;
/** Whoever asked is told what happens to it well before that. */
const TAKEN_WITHIN_MS = 1_000;

/** A dispatcher that can also be asked how it does. */
export interface QueueDispatcher extends Dispatcher {
  readonly backend: "redis" | "postgres";
  health(): Promise<Health>;
  /** Whether the queue has taken all it was told of; false after a second without an answer. Never rejects. */
  hasTaken(): Promise<boolean>;
}

/**
 * The producing side of the queue. Connects at first use, and again by itself after an outage.
 * `dispatch` rejects with `queue_unavailable` after 1.5 s at the latest and never leaves a rejection unhandled.
 */
export function createDispatcher(place: QueuePlace): QueueDispatcher {
  const backend = openBackend(place);
  const queues = new Map<JobKind, Promise<JobQueue>>();
  const underWay = new Set<Promise<unknown>>();
  let closed = false;
  let isTaking = true;

  const queueOf = (kind: JobKind): Promise<JobQueue> => {
    const known = queues.get(kind);
    if (known !== undefined) return known;
    const opening = backend.openQueue(kind);
    queues.set(kind, opening);
    opening.catch(() => queues.delete(kind));
    return opening;
  };
  const unavailable = (cause: unknown): DiagError =>
    new DiagError("queue_unavailable", `the queue: ${messageOf(cause)}`, {
      hint: place.redisUrl === undefined ? "check DATABASE_URL and that Postgres is up" : "check REDIS_URL",
      cause,
    });

  const dispatch = async (kind: JobKind, id: number): Promise<void> => {
    if (closed) throw unavailable(new Error("it is closed"));
    const data = JobPayload.parse({ id });
    const adding = queueOf(kind).then((queue) => queue.add(kind, data, jobOptions(id)));
    const outcome = await inTime(adding, { ms: DISPATCH_WITHIN_MS });
    if (outcome.state === "late") backend.reset();
    if (outcome.state === "late") throw unavailable(new Error(`no answer within ${DISPATCH_WITHIN_MS} ms`));
    if (outcome.state === "failed") throw unavailable(outcome.error);
  };

  return {
    backend: backend.name,
    dispatch(kind, id) {
      const dispatching = dispatch(kind, id);
      const settled = dispatching
        .then(
          () => true,
          () => false,
        )
        .then((taken) => {
          isTaking = taken;
          underWay.delete(settled);
        });
      underWay.add(settled);
      return dispatching;
    },
    async hasTaken() {
      const settled = await inTime(Promise.all(underWay), { ms: TAKEN_WITHIN_MS });
      return settled.state === "done" && isTaking;
    },
    async health() {
      const counting = queueOf("run").then((queue) => queue.getWaitingCount());
      const counted = await inTime(counting, { ms: DISPATCH_WITHIN_MS });
      if (counted.state === "late") return { ok: false, detail: `${backend.name} does not answer` };
      if (counted.state === "failed") return { ok: false, detail: unavailable(counted.error).message };
      return { ok: true, detail: `${backend.name}, ${counted.value} waiting` };
    },
    async close() {
      closed = true;
      // Every dispatch has its own deadline; what was asked for before closing is not cut off.
      await Promise.all(underWay);
      const open = await Promise.allSettled([...queues.values()]);
      queues.clear();
      for (const queue of open)
        if (queue.status === "fulfilled") await inTime(queue.value.close(), { ms: DISPATCH_WITHIN_MS });
      await backend.close();
    },
  };
}
