import { waitFor } from "../../src/lib/wait.ts";

/** Work that goes on in the background under a name. */
export interface Busyness {
  begin(name: string, everyMs: number, step: () => Promise<void>): void;
  end(name: string): Promise<void>;
  endAll(): Promise<void>;
}

/** A second `begin` of a name that is at work does nothing. */
export function createBusyness(): Busyness {
  const working = new Map<string, { stop: AbortController; done: Promise<void> }>();
  const end = async (name: string): Promise<void> => {
    const work = working.get(name);
    work?.stop.abort();
    await work?.done;
    working.delete(name);
  };
  return {
    begin: (name, everyMs, step) => {
      if (working.has(name)) return;
      const stop = new AbortController();
      const work = async (): Promise<void> => {
        while (!stop.signal.aborted) {
          await step().catch(() => undefined);
          await waitFor(everyMs, stop.signal);
        }
      };
      working.set(name, { stop, done: work() });
    },
    end,
    endAll: async () => {
      await Promise.all([...working.keys()].map(end));
    },
  };
}
