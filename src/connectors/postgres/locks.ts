import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { Backend, MAY_END, SEES_ALL, WHOSE } from "./backend.ts";
import type { PostgresClient } from "./client.ts";
import { maskStatement } from "./mask.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Party = Backend.extend({
  statement: z.string(),
  /** Neither the bot's own, nor a superuser's, replication's or a maintenance tool's. */
  mayEnd: z.boolean(),
});

const Prepared = z.object({
  gid: z.string(),
  owner: z.string(),
  database: z.string(),
  seconds: z.number(),
});

const Blocked = Party.extend({
  waitSeconds: z.number(),
  /** `relation AccessExclusiveLock on public.orders`. */
  lock: z.string(),
  /** Pids; 0 is a prepared transaction, which no session holds. */
  blockedBy: z.array(z.int()),
});

export type LockParty = z.infer<typeof Party>;
export type BlockedSession = z.infer<typeof Blocked>;

const Blocking = z.object({
  blocked: z.array(Blocked),
  blockers: z.array(Party),
  /** Prepared transactions that hold a lock somebody waits for. */
  prepared: z.array(Prepared),
  /** False: whose sessions they are and what they do is hidden from the bot's role; who waits for whom is not. */
  seesAll: z.boolean(),
});
export type Blocking = z.infer<typeof Blocking>;

/** `a` is pg_stat_activity; the last statement of the session, its literals masked later. */
const PARTY = `${WHOSE}, left(a.query, 1000) AS statement, coalesce(${MAY_END}, false) AS "mayEnd"`;

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

/**
 * Who waits for a lock, for whom, and since when: the whole blocking tree (at most 50 waiting, 50 blocking).
 * A waiter is one whose wait event is a lock, or, where that is hidden, who has asked for a lock and has not got it; the
 * blockers are pg_blocking_pids'. sergas-agents.slow-queries,
 * tektra.db-long-running-queries; Postgres wiki "Lock Monitoring".
 */
export const blockedSessions = read({
  name: "postgres.blocked-sessions",
  title: "Sessions that wait for a lock, and who holds it",
  input: z.object({ waitingSeconds: z.number().min(0).max(1_000_000).default(1) }),
  output: Blocking,
  run: (client, { waitingSeconds }, context) =>
    client.read(context, async (sql) => {
      const blocked = await sql<z.infer<typeof Blocked>>(
        `SELECT ${PARTY}, pg_blocking_pids(a.pid) AS "blockedBy",
           greatest(0, extract(epoch FROM clock_timestamp() - coalesce(l.since, a.query_start, a.state_change)))::float8
             AS "waitSeconds", coalesce(l.lock, '') AS lock
         FROM pg_stat_activity a LEFT JOIN LATERAL (
           SELECT (to_jsonb(l) ->> 'waitstart')::timestamptz AS since,
             l.locktype || ' ' || l.mode || coalesce(' on ' || n.nspname || '.' || c.relname, '') AS lock
           FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE l.pid = a.pid AND NOT l.granted LIMIT 1) l ON true
         WHERE (a.wait_event_type = 'Lock' OR (a.state IS NULL AND l.lock IS NOT NULL))
           AND cardinality(pg_blocking_pids(a.pid)) > 0
           AND coalesce(clock_timestamp() - coalesce(l.since, a.query_start, a.state_change) >= make_interval(secs => $1), true)
         ORDER BY "waitSeconds" DESC, a.pid LIMIT 50`,
        [waitingSeconds],
      );
      const pids = [...new Set(blocked.flatMap(({ blockedBy }) => blockedBy))].slice(0, 50);
      const blockers = await sql<z.infer<typeof Party>>(
        `SELECT ${PARTY} FROM pg_stat_activity a WHERE a.pid = ANY ($1::int[]) ORDER BY a.pid`,
        [pids],
      );
      const masked = <T extends { statement: string }>(row: T): T => ({
        ...row,
        statement: maskStatement(row.statement, 160),
      });
      const prepared = pids.includes(0) ? await sql<z.infer<typeof Prepared>>(PREPARED_BLOCKERS) : [];
      const [role] = await sql<{ seesAll: boolean }>(`SELECT ${SEES_ALL} AS "seesAll"`);
      return {
        blocked: blocked.map(masked),
        blockers: blockers.map(masked),
        prepared,
        seesAll: role?.seesAll ?? false,
      };
    }),
});

const Open = z.object({
  sessions: z.array(Backend.extend({ locks: z.int(), mayEnd: z.boolean() })),
  prepared: z.array(Prepared),
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
