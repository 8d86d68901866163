import { z } from "zod";
import type { NotSeen } from "../../core/words/not-seen.ts";
import type { Sql } from "./client.ts";

/** A session as (pid, start): a pid alone may belong to somebody else by the time it is signalled (trap pg-terminate-idle). */
export const BackendId = z.object({
  pid: z.int().positive(),
  /** UTC with microseconds, as `STARTED` renders it. */
  startedAt: z.string().max(40),
});
export type BackendId = z.infer<typeof BackendId>;

/** At most this many sessions are signalled by one call. */
export const MAX_SIGNALS = 50;

/** Exact text of a time, equal on both sides of a comparison whatever the session's time zone and DateStyle. */
export const utc = (column: string) =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Tools whose sessions are never ended or cancelled: backups, maintenance, migrations, poolers, cluster managers. */
const PROTECTED =
  "^(pg_dump|pg_dumpall|pg_restore|pg_basebackup|pg_receivewal|pg_recvlogical|pg_repack|pg_rewind|pg_upgrade|vacuumdb|reindexdb|" +
  "barman|wal-g|pgbackrest|walreceiver|repmgr|patroni|pg_auto|pgbouncer|pgcat|odyssey|pgpool|flyway|liquibase|alembic|migrate|" +
  "prisma.?migrat|knex.?migrat|django.?migrat|diagbot)";

/**
 * Sessions the bot may end: client backends that are neither its own, nor of superusers or replication roles, nor of
 * maintenance tools. Catalogue guard (d) 9. `a` is pg_stat_activity.
 */
export const MAY_END = `a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() AND a.application_name !~* '${PROTECTED}'
  AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = a.usesysid AND (r.rolsuper OR r.rolreplication))`;

/** False: state, waits and text of others' sessions are hidden from the bot's role (trap pg-privileges). */
export const SEES_ALL = "pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')";

/** What others' sessions do is hidden from a role without pg_monitor: the server says so in place of the statement. */
export const HIDDEN = "(a.state IS NULL AND a.query = '<insufficient privilege>')";

/** Whether the bot's role sees what others' sessions do. */
export async function seesAllOf(sql: Sql): Promise<boolean> {
  const [role] = await sql<{ seesAll: boolean }>(`SELECT ${SEES_ALL} AS "seesAll"`);
  return role?.seesAll ?? false;
}

/** Seconds since a time of the server's; null where it is not known. */
export const secondsSince = (column: string) =>
  `CASE WHEN ${column} IS NOT NULL THEN greatest(0, extract(epoch FROM clock_timestamp() - ${column}))::float8 END`;

/** What a role without pg_monitor does not see of others' sessions; nothing where it sees all. */
export const hiddenFrom = (seesAll: boolean): readonly NotSeen[] =>
  seesAll
    ? []
    : [
        {
          what: "what other roles' sessions do",
          why: "the bot's role lacks pg_monitor: state, waits, statements, ages and addresses of others' sessions are hidden from it, so what is not found here may be there all the same",
          fix: "GRANT pg_monitor TO the bot's role (statistics and settings, no data); pg_signal_backend, too, if it is to end sessions",
        },
      ];

/** Columns that say whose session it is; `a` is pg_stat_activity. */
export const WHOSE = `a.pid, coalesce(${utc("a.backend_start")}, '') AS "startedAt",
  left(coalesce(nullif(a.application_name, ''), nullif(a.backend_type, 'client backend'), '(no name)'), 80) AS application, coalesce(a.usename, '') AS user,
  coalesce(a.datname, '') AS database,
  CASE WHEN ${HIDDEN} THEN 'hidden' ELSE coalesce(host(a.client_addr), 'local') END AS address,
  CASE WHEN ${HIDDEN} THEN 'hidden' ELSE coalesce(a.state, 'unknown') END AS state,
  ${secondsSince("a.state_change")} AS "stateSeconds", ${secondsSince("a.xact_start")} AS "transactionSeconds"`;

/** A session for people: no statement text. */
export const Backend = BackendId.extend({
  application: z.string(),
  user: z.string(),
  database: z.string(),
  /** `local` for a Unix socket, `hidden` from a role without pg_monitor. */
  address: z.string(),
  /** As the server says it; `hidden` from a role without pg_monitor, `unknown` for processes that have none. */
  state: z.string(),
  /** Null: hidden, or a process without a state. */
  stateSeconds: z.number().nullable(),
  /** Null: hidden, or in no transaction. */
  transactionSeconds: z.number().nullable(),
});
export type Backend = z.infer<typeof Backend>;
