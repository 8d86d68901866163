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
