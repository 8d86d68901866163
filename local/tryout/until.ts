import { waitFor } from "../../src/lib/wait.ts";

/** Asks `look` again and again until it gives something; throws with `what` when `timeoutMs` has passed. An error of `look` counts as "not yet". */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  { timeoutMs, everyMs = 50 }: { timeoutMs: number; everyMs?: number },
): Promise<T> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const because = last instanceof Error && last.message !== "" ? ` (${last.message})` : "";
      throw new Error(`${what}: not within ${Math.round(timeoutMs / 1000)} s${because}`);
    }
    await waitFor(everyMs);
  }
}
