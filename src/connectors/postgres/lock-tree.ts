/** A session that waits for a lock, and for whom. */
export interface Waiting {
  readonly pid: number;
  /** Sessions that hold the lock or asked for it before; 0 is a prepared transaction. */
  readonly blockedBy: readonly number[];
  /** What it asked for, as text: equal for all that queue for the same thing. Empty: not known. */
  readonly tag: string;
}

/** Those waited for that wait for nobody themselves: where every queue begins. 0 is a prepared transaction. */
export function rootsOf(waiting: readonly Waiting[]): number[] {
  const pids = new Set(waiting.map(({ pid }) => pid));
  return [...new Set(waiting.flatMap(({ blockedBy }) => blockedBy))].filter((pid) => !pids.has(pid));
}

/** How many wait for this session, directly or behind others that do. */
export function countBehind(root: number, waiting: readonly Waiting[]): number {
  const waitersOf = new Map<number, number[]>();
  for (const { pid, blockedBy } of waiting)
    for (const by of blockedBy) waitersOf.set(by, [...(waitersOf.get(by) ?? []), pid]);
  const behind = new Set([root]);
  // A set that grows while it is walked: those added are walked, too.
  for (const pid of behind) for (const waiter of waitersOf.get(pid) ?? []) behind.add(waiter);
  return behind.size - 1;
}

/** Statements that wait and that others queue behind only because they came first. */
export interface Queue {
  /** Those at its front: each asks for a lock that what came later does not get along with. */
  readonly makers: readonly number[];
  /** Those that would go through at once if nobody stood in front: nothing that is held is in their way. */
  readonly queued: readonly number[];
}

/**
 * The longest queue that a waiting statement has made: an ALTER TABLE that waits for a reader keeps all later readers out,
 * though they get along with the first. To cancel it lets them through; to end the first is not needed. Undefined: who waits,
 * waits for a lock that is held.
 */
export function queueIn(waiting: readonly Waiting[]): Queue | undefined {
  const tagOf = new Map(waiting.map(({ pid, tag }) => [pid, tag]));
  const queued = waiting.filter(
    ({ tag, blockedBy }) =>
      tag !== "" && blockedBy.length > 0 && blockedBy.every((by) => tagOf.get(by) === tag),
  );
  const only = new Set(queued.map(({ pid }) => pid));
  const queues = [...new Set(queued.map(({ tag }) => tag))].map((tag): Queue => {
    const all = queued.filter((one) => one.tag === tag);
    const makers = new Set(all.flatMap(({ blockedBy }) => blockedBy).filter((by) => !only.has(by)));
    return { makers: [...makers], queued: all.map(({ pid }) => pid) };
  });
  return queues
    .filter(({ makers }) => makers.length > 0)
    .toSorted((a, b) => b.queued.length - a.queued.length)[0];
}
