import type { Backlog } from "../core/ports/sweep-store.ts";
import { count } from "../core/words/format.ts";
import type { Health } from "../telemetry/health.ts";

/** A run is claimed within seconds; with every worker busy it may wait for one of them. */
const DUE_TOO_LONG_S = 30;
/** Without any worker nobody will come. */
const NOBODY_COMES_S = 10;

/**
 * Whether runs are moved, by what the rows say: a worker that is frozen still is a process, but gives no sign of life. Where
 * none was ever started, that is well as long as nothing waits for it.
 */
export function workersHealth({ alive, lastBeatSeconds, dueSeconds }: Backlog): Health {
  const due = `a run has been due for ${Math.round(dueSeconds)} s`;
  if (alive === 0 && lastBeatSeconds !== undefined)
    return { ok: false, detail: `no worker has given a sign of life for ${Math.round(lastBeatSeconds)} s` };
  if (alive === 0 && dueSeconds > NOBODY_COMES_S)
    return { ok: false, detail: `${due} and there is no worker` };
  if (alive === 0) return { ok: true, detail: "no worker yet, and nothing is due" };
  if (dueSeconds > DUE_TOO_LONG_S) return { ok: false, detail: `${count(alive, "worker")}, but ${due}` };
  return { ok: true, detail: count(alive, "worker") };
}
