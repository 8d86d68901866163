import type { Dispatcher, JobKind } from "../core/ports/queue.ts";
import { toDiagError } from "../core/words/errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** The sender asks the table no more often than this however often it is woken. */
const WAKE_MS = 50;

/**
 * Tells the queue after a commit. A queue that is down loses nothing: the rows say what is left to do, and the sweeper and the
 * sender look by themselves. A thread's job wakes the sender, which looks at all that changed: one job is enough for all threads
 * of a moment, the first at once. `end`, before the dispatcher is closed: what waits for its moment is told now.
 */
export function tellQueue(
  dispatcher: Pick<Dispatcher, "dispatch">,
  metrics: Pick<Metrics, "queueDispatched">,
  logger: Pick<Logger, "warn">,
): { tell(kind: JobKind, id: number): void; end(): void } {
  const tell = (kind: JobKind, id: number): void => {
    dispatcher.dispatch(kind, id).then(
      () => metrics.queueDispatched(kind, "ok"),
      (error: unknown) => {
        metrics.queueDispatched(kind, "unavailable");
        logger.warn(
          { kind, id, code: toDiagError(error).code },
          "the queue was not told; it will be swept up",
        );
      },
    );
  };
  let pause: NodeJS.Timeout | undefined;
  let missed: number | undefined;
  const rest = (): void => {
    pause = setTimeout(over, WAKE_MS);
    // Nothing is lost with it: the sender looks once a second by itself.
    pause.unref();
  };
  const over = (): void => {
    clearTimeout(pause);
    pause = undefined;
    const id = missed;
    missed = undefined;
    if (id !== undefined) wake(id);
  };
  const wake = (id: number): void => {
    if (pause !== undefined) {
      missed ??= id;
      return;
    }
    tell("thread", id);
    rest();
  };
  return {
    tell: (kind, id) => (kind === "thread" ? wake(id) : tell(kind, id)),
    end: () => {
      over();
      clearTimeout(pause);
    },
  };
}
