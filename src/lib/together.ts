export interface TogetherLimits<Item> {
  /** Batches at work at once. */
  readonly atOnce: number;
  /** Weight of a batch at most; an item that weighs more is one by itself. */
  readonly most: number;
  weight(item: Item): number;
  /** Two items that share one of these are never at work at once, and keep their order. */
  keys(item: Item): readonly string[];
  /** What a batch failed of concerns everybody: those that wait fail of it, too, instead of finding out one batch after the other. */
  isForAll?(error: unknown): boolean;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly keys: readonly string[];
  readonly resolve: (result: PromiseLike<Result>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Takes items one by one, at once while there is room, and does together what has come meanwhile: what `work` costs for each
 * batch is shared by many under load, and nobody waits for company. `work` returns a promise for each item, in their order; the
 * next batch begins when it has returned them, an item's keys are free when its own has settled.
 */
export function together<Item, Result>(
  { atOnce, most, weight, keys, isForAll = () => false }: TogetherLimits<Item>,
  work: (items: readonly Item[]) => Promise<readonly Promise<Result>[]>,
): (item: Item) => Promise<Result> {
  let queue: Waiting<Item, Result>[] = [];
  const busy = new Set<string>();
  let batches = 0;

  /** From the front: what has nothing in common with what is at work, nor with one before it that has to wait. */
  const take = (): Waiting<Item, Result>[] => {
    const batch: Waiting<Item, Result>[] = [];
    const passed = new Set<string>();
    let sum = 0;
    for (const one of queue) {
      const more = weight(one.item);
      if (batch.length > 0 && sum + more > most) break;
      const isFree = one.keys.every((key) => !busy.has(key) && !passed.has(key));
      if (isFree) {
        batch.push(one);
        sum += more;
      }
      for (const key of one.keys) passed.add(key);
    }
    const taken = new Set(batch);
    queue = queue.filter((one) => !taken.has(one));
    return batch;
  };

  const carryOut = async (batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    for (const { keys: mine } of batch) for (const key of mine) busy.add(key);
    const results = await work(batch.map(({ item }) => item)).catch((error: unknown) => {
      if (isForAll(error)) for (const one of queue.splice(0)) one.reject(error);
      return batch.map(() => Promise.reject<Result>(error));
    });
    batch.forEach((one, nth) => {
      const result = results[nth] ?? Promise.reject<Result>(new Error("work returned too few results"));
      const free = () => {
        for (const key of one.keys) busy.delete(key);
        next();
      };
      result.then(free, free);
      one.resolve(result);
    });
  };

  const next = (): void => {
    while (batches < atOnce) {
      const batch = take();
      if (batch.length === 0) return;
      batches += 1;
      void carryOut(batch).finally(() => {
        batches -= 1;
        next();
      });
    }
  };

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, keys: keys(item), resolve, reject });
      next();
    });
}
