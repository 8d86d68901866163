/** Words and figures that every kind of queue shares. */

/** `12.5/s`, of a count within so many seconds. */
export const perSecond = (count: number | null, seconds: number): string =>
  count === null ? "unknown" : `${(count / Math.max(seconds, 0.1)).toFixed(1)}/s`;

/** Seconds until it is empty at the rate of the look; undefined where it does not shrink. */
export const emptyIn = (
  { waiting, grown }: { waiting: number; grown: number },
  seconds: number,
): number | undefined => (grown < 0 ? (waiting / -grown) * seconds : undefined);

/** `mails, orders and 3 more`, the first of them first. */
export const namesOf = (queues: readonly { readonly name: string }[]): string =>
  queues.length > 2
    ? `${queues[0]?.name}, ${queues[1]?.name} and ${queues.length - 2} more`
    : queues.map(({ name }) => name).join(" and ");

/** Where more comes than is done. sergas-agents.queue-scale-workers, queue-worker-profiling, queue-backpressure. */
export const BALANCE =
  "Look whether more comes than usual (a producer in a loop, a burst) or less is done (what workers wait for). More workers help only where what they wait for has room: look at its connections and CPU first. A longer queue hides the overload; making producers wait (429, a smaller batch) shows it.";

export const BURST =
  "As much is done as comes, or more: a burst or a batch that is being worked off is no fault.";
