import { waitFor } from "../../lib/wait.ts";
import type { Session } from "./session.ts";

/** At most so many sessions of the bot at one server, so that who looks at a full one does not fill it. */
const MOST = 2;
/** A session nobody uses for so long is ended. */
const IDLE_MS = 30_000;
/** The server notices a moment later that a session has ended: for so long a full one is asked again. */
const NOTICED_MS = 1_500;
const AGAIN_MS = 50;

export interface SessionPool {
  /** A session that is free, or a new one; whoever comes when all are lent waits. Throws what opening throws. */
  acquire(): Promise<Session>;
  /** Every session is given back, once; one that broke is not kept. */
  release(session: Session, isSound: boolean): void;
  /** Work that opens and ends a session of its own; where there is room for one only, it waits for it. Throws what the work throws. */
  beside<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}

/** `isFull`: whether an error of opening says that there is no room for another one. */
export function sessionPool(open: () => Promise<Session>, isFull: (thrown: unknown) => boolean): SessionPool {
  const free = freeSessions();
  const permits = permitsOf();
  let isClosed = false;
  /** Again and again while one of our own may still stand in the way. */
  const patiently = async <T>(work: () => Promise<T>, waits: () => boolean): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch (thrown) {
        if (!isFull(thrown) || (!waits() && performance.now() - free.endedAt() > NOTICED_MS)) throw thrown;
        await waitFor(AGAIN_MS);
      }
    }
  };
  /** Where there is no room for another session, those there are must do; a server that answers nobody is asked once for all who wait. */
  const instead = (thrown: unknown): Promise<Session> => {
    const others = permits.taken() - 1;
    if (others === 0) permits.fail(thrown);
    const mayHave = others > 0 && isFull(thrown);
    permits.give(mayHave ? others : undefined);
    if (mayHave) return acquire();
    throw thrown;
  };
  const acquire = async (): Promise<Session> => {
    await permits.take();
    try {
      return free.take() ?? (await patiently(open, () => false));
    } catch (thrown) {
      return instead(thrown);
    }
  };
  return {
    acquire,
    release: (session, isSound) => {
      if (isSound && !isClosed && session.isOpen()) free.keep(session);
      else free.drop(session);
      permits.give();
    },
    beside: async (work) => {
      await permits.take();
      try {
        return await patiently(work, () => {
          free.drain();
          return permits.taken() > 1;
        });
      } finally {
        free.noticed();
        permits.give();
      }
    },
    close: () => {
      isClosed = true;
      free.drain();
    },
  };
}

/** Sessions nobody uses now. */
function freeSessions() {
  const free: { readonly session: Session; readonly timer: NodeJS.Timeout }[] = [];
  let endedAt = Number.NEGATIVE_INFINITY;
  const noticed = () => {
    endedAt = performance.now();
  };
  const drop = (session: Session) => {
    session.cut();
    noticed();
  };
  const drain = (only?: Session) => {
    const ends = only === undefined ? [...free] : free.filter(({ session }) => session === only);
    for (const one of ends) {
      free.splice(free.indexOf(one), 1);
      clearTimeout(one.timer);
      one.session.end();
      noticed();
    }
  };
  return {
    drop,
    drain,
    noticed,
    /** When a session of ours ended last. */
    endedAt: () => endedAt,
    keep: (session: Session) => {
      free.push({ session, timer: setTimeout(() => drain(session), IDLE_MS).unref() });
    },
    take: (): Session | undefined => {
      for (;;) {
        const one = free.pop();
        if (one === undefined) return undefined;
        clearTimeout(one.timer);
        if (one.session.isOpen()) return one.session;
        drop(one.session);
      }
    },
  };
}

/** One permit is held by each that has a session or opens one; it is handed on to who waits. */
function permitsOf() {
  const waiting: { go(): void; fail(thrown: unknown): void }[] = [];
  let most = MOST;
  let taken = 0;
  return {
    taken: () => taken,
    take: async (): Promise<void> => {
      if (taken >= most) return new Promise<void>((go, fail) => waiting.push({ go, fail }));
      taken += 1;
    },
    /** `now`: how many there may be, until all are given back. */
    give: (now = most) => {
      most = now;
      const next = taken <= most ? waiting.shift() : undefined;
      if (next !== undefined) return next.go();
      taken -= 1;
      if (taken === 0) most = MOST;
    },
    fail: (thrown: unknown) => {
      for (const { fail } of waiting.splice(0)) fail(thrown);
    },
  };
}
