import { DiagError } from "../core/words/errors.ts";

export interface LineLimits {
  /** Requests at work at once. */
  readonly atOnce: number;
  /** Requests that wait for a turn; one more is turned away. */
  readonly waiting: number;
  /** Longest wait for a turn, in milliseconds. */
  readonly waitMs: number;
}

/** Does work for one request after the other. Throws `busy` when there is no room, or no turn in time. */
export type Line = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * A flood of requests takes turns, so that it neither uses up every connection to Postgres nor is blamed on it. When
 * Postgres is away, everybody in line is told so at once instead of finding out one after the other.
 */
export function createLine({ atOnce, waiting, waitMs }: LineLimits): Line {
  interface Turn {
    readonly take: () => void;
    readonly refuse: (error: DiagError) => void;
  }
  const line: Turn[] = [];
  let free = atOnce;
  const turn = (): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    if (line.length >= waiting) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        line.splice(line.indexOf(mine), 1);
        reject(busy());
      }, waitMs);
      const once =
        <A extends unknown[]>(end: (...words: A) => void) =>
        (...words: A) => {
          clearTimeout(timer);
          end(...words);
        };
      const mine: Turn = { take: once(resolve), refuse: once(reject) };
      line.push(mine);
    });
  };
  return async (work) => {
    await turn();
    try {
      return await work();
    } catch (error) {
      if (error instanceof DiagError && error.code === "store_unavailable")
        for (const waiter of line.splice(0)) waiter.refuse(error);
      throw error;
    } finally {
      const next = line.shift();
      if (next === undefined) free += 1;
      else next.take();
    }
  };
}

const busy = () => new DiagError("busy", "too many requests at once", { hint: "ask again in a moment" });
