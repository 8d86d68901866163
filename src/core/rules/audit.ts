import { sayDuration } from "../words/duration.ts";

/** The newest checkpoint may be that much older than the first row it does not cover. Four rounds, and a change of workers. */
export const CHECKPOINT_LAG_MS = 10 * 60_000;

/**
 * Whether checkpoints cover a chain; undefined: they do. `from`: the file they are read from, or the URL they are sent to,
 * which nobody here can read. `newest`: seq of the newest one; undefined: there is none. `uncovered`: the first row behind it.
 */
export function checkpointsFlaw(
  from: { readonly file: string } | { readonly url: string },
  newest: number | undefined,
  uncovered: { readonly seq: number; readonly ageMs: number } | undefined,
): string | undefined {
  if ("url" in from)
    return `the checkpoints were sent to ${from.url}: fetch them from there, and name the file with --checkpoints`;
  if (uncovered === undefined || (newest !== undefined && uncovered.ageMs <= CHECKPOINT_LAG_MS))
    return undefined;
  if (newest === undefined) return `there is no checkpoint in ${from.file}, and the chain has rows`;
  return `the newest checkpoint in ${from.file} is of row ${newest}: row ${uncovered.seq}, written ${sayDuration(uncovered.ageMs)} ago, is not covered`;
}
