import type pg from "pg";
import { type Asked, toPostgresError } from "./errors.ts";

/** At most so many sessions of the bot at one server. */
export const MAX_SESSIONS = 3;
/** Of the slots that are free the bot takes no more than one in so many beside its first. */
const ONE_IN = 10;
/** For how long what was found of the room holds. */
const ROOM_MS = 60_000;
/** A slot is free again a moment after its session has ended. */
const AGAIN_MS = 50;
const TRIES = 5;

export interface SessionPool {
  /** A session; the first alone, then as many at once as there is room for. Throws DiagError. */
  acquire(): Promise<pg.PoolClient>;
  /** Every session is given back, once; one that broke is not kept. */
  release(session: pg.PoolClient, isSound: boolean): void;
  /** Opens a session that is not of the pool, and ends it: the first of all, where nothing is known of the room yet. */
  beside<T>(open: () => Promise<T>): Promise<T>;
}

/**
 * Who looks at a server that is nearly full must not take what is left: one session first, and more only out of what it finds
 * free. When the server refuses another one, those there are must do. What fails for the first fails for all that wait for it:
 * a server that does not answer is asked once.
 */
export function sessionPool(pool: pg.Pool, asked: Asked): SessionPool {
  let measuredAt = Number.NEGATIVE_INFINITY;
  let opening: Promise<unknown> | undefined;
  const permits = permitsOf(() => pool.options.max ?? MAX_SESSIONS);
  const isKnown = () => performance.now() - measuredAt < ROOM_MS;
  const alone = <T>(work: Promise<T>): Promise<T> => {
    opening = work;
    const done = () => {
      if (opening === work) opening = undefined;
    };
    work.then(done, done);
    return work;
  };
  const measure = async (): Promise<void> => {
    const session = await connected();
    pool.options.max = 1 + Math.min(MAX_SESSIONS - 1, Math.floor((await freeSlots(session)) / ONE_IN));
    measuredAt = performance.now();
    release(session, true);
  };
  const connected = async (): Promise<pg.PoolClient> => {
    for (let tries = 1; ; tries++) {
      await permits.take();
      try {
        return await pool.connect();
      } catch (thrown) {
        permits.give();
        const error = toPostgresError(thrown, asked);
        if (error.detail !== "53300" || tries >= TRIES) throw error;
        // Those there are must do. Where there is none, one of our own may just have ended.
        if (pool.totalCount > 0) pool.options.max = pool.totalCount;
        else await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  };
  const release = (session: pg.PoolClient, isSound: boolean): void => {
    session.release(!isSound);
    permits.give();
  };
  return {
    acquire: async () => {
      while (!isKnown()) await (opening ?? alone(measure()));
      return connected();
    },
    release,
    beside: async (open) => {
      await opening?.catch(() => {});
      return isKnown() ? open() : alone(open());
    },
  };
}

/** Whoever comes waits for one of so many permits, in order; how many there are may change. */
function permitsOf(most: () => number) {
  let taken = 0;
  const waiting: (() => void)[] = [];
  const next = () => {
    while (taken < most() && waiting.length > 0) {
      taken += 1;
      waiting.shift()?.();
    }
  };
  return {
    take: () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        next();
      }),
    give: () => {
      taken -= 1;
      next();
    },
  };
}

/**
 * Slots that this role could still have, by the least of the server's, the role's and the database's limits. Without
 * pg_monitor the type of others' sessions is hidden: those of a database are counted. Where it cannot be asked: none.
 */
const FREE = `SELECT least(
    current_setting('max_connections')::int - total - CASE WHEN r.rolsuper THEN 0 ELSE
      current_setting('superuser_reserved_connections')::int
        + coalesce(current_setting('reserved_connections', true)::int, 0) END,
    CASE WHEN r.rolconnlimit >= 0 THEN r.rolconnlimit - of_role ELSE 1000000 END,
    CASE WHEN d.datconnlimit >= 0 THEN d.datconnlimit - of_database ELSE 1000000 END)::int AS free
  FROM (SELECT count(*) AS total, count(*) FILTER (WHERE a.usename = current_user) AS of_role,
      count(*) FILTER (WHERE a.datname = current_database()) AS of_database
    FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend' OR (a.backend_type IS NULL AND a.datid IS NOT NULL)) n
  JOIN pg_catalog.pg_roles r ON r.rolname = current_user
  JOIN pg_catalog.pg_database d ON d.datname = current_database()`;

const freeSlots = (session: pg.PoolClient): Promise<number> =>
  session.query<{ free: number }>({ text: FREE, query_timeout: 1_000 } as pg.QueryConfig).then(
    ({ rows: [row] }) => Math.max(0, row?.free ?? 0),
    () => 0,
  );
