/** Nothing that is waited for here takes long by itself: only a machine that does a lot besides comes near this. */
const PATIENCE_MS = 60_000;

/** A look may ask a whole system: others need the processor between two of them. */
const PAUSE = { shortestMs: 10, longestMs: 250, shareOfWait: 0.05 } as const;

/**
 * Waits until `look` gives something. Asks again after 10 ms at first, later more seldom: what is seen is seen at most a twentieth of
 * the whole wait too late, or as late as one look takes.
 */
export async function until<T>(
  look: () => T | Promise<T>,
  timeoutMs = PATIENCE_MS,
): Promise<Exclude<T, undefined | null | false>> {
  const begun = performance.now();
  for (;;) {
    const asked = performance.now();
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false)
      return seen as Exclude<T, undefined | null | false>;
    const now = performance.now();
    if (now - begun > timeoutMs)
      throw new Error(`did not happen within ${timeoutMs} ms: ${look.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, pauseAfter(now - begun, now - asked)));
  }
}

const pauseAfter = (waitedMs: number, lookMs: number): number =>
  Math.min(PAUSE.longestMs, Math.max(PAUSE.shortestMs, lookMs, waitedMs * PAUSE.shareOfWait));
