import { setMaxListeners } from "node:events";

/** What became of work within a time. */
export type InTime<T> =
  | { readonly state: "done"; readonly value: T }
  | { readonly state: "failed"; readonly error: unknown }
  | { readonly state: "late" };

export interface Deadline {
  /** Milliseconds; undefined: no limit of its own. */
  readonly ms?: number | undefined;
  /** Ends the wait at once when it fires. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for work, but no longer than the deadline; never rejects. The work is not cancelled (it may have been given the same
 * signal), and what comes of it later is dropped. After a pause of this process's own an answer that has arrived meanwhile
 * still counts: it is read before anything is called late.
 */
export async function inTime<T>(work: Promise<T>, { ms, signal }: Deadline): Promise<InTime<T>> {
  const settled = work.then(
    (value): InTime<T> => ({ state: "done", value }),
    (error: unknown): InTime<T> => ({ state: "failed", error }),
  );
  let over = (): void => {};
  const late = new Promise<InTime<T>>((resolve) => {
    over = () => resolve({ state: "late" });
  });
  const timer = ms === undefined ? undefined : setTimeout(() => setImmediate(over), ms);
  if (signal?.aborted === true) over();
  if (signal !== undefined) setMaxListeners(0, signal);
  signal?.addEventListener("abort", over, { once: true });
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", over);
  }
}

/** The value of work that comes within the deadline. Throws what the work throws, or what `late` makes. */
export async function within<T>(
  work: Promise<T>,
  { late, ...deadline }: Deadline & { late(): unknown },
): Promise<T> {
  const came = await inTime(work, deadline);
  if (came.state === "done") return came.value;
  throw came.state === "failed" ? came.error : late();
}

/** The longest time a timer of Node takes. */
const LONGEST_MS = 2 ** 31 - 1;

/** What ends work early: any of the signals, or the time. */
export interface Ends {
  readonly until: readonly AbortSignal[];
  /** Milliseconds; undefined: no limit of its own. */
  readonly ms?: number | undefined;
}

/**
 * Does work under one signal that fires with any of `until` (for its reason) and after `ms` (a TimeoutError); lets go of them
 * when the work has ended. `AbortSignal.any` is no replacement: on Node 20 it never fires for a time limit that was collected
 * as garbage, and keeps something of every call for as long as its longest-lived signal lives.
 */
export async function underSignal<T>(
  { until, ms }: Ends,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  // As many calls and connections as go on at once wait for one signal; Node would take that for a leak.
  setMaxListeners(0, end.signal, ...until);
  const forwards = until.map((signal) => ({ signal, fire: () => end.abort(signal.reason) }));
  for (const { signal, fire } of forwards) {
    if (signal.aborted) fire();
    else signal.addEventListener("abort", fire, { once: true });
  }
  const expire = () => end.abort(new DOMException("The time is over", "TimeoutError"));
  const timer =
    ms === undefined
      ? undefined
      : setTimeout(expire, Math.min(LONGEST_MS, Math.max(1, Math.ceil(ms)))).unref();
  try {
    return await work(end.signal);
  } finally {
    clearTimeout(timer);
    for (const { signal, fire } of forwards) signal.removeEventListener("abort", fire);
  }
}
