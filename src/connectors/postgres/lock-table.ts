import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import type { PostgresClient } from "./client.ts";
import { lookAtSharedWaits, SharedWaits } from "./shared-waits.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Holder = z.object({
  /** 0: a prepared transaction, which no session holds. */
  pid: z.int(),
  application: z.string(),
  user: z.string(),
  /** Empty: hidden from the bot's role, or none. */
  state: z.string(),
  /** Null: hidden, or in no transaction. */
  transactionSeconds: z.number().nullable(),
  locks: z.int(),
});

const LockTable = z.object({
  /** Locks in the table that all sessions share. */
  held: z.int(),
  /** About so many have room: max_locks_per_transaction x (all processes + max_prepared_transactions). */
  room: z.int(),
  perTransaction: z.int(),
  /** Most locks first, at most 5. */
  holders: z.array(Holder),
  /** Other room that all sessions share. Absent in recordings from before. */
  shared: SharedWaits.optional(),
});
export type LockTable = z.infer<typeof LockTable>;

// Functions rather than views and tables: whoever asks a full table for a lock on a relation gets 53200 as well.
const HOLDERS = `SELECT coalesce(l.pid, 0) AS pid, left(coalesce(nullif(min(s.application_name), ''), '(no name)'), 80) AS application,
    coalesce(pg_get_userbyid(min(s.usesysid))::text, '') AS user, coalesce(min(s.state), '') AS state,
    extract(epoch FROM clock_timestamp() - min(s.xact_start))::float8 AS "transactionSeconds", count(*) AS locks,
    sum(count(*)) OVER () AS held
  FROM pg_lock_status() l LEFT JOIN pg_stat_get_activity(NULL) s ON s.pid = l.pid
  WHERE NOT l.fastpath AND l.pid IS DISTINCT FROM pg_backend_pid() GROUP BY l.pid ORDER BY locks DESC, 1 LIMIT 5`;

const setting = (name: string) => `coalesce(current_setting('${name}', true)::int, 0)`;

const ROOM = `SELECT ${setting("max_locks_per_transaction")} AS "perTransaction",
    ${setting("max_locks_per_transaction")} * (${[
      "max_connections",
      "autovacuum_max_workers",
      "max_worker_processes",
      "max_wal_senders",
      "max_prepared_transactions",
    ]
      .map(setting)
      .join(" + ")}) AS room`;

/**
 * How full is the table of locks, and who fills it? Weak locks on few tables are not in it; one transaction over thousands of
 * tables, partitions or chunks fills it for all (SQLSTATE 53200). Postgres manual, "Lock Management".
 */
export const lockTable = read({
  name: "postgres.lock-table",
  title: "Room in what all sessions share: locks, notifications, pages of transactions",
  input: z.object({}),
  output: LockTable,
  run: async (client, _input, context) => {
    const table = await client.read(context, async (sql) => {
      const [room] = await sql<{ perTransaction: number; room: number }>(ROOM);
      if (room === undefined) throw new Error("a SELECT without FROM returns one row");
      const holders = await sql<z.infer<typeof Holder> & { held: number }>(HOLDERS);
      return { ...room, held: holders[0]?.held ?? 0, holders };
    });
    return { ...table, shared: await lookAtSharedWaits(client, context) };
  },
});
