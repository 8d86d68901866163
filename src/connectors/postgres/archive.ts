import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { secondsSince } from "./backend.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Archive = z.object({
  /** archive_mode: off, on, always. Off: all below says nothing. */
  mode: z.string(),
  inRecovery: z.boolean(),
  /** archive_command or archive_library is set; null: not for the bot's role. */
  isSet: z.boolean().nullable(),
  /** archive_command answers success and keeps nothing (`/bin/true`, `:`); absent: not for the bot's role, or it is another one. */
  discards: z.boolean().nullish(),
  archivedCount: z.number(),
  failedCount: z.number(),
  /** Since the last segment that was archived, and since the last failure; null: none since the counters began. */
  archivedSeconds: z.number().nullable(),
  failedSeconds: z.number().nullable(),
  lastFailedWal: z.string(),
  /** Segments that wait to be archived, and since when the oldest is complete; null: not for the bot's role (before PG 12: for none). */
  waiting: z.object({ segments: z.int(), seconds: z.number().nullable() }).nullable(),
  /** archive_timeout in seconds; 0: a quiet server may archive nothing for days. */
  timeoutSeconds: z.number(),
  /** Since a base backup ended, as far as its history file is still there; null: not known, which is no sign that there is none. */
  backupSeconds: z.number().nullable(),
  /** Base backups that are being taken now (PG 13). */
  backupsNow: z.int(),
  notSeen,
});
export type Archive = z.infer<typeof Archive>;

/**
 * Is WAL archived, for how long not, and how much waits. The age of a base backup is seen only for a while after it: Postgres keeps
 * no record of backups; those of pgBackRest, Barman, WAL-G or a provider are known to these alone. Postgres manual,
 * "Continuous Archiving" and pg_stat_archiver.
 */
export const archive = read({
  name: "postgres.archive",
  title: "Archiving of WAL",
  input: z.object({}),
  output: Archive,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [own] = await sql<Own>(OWN);
      if (own === undefined) throw new Error("a SELECT without FROM returns one row");
      const { version, mayList, ...state } = own;
      const isOn = state.mode !== "off";
      const [files] = isOn && mayList ? await sql<Files>(FILES) : [];
      const [now] =
        version >= 130_000
          ? await sql<{ n: number }>("SELECT count(*)::int AS n FROM pg_stat_progress_basebackup")
          : [];
      return {
        ...state,
        waiting: files === undefined ? null : { segments: files.segments, seconds: files.seconds },
        backupSeconds: files?.backupSeconds ?? null,
        backupsNow: now?.n ?? 0,
        notSeen: isOn && !mayList ? [WAITING] : [],
      };
    }),
});

interface Own extends Omit<Archive, "waiting" | "backupSeconds" | "backupsNow" | "notSeen"> {
  version: number;
  mayList: boolean;
}

interface Files {
  segments: number;
  seconds: number | null;
  backupSeconds: number | null;
}

/** Commands that do nothing and say that all is well. */
const NOTHING = "^\\s*((/usr)?(/bin/)?true|:|exit 0|cd \\.|echo( .*)?)\\s*$";

const OWN = `SELECT current_setting('server_version_num')::int AS version, current_setting('archive_mode') AS mode,
    pg_is_in_recovery() AS "inRecovery",
    (SELECT bool_or(s.setting NOT IN ('', '(disabled)')) FROM pg_settings s WHERE s.name IN ('archive_command', 'archive_library'))
      AS "isSet",
    (SELECT bool_or(s.name = 'archive_command' AND s.setting ~ '${NOTHING}') AND NOT bool_or(s.name = 'archive_library' AND s.setting <> '')
      FROM pg_settings s WHERE s.name IN ('archive_command', 'archive_library')) AS discards,
    a.archived_count::float8 AS "archivedCount", a.failed_count::float8 AS "failedCount",
    ${secondsSince("a.last_archived_time")} AS "archivedSeconds", ${secondsSince("a.last_failed_time")} AS "failedSeconds",
    coalesce(a.last_failed_wal, '') AS "lastFailedWal",
    extract(epoch FROM current_setting('archive_timeout')::interval)::float8 AS "timeoutSeconds",
    coalesce((SELECT has_function_privilege(p.oid, 'EXECUTE') FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE p.proname = 'pg_ls_archive_statusdir' AND n.nspname = 'pg_catalog'), false) AS "mayList"
  FROM pg_stat_archiver a`;

const FILES = `SELECT count(*) FILTER (WHERE f.name LIKE '%.ready')::int AS segments,
    ${secondsSince("min(f.modification) FILTER (WHERE f.name LIKE '%.ready')")} AS seconds,
    ${secondsSince("max(f.modification) FILTER (WHERE f.name LIKE '%.backup.%')")} AS "backupSeconds"
  FROM pg_ls_archive_statusdir() f`;

const WAITING: NotSeen = {
  what: "how much WAL waits to be archived",
  why: "the bot's role may not list it (or the server is older than PostgreSQL 12)",
  fix: "GRANT pg_monitor TO the bot's role (it may list the folder, no contents)",
};
