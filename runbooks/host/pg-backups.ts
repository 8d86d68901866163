import { host, runbookOn, z } from "../../src/sdk/index.ts";
import { baseFindings } from "./base-backups.ts";
import { adviseInPlace, adviseRecovery, dumpFindings, toRestore } from "./dumps.ts";

/** Are the dumps and base backups there, new, whole and plausible; can one be restored, and does the archive go on from them. Guides: backup restoration, point in time, move to a larger disk. */
const book = runbookOn(
  "host",
  {
    id: "pg-backups",
    title: "Postgres backups on a machine",
    covers: ["tektra.backup-restore", "tektra.pitr", "sergas-accounts.move-data-disk"],
    alerts: [
      "BackupMissing",
      "BackupTooOld",
      "PostgresBackupTooOld",
      "PostgresqlBackupMissing",
      "BackupFailed",
    ],
    params: z.object({
      dumps: z.string().max(40).optional().describe("only the dumps or base backups of this name"),
      restore: z
        .boolean()
        .default(false)
        .describe(
          "offer to restore the newest into a database of its own, and say how far back a recovery reaches",
        ),
    }),
  },
  () => ({ dumps: host.dumps(), bases: host.baseBackups() }),
);

/** Whoever names base backups only is not asked for dumps, nor who asks for base backups by their name. */
const isOfBases = (
  folders: readonly host.DumpFolder[],
  sets: readonly host.BaseSet[],
  asked: string | undefined,
): boolean =>
  asked === undefined
    ? folders.length === 0 && sets.length > 0
    : sets.some(({ name }) => name === asked) && !folders.some(({ name }) => name === asked);

export const pgBackups = book
  .remedies({
    restoreCopy: book.does(
      host.restoreCopy,
      ["dumps"],
      ({ dumps }, { params }) => toRestore(dumps.folders, params.dumps),
      { inForce: "1h" },
    ),
    repairBackup: book.advises(
      "Find out why no whole dump was made",
      "high",
      "Look at whatever makes it: its timer or cron (`systemctl list-timers`, the mail of cron), its last output, the disk (`df`), the password it uses (pg_dump -w fails where one is asked for). Let it write to a name of its own and rename that once pg_dump has ended with 0 (in a pipe: `set -o pipefail`), so that half a dump never looks like one. Until there is a whole one again keep the last whole one.",
    ),
    nameDumps: book.advises(
      "Name the folder of the dumps",
      "low",
      "In diagbot.yaml, at the host connection of the machine they lie on: `dumps:` with the name of the database, its folder, and how old the newest may be (docs/connectors/host.md). Base backups and their archive are named as `baseBackups:`; whether the server archives now is pg-archive's.",
    ),
    restoreInPlace: book.advises(
      "Restore it in the place of a database",
      "destructive",
      ({ dumps }, { params }) => adviseInPlace(dumps?.folders ?? [], params.dumps),
    ),
    repairBase: book.advises(
      "Find out why no whole base backup was made",
      "high",
      "Look at whatever makes it: its timer or cron, its last output, the disk (`df`), the role (REPLICATION, a line `host replication …` in pg_hba.conf, its password in ~/.pgpass), max_wal_senders. Keep the last whole one, and its segments, until there is a new one.",
    ),
    newBase: book.advises(
      "Take a base backup now",
      "low",
      "Into a new folder, at a limited rate, with the room of the whole server: `pg_basebackup -w -D <new folder> -X stream --max-rate=32M`, then `pg_verifybackup <new folder>`. It makes recoverable what comes from now on, and no moment before. As a command that waits for approval: `take-base-backup` of docs/examples/tektra.",
    ),
    repairArchive: book.advises(
      "Look for the missing write-ahead log, and mend what archives",
      "high",
      "A segment may still lie in pg_wal of the server or of a standby, or in another archive (archive_command may name two): copy it, never rename one. pg-archive says whether archiving fails now. Programs that clear an archive (pg_archivecleanup, find -mtime) must go by the oldest base backup that is kept, not by days. What is lost stays lost: take a base backup.",
    ),
    recoverToTime: book.advises("Go back to a point in time", "destructive", adviseRecovery()),
  })
  .findings((find) => [
    find(["dumps", "bases?"], ({ dumps: { folders }, bases }, { params }) =>
      isOfBases(folders, bases?.sets ?? [], params.dumps) ? [] : dumpFindings(folders, params),
    ),
    find(["bases"], ({ bases: { sets } }, { params }) => baseFindings(sets, params)),
  ]);
