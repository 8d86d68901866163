/** Nothing that is waited for here takes long by itself: only a machine that does a lot besides comes near this. */
const PATIENCE_MS = 60_000;

/** Waits until `look` gives something, asking again as soon as the event loop is free (at most every 10 ms). */
export async function until<T>(
  look: () => T | Promise<T>,
  timeoutMs = PATIENCE_MS,
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false)
      return seen as Exclude<T, undefined | null | false>;
    if (performance.now() > end)
      throw new Error(`did not happen within ${timeoutMs} ms: ${look.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
