import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Holder = z.object({
  kind: z.enum(["session", "prepared", "slot", "standby"]),
  /** Application, gid, slot or standby. */
  name: z.string(),
  /** Of a session or standby; 0 for what has no process. */
  pid: z.int(),
  /** Whose it is: role, owner, or the database of a logical slot. */
  of: z.string(),
  database: z.string(),
  /** Transactions since the oldest it may still need. */
  age: z.number(),
  /** Since when; null: not known. */
  seconds: z.number().nullable(),
});

const Oldest = z.object({
  database: z.string(),
  age: z.number(),
  freezeMaxAge: z.number(),
  /** False: nobody can connect to it (template0). Absent in recordings from before. */
  mayConnect: z.boolean().optional(),
});

const Horizon = z.object({
  /** Who keeps vacuum from cleaning and freezing, oldest first, at most 10. */
  holders: z.array(Holder),
  /** The database whose rows were not frozen for longest, by transaction numbers and by multixacts. */
  transactions: Oldest,
  multixacts: Oldest,
});
export type Horizon = z.infer<typeof Horizon>;
export type HorizonHolder = z.infer<typeof Holder>;

/**
 * SQL: the session with this pid is at a lazy vacuum. It has a snapshot like anybody, and neither another vacuum nor the build of an
 * index heeds it (PROC_IN_VACUUM); its ANALYZE and a VACUUM FULL are heeded, and are not in that view.
 */
export const isLazyVacuum = (pid: string): string =>
  `EXISTS (SELECT FROM pg_stat_progress_vacuum v WHERE v.pid = ${pid})`;

// Whoever began later has the oldest of all others as its own horizon, and holds nothing back by itself: the one that began first stands first.
const HOLDERS = `SELECT * FROM (
    SELECT 'session' AS kind, left(coalesce(nullif(a.application_name, ''), nullif(a.backend_type, 'client backend'), '(no name)'), 80) AS name,
      a.pid, coalesce(a.usename, '') AS of, coalesce(a.datname, '') AS database,
      greatest(age(a.backend_xmin), age(a.backend_xid))::float8 AS age,
      extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds
    FROM pg_stat_activity a WHERE (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL) AND a.pid <> pg_backend_pid()
      AND NOT EXISTS (SELECT FROM pg_stat_replication r WHERE r.pid = a.pid)
      AND NOT ${isLazyVacuum("a.pid")}
    UNION ALL SELECT 'prepared', left(p.gid, 200), 0, p.owner, p.database, age(p.transaction),
      extract(epoch FROM clock_timestamp() - p.prepared) FROM pg_prepared_xacts p
    UNION ALL SELECT 'slot', s.slot_name, coalesce(s.active_pid, 0), coalesce(s.plugin, s.slot_type), coalesce(s.database, ''),
      greatest(age(s.xmin), age(s.catalog_xmin)), NULL FROM pg_replication_slots s
      WHERE s.xmin IS NOT NULL OR s.catalog_xmin IS NOT NULL
    UNION ALL SELECT 'standby', left(r.application_name, 80), r.pid, coalesce(r.usename, ''), '', age(r.backend_xmin), NULL
      FROM pg_stat_replication r WHERE r.backend_xmin IS NOT NULL) h
  ORDER BY age DESC, (kind = 'session'), seconds DESC NULLS FIRST, name LIMIT 10`;

const oldest = (age: string, limit: string) =>
  `SELECT datname AS database, ${age}::float8 AS age, current_setting('${limit}')::float8 AS "freezeMaxAge", datallowconn AS "mayConnect"
   FROM pg_database ORDER BY 2 DESC, 1 LIMIT 1`;

/**
 * How old is what nobody has frozen yet, and who is in the way: an open transaction, a prepared one, a slot, a standby with
 * hot_standby_feedback. Multixacts run out by a counter of their own. Postgres manual, "Preventing Transaction ID Wraparound
 * Failures".
 */
export const horizon = read({
  name: "postgres.horizon",
  title: "What holds vacuum back",
  input: z.object({}),
  output: Horizon,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [transactions] = await sql<z.infer<typeof Oldest>>(
        oldest("age(datfrozenxid)", "autovacuum_freeze_max_age"),
      );
      const [multixacts] = await sql<z.infer<typeof Oldest>>(
        oldest("mxid_age(datminmxid)", "autovacuum_multixact_freeze_max_age"),
      );
      if (transactions === undefined || multixacts === undefined) throw new Error("there is a database");
      return { holders: await sql<z.infer<typeof Holder>>(HOLDERS), transactions, multixacts };
    }),
});
