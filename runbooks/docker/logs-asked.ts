import type { Container } from "./cause.ts";

/** Logs that are read at once. */
const MOST = 8;

/** When it failed last, in milliseconds: it ended then, or, while it runs or restarts, began anew. */
const failedAt = ({ state, startedAt, finishedAt }: Container): number => {
  const [started, finished] = [Date.parse(startedAt) || 0, Date.parse(finishedAt) || 0];
  return state === "exited" || state === "dead" ? finished : Math.max(started, finished);
};

/** Of more than can be read, those that failed last; `of` says how many there were. Pure. */
export function logsAsked(readable: readonly Container[], lines: number) {
  const all = [...new Map(readable.map((one) => [one.id, one])).values()];
  if (all.length <= MOST) return { containers: all.map(({ id }) => id), lines };
  const last = all.toSorted((a, b) => failedAt(b) - failedAt(a)).slice(0, MOST);
  return { containers: last.map(({ id }) => id), lines, of: all.length };
}
