import { host, runbookOn, z } from "../../src/sdk/index.ts";
import { adviseInPlace, adviseRecovery, dumpFindings, toRestore } from "./dumps.ts";

/** Are the dumps there, new, whole and plausible; and can one be restored. Guides: backup restoration, point in time, move to a larger disk. */
const book = runbookOn(
  "host",
  {
    id: "pg-backups",
    title: "Postgres dumps on a machine",
    covers: ["tektra.backup-restore", "tektra.pitr", "sergas-accounts.move-data-disk"],
    alerts: [
      "BackupMissing",
      "BackupTooOld",
      "PostgresBackupTooOld",
      "PostgresqlBackupMissing",
      "BackupFailed",
    ],
    params: z.object({
      dumps: z.string().max(40).optional().describe("only the dumps of this name"),
      restore: z.boolean().default(false).describe("offer to restore the newest into a database of its own"),
    }),
  },
  () => ({ dumps: host.dumps() }),
);

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
      "In diagbot.yaml, at the host connection of the machine they lie on: `dumps:` with the name of the database, its folder, and how old the newest may be (docs/connectors/host.md). Base backups and WAL are no dumps: pg-archive looks at those.",
    ),
    restoreInPlace: book.advises(
      "Restore it in the place of a database",
      "destructive",
      ({ dumps }, { params }) => adviseInPlace(dumps?.folders ?? [], params.dumps),
    ),
    recoverToTime: book.advises("Go back to a point in time", "destructive", adviseRecovery()),
  })
  .findings((find) => [
    find(["dumps"], ({ dumps: { folders } }, { params }) => dumpFindings(folders, params)),
  ]);
