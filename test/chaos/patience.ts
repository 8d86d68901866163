import { DiagError } from "../../src/core/words/errors.ts";
import { waitFor } from "../../src/lib/wait.ts";

/** Asks again after every outage: a request that was not stored was refused, and its sender knows. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error)) throw error;
      await pause(50);
    }
  }
}

/** Does it again and again until told to stop. */
export async function repeatedly(
  everyMs: number,
  stop: AbortSignal,
  work: () => Promise<unknown>,
): Promise<void> {
  while (!stop.aborted) {
    await patiently(work);
    await pause(everyMs, stop);
  }
}

export const pause = (ms: number, stop?: AbortSignal): Promise<void> => waitFor(ms, stop);

const isOutage = (error: unknown): boolean =>
  (error instanceof DiagError && error.code === "store_unavailable") ||
  (error instanceof Error &&
    /ECONN|terminat|timeout|Connection|starting up|shutting down|recovery/i.test(error.message));
