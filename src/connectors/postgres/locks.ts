import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { Backend, HIDDEN, hiddenFrom, MAY_END, secondsSince, seesAllOf, utc, WHOSE } from "./backend.ts";
import type { PostgresClient, Sql } from "./client.ts";
import { countBehind, queueIn, rootsOf } from "./lock-tree.ts";
import { maskStatement } from "./mask.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Party = Backend.extend({
  statement: z.string(),
  /** Neither the bot's own, nor a superuser's, replication's or a maintenance tool's. Null: the bot's role cannot tell. */
  mayEnd: z.boolean().nullable(),
});

const Prepared = z.object({
  gid: z.string(),
  owner: z.string(),
  database: z.string(),
  seconds: z.number(),
});

/** `waiters`: how many wait for it, directly or behind others that do. */
const Root = Party.extend({ waiters: z.int() });

const Blocked = Root.extend({
  /** Of the statement that waits, as `utc` renders it; empty: hidden. What a cancel of it is bound to. */
  queryStartedAt: z.string(),
  /** Null: hidden, and the server is too old to say it otherwise. */
  waitSeconds: z.number().nullable(),
  /** `relation AccessExclusiveLock on public.orders`. */
  lock: z.string(),
  /** Pids; 0 is a prepared transaction, which no session holds. */
  blockedBy: z.array(z.int()),
});

export type LockParty = z.infer<typeof Party>;
export type LockRoot = z.infer<typeof Root>;
export type BlockedSession = z.infer<typeof Blocked>;

const Blocking = z.object({
  /** How many wait in all, for whatever time. */
  total: z.int(),
  /** The longest wait; null: not known. */
  longestSeconds: z.number().nullable(),
  /** Longest first, at most 50. */
  blocked: z.array(Blocked),
  /** Those that wait for nobody themselves, most waiters first: following every chain to its end. */
  roots: z.array(Root),
  /** A statement that waits, and that others queue behind only because it came first. */
  queue: z
    .object({
      makers: z.array(Blocked).max(10),
      /** How many would go through at once without it. */
      queued: z.int(),
    })
    .nullable(),
  /** Prepared transactions that hold a lock somebody waits for. */
  prepared: z.array(Prepared),
  /** False: whose sessions they are and what they do is hidden from the bot's role; who waits for whom is not. */
  seesAll: z.boolean(),
  notSeen,
});
export type Blocking = z.infer<typeof Blocking>;

/** `a` is pg_stat_activity; the last statement of the session, its literals masked later. */
const PARTY = `${WHOSE}, left(a.query, 1000) AS statement,
  CASE WHEN NOT ${HIDDEN} THEN coalesce(${MAY_END}, false) END AS "mayEnd"`;

// A prepared transaction has no process. Its locks share a virtual transaction number with the lock on its own number.
const PREPARED_BLOCKERS = `SELECT left(p.gid, 200) AS gid, p.owner, p.database,
    extract(epoch FROM clock_timestamp() - p.prepared)::float8 AS seconds
  FROM pg_prepared_xacts p
  WHERE EXISTS (SELECT FROM pg_locks own
    JOIN pg_locks h ON h.pid IS NULL AND h.granted AND h.virtualtransaction = own.virtualtransaction
    JOIN pg_locks w ON NOT w.granted
      AND (w.locktype, w.database, w.relation, w.page, w.tuple, w.transactionid, w.classid, w.objid, w.objsubid)
      IS NOT DISTINCT FROM (h.locktype, h.database, h.relation, h.page, h.tuple, h.transactionid, h.classid, h.objid, h.objsubid)
    WHERE own.pid IS NULL AND own.locktype = 'transactionid' AND own.transactionid = p.transaction)
  ORDER BY p.prepared LIMIT 10`;

interface Link extends Omit<z.infer<typeof Blocked>, "waiters"> {
  readonly tag: string;
  readonly total: number;
}

/** Sessions of the whole server that wait; more are counted, but not followed. */
const MOST_FOLLOWED = 500;
/** A chain of locks is rarely longer than three. */
const MOST_ROUNDS = 20;

// A session asks for one lock at a time.
const ASKED = `WITH asked AS MATERIALIZED (
    SELECT l.pid, (to_jsonb(l) ->> 'waitstart')::timestamptz AS since,
      l.locktype || ' ' || l.mode || coalesce(' on ' || n.nspname || '.' || c.relname, '') AS lock,
      concat_ws('/', l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid, l.classid, l.objid,
        l.objsubid) AS tag
    FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT l.granted)`;
const LINK = `${PARTY}, coalesce(${utc("a.query_start")}, '') AS "queryStartedAt", pg_blocking_pids(a.pid) AS "blockedBy", coalesce(l.lock, '') AS lock, coalesce(l.tag, '') AS tag,
    ${secondsSince("coalesce(l.since, a.query_start, a.state_change)")} AS "waitSeconds"`;
const WAITS = `FROM pg_stat_activity a LEFT JOIN asked l ON l.pid = a.pid WHERE cardinality(pg_blocking_pids(a.pid)) > 0`;

/** Everybody that waits, with those found waiting only by following the chains: roots are never among them. */
async function waitingNow(sql: Sql): Promise<{ links: Link[]; total: number }> {
  const links = await sql<Link>(
    `${ASKED} SELECT ${LINK}, count(*) OVER () AS total ${WAITS}
       AND (a.wait_event_type = 'Lock' OR (a.state IS NULL AND l.lock IS NOT NULL))
     ORDER BY "waitSeconds" DESC NULLS LAST, a.pid LIMIT ${MOST_FOLLOWED}`,
  );
  let total = links[0]?.total ?? 0;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const more = await sql<Link>(`${ASKED} SELECT ${LINK} ${WAITS} AND a.pid = ANY ($1::int[])`, [
      rootsOf(links),
    ]);
    if (more.length === 0) break;
    // Beyond the limit they are counted already.
    if (total <= MOST_FOLLOWED) total += more.length;
    links.push(...more);
  }
  return { links, total };
}

/**
 * Who waits for a lock, for whom, and since when. Every chain is followed to its end before a list is cut, so that a session
 * that waits itself is never taken for the one that holds things up. A waiter is one whose wait event is a lock, or, where
 * that is hidden, who has asked for a lock and has not got it; the blockers are pg_blocking_pids'. Nothing is reported while
 * nobody has waited for as long as asked for. sergas-agents.slow-queries, tektra.db-long-running-queries; Postgres wiki
 * "Lock Monitoring".
 */
export const blockedSessions = read({
  name: "postgres.blocked-sessions",
  title: "Sessions that wait for a lock, and who holds it",
  input: z.object({ waitingSeconds: z.number().min(0).max(1_000_000).default(1) }),
  output: Blocking,
  run: (client, { waitingSeconds }, context) =>
    client.read(context, async (sql) => {
      const seesAll = await seesAllOf(sql);
      const hidden = { seesAll, notSeen: [...hiddenFrom(seesAll)] };
      const { links, total } = await waitingNow(sql);
      const isLong = links.some(({ waitSeconds }) => waitSeconds === null || waitSeconds >= waitingSeconds);
      if (!isLong) return { ...NOBODY, ...hidden };
      const pids = rootsOf(links);
      const roots = await sql<z.infer<typeof Party>>(
        `SELECT ${PARTY} FROM pg_stat_activity a WHERE a.pid = ANY ($1::int[]) LIMIT 50`,
        [pids],
      );
      const counted = <T extends z.infer<typeof Party>>(one: T) => ({
        ...masked(one),
        waiters: countBehind(one.pid, links),
      });
      const queue = queueIn(links);
      const seconds = links.flatMap(({ waitSeconds }) => waitSeconds ?? []);
      return {
        total,
        longestSeconds: seconds.length === 0 ? null : Math.max(...seconds),
        blocked: links.slice(0, 50).map(counted),
        roots: roots.map(counted).toSorted((a, b) => b.waiters - a.waiters || a.pid - b.pid),
        queue:
          queue === undefined
            ? null
            : {
                makers: links
                  .filter(({ pid }) => queue.makers.includes(pid))
                  .slice(0, 10)
                  .map(counted),
                queued: queue.queued.length,
              },
        prepared: pids.includes(0) ? await sql<z.infer<typeof Prepared>>(PREPARED_BLOCKERS) : [],
        ...hidden,
      };
    }),
});

const NOBODY = { total: 0, longestSeconds: null, blocked: [], roots: [], queue: null, prepared: [] };

const masked = <T extends { statement: string }>(row: T): T => ({
  ...row,
  statement: maskStatement(row.statement, 160),
});

const Open = z.object({
  sessions: z.array(Backend.extend({ locks: z.int(), mayEnd: z.boolean() })),
  prepared: z.array(Prepared),
  notSeen,
});
export type OpenTransactions = z.infer<typeof Open>;

/**
 * Sessions idle in a transaction for longer than given (at most 30), with the locks they hold, and prepared transactions
 * nobody finished: both stop vacuum and hold locks while doing nothing. tektra.db-long-running-queries.
 */
export const openTransactions = read({
  name: "postgres.open-transactions",
  title: "Transactions left open",
  input: z.object({ olderThanSeconds: z.number().min(0).max(1_000_000) }),
  output: Open,
  run: (client, { olderThanSeconds }, context) =>
    client.read(context, async (sql) => ({
      notSeen: [...hiddenFrom(await seesAllOf(sql))],
      sessions: await sql<Backend & { locks: number; mayEnd: boolean }>(
        `SELECT ${WHOSE}, (${MAY_END}) AS "mayEnd", (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid AND l.granted
             AND l.locktype IN ('relation', 'tuple', 'advisory')) AS locks
         FROM pg_stat_activity a WHERE a.state LIKE 'idle in transaction%' AND a.pid <> pg_backend_pid()
           AND clock_timestamp() - a.state_change >= make_interval(secs => $1)
         ORDER BY a.state_change, a.pid LIMIT 30`,
        [olderThanSeconds],
      ),
      prepared: await sql<z.infer<typeof Prepared>>(
        `SELECT left(gid, 200) AS gid, owner, database, extract(epoch FROM clock_timestamp() - prepared)::float8 AS seconds
         FROM pg_prepared_xacts WHERE clock_timestamp() - prepared >= make_interval(secs => $1) ORDER BY prepared LIMIT 10`,
        [olderThanSeconds],
      ),
    })),
});

/** Deadlocks of this database since its statistics were last reset (or the server started, whichever is known). */
export const deadlocks = read({
  name: "postgres.deadlocks",
  title: "Deadlocks counted so far",
  input: z.object({}),
  output: z.object({ deadlocks: z.int(), hours: z.number(), timeoutSetting: z.string() }),
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [row] = await sql<{ deadlocks: number; hours: number; timeoutSetting: string }>(
        `SELECT coalesce(deadlocks, 0) AS deadlocks, current_setting('deadlock_timeout') AS "timeoutSetting",
           extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time()))::float8 / 3600 AS hours
         FROM pg_stat_database WHERE datname = current_database()`,
      );
      return row ?? { deadlocks: 0, hours: 0, timeoutSetting: "" };
    }),
});
