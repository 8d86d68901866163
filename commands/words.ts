import { DiagError, IncidentId, RunId } from "../src/sdk/index.ts";

/** A run's number as people type it: `42` or `#42`. */
export function runIdOf(word: string): RunId {
  const digits = /^#?(\d{1,10})$/.exec(word)?.[1];
  const id = RunId.safeParse(digits);
  if (digits !== undefined && id.success) return id.data;
  throw new DiagError("usage", `expected the number of a run, got "${word}"`, {
    hint: "`/diag status` shows the newest runs and their numbers",
  });
}

/** An incident as people write it: `12` or `#12`. Undefined: it is none. */
export const incidentIn = (word: string): IncidentId | undefined =>
  IncidentId.safeParse(/^#?(\d{1,10})$/.exec(word)?.[1]).data;
