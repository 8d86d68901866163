/**
 * Hands things to `write` in the order they come, one call at a time: what comes while one is under way goes with the next
 * call. The returned function resolves when its thing has been written, and rejects with what that call rejected with.
 */
export function gathered<T>(write: (things: readonly T[]) => Promise<void>): (thing: T) => Promise<void> {
  let waiting: T[] = [];
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | undefined;
  return (thing) => {
    waiting.push(thing);
    if (next !== undefined) return next;
    const mine = underWay.then(() => {
      const things = waiting;
      waiting = [];
      next = undefined;
      return write(things);
    });
    next = mine;
    underWay = mine.catch(() => {});
    return mine;
  };
}
