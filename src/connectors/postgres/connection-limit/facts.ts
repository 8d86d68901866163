import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import type { PostgresClient, Sql } from "../client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Limit = z.object({
  /** In force now. */
  inForce: z.int(),
  /** Written by ALTER SYSTEM; null: nothing of its own. Undefined where the bot's role may not read it. */
  written: z.int().nullable().optional(),
  /** What holds from the next start on; undefined as above. */
  atNextStart: z.int().optional(),
  /** It is given on the server's command line or in its environment, which ALTER SYSTEM does not change. */
  isFixed: z.boolean(),
  inRecovery: z.boolean(),
  /** Servers that follow this one by streaming: theirs must not be lower. */
  standbys: z.int(),
  workMemBytes: z.number(),
  sharedBufferBytes: z.number(),
  /** Of the oldest transaction of a client; null: there is none. What is undone by a restart. */
  oldestTransactionSeconds: z.number().nullable(),
  /** Base backups that run now: a restart ends them. */
  baseBackups: z.int(),
  /** The bot's role may write it, and read what is written. */
  maySet: z.boolean(),
});
export type ConnectionLimit = z.infer<typeof Limit>;

const LOOK = `SELECT current_setting('max_connections')::int AS "inForce", pg_is_in_recovery() AS "inRecovery",
    (SELECT source IN ('command line', 'environment variable') FROM pg_settings WHERE name = 'max_connections') AS "isFixed",
    (SELECT count(*) FROM pg_stat_replication)::int AS standbys,
    (SELECT setting::float8 * 1024 FROM pg_settings WHERE name = 'work_mem') AS "workMemBytes",
    (SELECT setting::float8 * 8192 FROM pg_settings WHERE name = 'shared_buffers') AS "sharedBufferBytes",
    (SELECT extract(epoch FROM max(now() - xact_start))::float8 FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS "oldestTransactionSeconds",
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender' AND query ILIKE 'BASE_BACKUP%')::int AS "baseBackups",
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuper",
    has_function_privilege('pg_show_all_file_settings()', 'EXECUTE')
      AND has_table_privilege('pg_catalog.pg_file_settings', 'SELECT') AS "mayRead",
    current_setting('server_version_num')::int AS version`;

// The last line of the files wins; that of postgresql.auto.conf is read last.
const FILES = `SELECT (SELECT setting FROM pg_file_settings WHERE name = 'max_connections' AND sourcefile LIKE '%/postgresql.auto.conf'
      ORDER BY seqno DESC LIMIT 1)::int AS written,
    coalesce((SELECT setting FROM pg_file_settings WHERE name = 'max_connections' ORDER BY seqno DESC LIMIT 1)::int, 100) AS "atNextStart"`;

type Row = Omit<ConnectionLimit, "written" | "atNextStart" | "maySet"> & {
  isSuper: boolean;
  mayRead: boolean;
  version: number;
};

/** The limit in force and the one that is written, and what a restart would meet. */
export async function connectionLimitNow(sql: Sql): Promise<ConnectionLimit> {
  const [row] = await sql<Row>(LOOK);
  if (row === undefined) throw new Error("a SELECT without FROM returns one row");
  const { isSuper, mayRead, version, ...limit } = row;
  if (!isSuper && !mayRead) return { ...limit, maySet: false };
  const [files] = await sql<{ written: number | null; atNextStart: number }>(FILES);
  const granted =
    version >= 150_000
      ? (
          await sql<{ may: boolean }>(
            "SELECT has_parameter_privilege('max_connections', 'ALTER SYSTEM') AS may",
          )
        )[0]
      : undefined;
  return { ...limit, ...files, maySet: isSuper || granted?.may === true };
}

/** How many connections the server takes, now and from its next start on. sergas-accounts.pg-max-connections */
export const connectionLimit = read({
  name: "postgres.connection-limit",
  title: "Connections the server takes, now and after a restart",
  input: z.object({}),
  output: Limit,
  run: (client, _input, context) => client.read(context, connectionLimitNow),
});
