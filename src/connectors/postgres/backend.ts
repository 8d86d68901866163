import { z } from "zod";

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

/** Columns that say whose session it is; `a` is pg_stat_activity. */
export const WHOSE = `a.pid, coalesce(${utc("a.backend_start")}, '') AS "startedAt",
  left(coalesce(nullif(a.application_name, ''), nullif(a.backend_type, 'client backend'), '(no name)'), 80) AS application, coalesce(a.usename, '') AS user,
  coalesce(a.datname, '') AS database, coalesce(host(a.client_addr), 'local') AS address,
  coalesce(a.state, 'unknown') AS state,
  greatest(0, extract(epoch FROM clock_timestamp() - a.state_change))::float8 AS "stateSeconds",
  greatest(0, coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0))::float8 AS "transactionSeconds"`;

/** A session for people: no statement text. */
export const Backend = BackendId.extend({
  application: z.string(),
  user: z.string(),
  database: z.string(),
  address: z.string(),
  state: z.string(),
  stateSeconds: z.number(),
  transactionSeconds: z.number(),
});
export type Backend = z.infer<typeof Backend>;
