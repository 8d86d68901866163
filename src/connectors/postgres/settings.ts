import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

/** What may hold a password or tells an intruder more than a reader: only whether it changed is told. */
const SECRETS = [
  ...["primary_conninfo", "restore_command", "archive_command", "archive_cleanup_command"],
  ...["recovery_end_command", "ssl_passphrase_command"],
];
/** Asked for whatever their value is: with them at a certain value data or safety is lost. */
const ALWAYS = [
  ...["fsync", "full_page_writes", "synchronous_commit", "zero_damaged_pages", "ignore_checksum_failure"],
  ...["autovacuum", "track_counts", "archive_mode", "wal_level", "ssl", "password_encryption"],
  ...["data_sync_retry", "max_slot_wal_keep_size"],
];

const Setting = z.object({
  name: z.string(),
  /** With its unit; null: kept back, as it may hold a secret. */
  value: z.string().nullable(),
  /** Of the value, so that a change of one that is kept back shows. */
  digest: z.string(),
  /** `configuration file`, `command line`, `environment variable`, `default`. */
  source: z.string(),
});
export type Setting = z.infer<typeof Setting>;

const Settings = z.object({
  version: z.string(),
  /** Seconds since 1970. */
  startedAt: z.number(),
  at: z.number(),
  /** Those that are not as they come, and those that safety rests on, by name, at most 500. */
  settings: z.array(Setting).max(500),
  notSeen,
});
export type Settings = z.infer<typeof Settings>;

/** What an earlier look returned, read again from where it was kept. */
export const earlierSettings = (value: unknown): Settings | undefined => Settings.safeParse(value).data;

/**
 * The server's own settings, for whoever compares two looks. Not those of the bot's role, database or session. What is secret is
 * told by its digest only. Extensions' settings are among them.
 */
export const settings = read({
  name: "postgres.settings",
  title: "Settings that are not as they come",
  input: z.object({}),
  output: Settings,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [own] = await sql<Omit<Settings, "settings" | "notSeen"> & { seesAll: boolean }>(OWN);
      if (own === undefined) throw new Error("a SELECT without FROM returns one row");
      const { seesAll, ...rest } = own;
      return {
        ...rest,
        settings: await sql<Setting>(SETTINGS, [SECRETS, ALWAYS]),
        notSeen: seesAll ? [] : [HIDDEN],
      };
    }),
});

const HIDDEN: NotSeen = {
  what: "settings that only superusers may read (preloaded libraries, files, commands)",
  why: "the bot's role lacks pg_read_all_settings, which pg_monitor has",
  fix: "GRANT pg_read_all_settings TO the bot's role",
};

const OWN = `SELECT current_setting('server_version') AS version,
    extract(epoch FROM pg_postmaster_start_time())::float8 AS "startedAt", extract(epoch FROM clock_timestamp())::float8 AS at,
    pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') AS "seesAll"`;

// md5 is no secret keeping here: the value itself never leaves the server, and who could try commands knows them.
const SETTINGS = `SELECT s.name, md5(s.reset_val) AS digest, s.source,
    CASE WHEN s.name = ANY ($1::text[]) THEN NULL
      WHEN s.setting = s.reset_val THEN left(current_setting(s.name), 300)
      ELSE left(s.reset_val, 300) || coalesce(' x ' || s.unit, '') END AS value
  FROM pg_settings s
  WHERE s.source IN ('configuration file', 'command line', 'environment variable', 'global', 'default')
    AND (s.reset_val IS DISTINCT FROM s.boot_val OR s.name = ANY ($2::text[]))
    AND s.context <> 'internal' AND s.reset_val IS NOT NULL AND s.name NOT IN ('transaction_read_only', 'in_hot_standby')
  ORDER BY s.name LIMIT 500`;
