import { DiagError } from "../core/words/errors.ts";

/** For failures where it is proven that nothing was done. */
export const refused = (message: string, detail?: string, cause?: unknown): DiagError =>
  new DiagError("target_refused", `nothing was done: ${message}`, {
    ...(detail === undefined ? {} : { detail }),
    ...(cause === undefined ? {} : { cause }),
  });

/** What happens before the effect is sent cannot have changed anything: every failure there is `target_refused`. */
export async function beforeEffect<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || thrown.code === "target_refused") throw thrown;
    throw refused(thrown.message, thrown.detail ?? thrown.code, thrown);
  }
}
