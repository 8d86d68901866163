import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

/**
 * A session from scratch: name, TCP, login, ten `SELECT 1`, each timed. The error names the stage or SQLSTATE that failed.
 * tektra.startup-db-connection, tektra.db-connection-test, sergas-accounts.db-connection-failed.
 */
export const checkConnection = read({
  name: "postgres.check-connection",
  title: "Connect, log in and answer",
  timeoutSeconds: 12,
  input: z.object({}),
  output: z.object({
    dnsMs: z.number().nullable(),
    tcpMs: z.number().nullable(),
    loginMs: z.number(),
    pingMedianMs: z.number(),
    pingWorstMs: z.number(),
  }),
  run: (client, _input, context) => client.dial(context),
});

const ServerState = z.object({
  version: z.string(),
  inRecovery: z.boolean(),
  /** Transactions are read-only by default. */
  isReadOnly: z.boolean(),
  /** Where that is set, as pg_settings says it: `database`, `user`, `database user`, `configuration file`, … */
  readOnlySource: z.string().default(""),
  /** This session's, as SQL names. */
  database: z.string().default(""),
  role: z.string().default(""),
  startedAt: z.string(),
  uptimeSeconds: z.number(),
  /** Transactions until the oldest database must be vacuumed or the server stops taking writes: 2^31 minus its age. */
  transactionsLeft: z.number(),
  oldestDatabase: z.string(),
  /** Pages whose checksum did not match, all databases. */
  checksumFailures: z.int(),
  /** Changed in the configuration, but only a restart applies them. Not those given on the command line, which win over any file. */
  pendingRestart: z.array(z.string()),
  seesAll: z.boolean(),
});

/** What the server says of itself: role, age, wraparound, checksums. tektra.database-health, tektra.db-corruption-check (counter only). */
export const serverState = read({
  name: "postgres.server-state",
  title: "State of the server",
  input: z.object({}),
  output: ServerState,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [row] = await sql<z.infer<typeof ServerState>>(
        `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS "inRecovery",
           current_setting('default_transaction_read_only')::bool AS "isReadOnly",
           (SELECT source FROM pg_settings WHERE name = 'default_transaction_read_only') AS "readOnlySource",
           quote_ident(current_database()) AS database, quote_ident(current_user) AS role,
           to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS "startedAt",
           extract(epoch FROM now() - pg_postmaster_start_time())::float8 AS "uptimeSeconds",
           (SELECT 2147483648 - max(age(datfrozenxid))::bigint FROM pg_database) AS "transactionsLeft",
           (SELECT datname FROM pg_database ORDER BY age(datfrozenxid) DESC, datname LIMIT 1) AS "oldestDatabase",
           (SELECT coalesce(sum((to_jsonb(d) ->> 'checksum_failures')::bigint), 0) FROM pg_stat_database d) AS "checksumFailures",
           ARRAY(SELECT name FROM pg_settings WHERE pending_restart AND source <> 'command line' ORDER BY name LIMIT 20) AS "pendingRestart",
           pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS "seesAll"`,
      );
      if (row === undefined) throw new Error("a SELECT without FROM returns one row");
      return row;
    }),
});

/**
 * Can the server still write a file? Sorts about 2 MB with the smallest work_mem, so that it must spill to its temporary
 * files: a full disk answers 53100, nothing is left behind, and it works on a standby too.
 */
export const checkTemporaryFile = read({
  name: "postgres.check-temporary-file",
  title: "Write a temporary file of 2 MB",
  input: z.object({}),
  output: z.object({ rows: z.int() }),
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      await sql("SET LOCAL work_mem = '64kB'");
      const [row] = await sql<{ rows: number }>(
        `SELECT count(*) AS rows FROM (SELECT g, repeat('x', 100) AS filler FROM generate_series(1, 20000) g
         ORDER BY md5(g::text) OFFSET 1) sorted`,
      );
      return { rows: row?.rows ?? 0 };
    }),
});

export type ServerState = z.infer<typeof ServerState>;
