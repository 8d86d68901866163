import type { StepResult } from "../core/ports/run-store.ts";
import type { ThreadId } from "../core/words/ids.ts";
import { canonical, type Json } from "../core/words/json.ts";

/** How long at most an answer serves other runs: a storm of alerts asks the same of one system many times a second. */
const SERVES_MS = 3_000;

/** A read: what is asked of which connection of which system. */
export interface Asked {
  readonly system: string;
  readonly on: string;
  readonly action: string;
  readonly input: Json;
}

/** Who asks; both times are of the database's clock. */
export interface Asker {
  readonly thread: ThreadId;
  readonly createdAt: Date;
  readonly startedAt: Date;
}

/** Reads of one process that several runs share. */
export interface SharedReads {
  /**
   * Makes a read, or takes the answer of the same read that another run made in the last seconds or is making: one that was
   * begun after this run was asked for, so that nobody is told what was true before the question. A thread never gets one
   * answer twice: what a run asks again, or a later run of its incident, it asks to see a difference. An answer that could not be had because the other run stopped is
   * asked for again.
   */
  read(asker: Asker, asked: Asked, make: () => Promise<StepResult>): Promise<StepResult>;
  /** Whatever is known of a system may have changed: a write was made there. */
  forget(system: string): void;
}

interface Entry {
  readonly system: string;
  readonly result: Promise<StepResult>;
  readonly users: Set<ThreadId>;
  /** Of the database's clock: the read began after it. */
  readonly after: Date;
  readonly begunAt: number;
}

export function createSharedReads(now: () => number = () => performance.now()): SharedReads {
  const entries = new Map<string, Entry>();
  const drop = (isOver: (entry: Entry) => boolean) => {
    for (const [key, entry] of entries) if (isOver(entry)) entries.delete(key);
  };
  return {
    read: async ({ thread, createdAt, startedAt }, asked, make) => {
      drop(({ begunAt }) => now() - begunAt > SERVES_MS);
      const key = canonical({ ...asked });
      const known = entries.get(key);
      if (known !== undefined && createdAt <= known.after && !known.users.has(thread)) {
        known.users.add(thread);
        const result = await known.result.catch(() => undefined);
        if (result !== undefined) return result;
      }
      const entry = {
        system: asked.system,
        result: make(),
        users: new Set([thread]),
        after: startedAt,
        begunAt: now(),
      };
      entries.set(key, entry);
      return entry.result;
    },
    forget: (system) => drop((entry) => entry.system === system),
  };
}
