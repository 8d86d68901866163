import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import type { PostgresClient, Sql } from "../client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

export const SETTING = "log_min_duration_statement";

const Log = z.object({
  database: z.string(),
  /** Set for this database by ALTER DATABASE, in milliseconds; -1 nothing, 0 every statement; null: the server's own holds. */
  ofDatabase: z.int().nullable(),
  /** The server's own, where the bot's own session shows it; null: its role or database has another one. */
  ofServer: z.int().nullable(),
  /** Roles with a value of their own, which comes before the database's, as it is written; at most 20. */
  ofRoles: z.array(z.object({ role: z.string(), value: z.string() })).max(20),
  /** `none`, `ddl`, `mod` or `all`: what is logged whole, whatever it takes. */
  logStatement: z.string(),
  /** Where the log goes; null: hidden from the bot's role. */
  destination: z.string().nullable(),
  /** The bot's role may set it for this database. */
  maySet: z.boolean(),
  inRecovery: z.boolean(),
});
export type StatementLog = z.infer<typeof Log>;

// A value may be written with its unit. `1min` and `500us` are intervals, too.
const MS = `CASE WHEN value ~ '^-?[0-9]+$' THEN value::float8 ELSE extract(epoch FROM value::interval) * 1000 END::int`;

const LOOK = `WITH me AS (SELECT d.oid, d.datdba FROM pg_database d WHERE d.datname = current_database()),
  own AS (SELECT s.setdatabase, s.setrole, substr(c, length('${SETTING}=') + 1) AS value
    FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE c LIKE '${SETTING}=%')
  SELECT current_database() AS database, current_setting('log_statement') AS "logStatement", pg_is_in_recovery() AS "inRecovery",
    (SELECT ${MS} FROM own, me WHERE setdatabase = me.oid AND setrole = 0) AS "ofDatabase",
    (SELECT s.reset_val::int FROM pg_settings s WHERE s.name = '${SETTING}'
      AND s.source IN ('default', 'configuration file', 'command line', 'environment variable')) AS "ofServer",
    coalesce((SELECT jsonb_agg(jsonb_build_object('role', o.rolname, 'value', o.value) ORDER BY o.rolname)
      FROM (SELECT r.rolname, own.value FROM own JOIN me ON own.setdatabase IN (0, me.oid)
        JOIN pg_roles r ON r.oid = own.setrole LIMIT 20) o), '[]') AS "ofRoles",
    CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') THEN current_setting('log_destination')
      || CASE WHEN current_setting('logging_collector')::bool THEN ', files in ' || current_setting('log_directory')
        ELSE ', wherever the server''s own output goes' END END AS destination,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuper",
    pg_has_role(current_user, (SELECT datdba FROM me), 'USAGE') AS "isOwner", current_setting('server_version_num')::int AS version`;

type Row = Omit<StatementLog, "maySet"> & { isSuper: boolean; isOwner: boolean; version: number };

/** What is set for this database, its roles and its server, and whether the bot may set it. */
export async function statementLogNow(sql: Sql): Promise<StatementLog> {
  const [row] = await sql<Row>(LOOK);
  if (row === undefined) throw new Error("a SELECT without FROM returns one row");
  const { isSuper, isOwner, version, ...log } = row;
  return { ...log, maySet: isSuper || (isOwner && (await maySetParameter(sql, version))) };
}

/** It is a superuser's setting, which may be granted since PG 15. */
async function maySetParameter(sql: Sql, version: number): Promise<boolean> {
  if (version < 150_000) return false;
  const [row] = await sql<{ may: boolean }>(`SELECT has_parameter_privilege('${SETTING}', 'SET') AS may`);
  return row?.may ?? false;
}

/** From which time on statements of new sessions of this database are logged. tektra.db-query-logging, sergas-accounts.slow-queries. */
export const statementLog = read({
  name: "postgres.statement-log",
  title: "Which statements the server logs",
  input: z.object({}),
  output: Log,
  run: (client, _input, context) => client.read(context, statementLogNow),
});
