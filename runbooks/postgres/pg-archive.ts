import { count, type Finding, facts, postgres, runbookOn, sayDuration, z } from "../../src/sdk/index.ts";

/** Is WAL archived, so that the database can be restored to a moment. Where it is not meant to be, there is nothing to say. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-archive",
    title: "Postgres archiving of WAL",
    covers: ["sergas-accounts.wal-cleanup", "tektra.pitr"],
    alerts: ["PostgresqlArchiverFailing", "PostgresArchiveFailing", "PostgresqlWalArchiveFailing"],
    params: z.object({
      waitingMinutes: z
        .int()
        .min(1)
        .max(100_000)
        .default(15)
        .describe("report WAL that has waited to be archived for longer than this, in minutes"),
    }),
  },
  () => ({ archive: postgres.archive() }),
);

type Archive = postgres.Archive;
const say = (seconds: number | null) =>
  seconds === null ? "never since the counters began" : `${sayDuration(Math.round(seconds) * 1000)} ago`;

const factsOf = (one: Archive) =>
  facts({
    "last archived": say(one.archivedSeconds),
    "last failure": one.failedSeconds === null ? "none" : say(one.failedSeconds),
    "segments waiting": one.waiting === null ? "not known" : one.waiting.segments,
    "last base backup seen":
      one.backupSeconds === null
        ? "not known (Postgres keeps no record; ask pgBackRest, Barman, WAL-G or the provider)"
        : say(one.backupSeconds),
  });

/** A failure that no success has followed. */
const isFailing = ({ failedSeconds, archivedSeconds }: Archive): boolean =>
  failedSeconds !== null && (archivedSeconds === null || archivedSeconds > failedSeconds);

/** The archiver tries three times, waits for a minute, and begins anew: what lasts no longer than this may be over with the next try. */
const PASSING_SECONDS = 120;

/** Whether it has failed for longer than a moment. Where what waits is not seen, only a success just before tells. */
const isLasting = ({ waiting, archivedSeconds }: Archive): boolean =>
  waiting === null
    ? archivedSeconds === null || archivedSeconds > PASSING_SECONDS
    : (waiting.seconds ?? 0) > PASSING_SECONDS;

/** What is wrong with the archive; nothing where none is meant to be. Pure. */
export function archiveFindings(
  one: Archive,
  waitingMinutes: number,
): Finding<"repair" | "set" | "speedUp">[] {
  // On a standby only `always` archives.
  if (one.mode === "off" || (one.inRecovery && one.mode !== "always")) return [];
  const { waiting } = one;
  const waits =
    waiting === null || waiting.segments === 0
      ? ""
      : ` ${count(waiting.segments, "segment waits", "segments wait")}, the oldest for ${sayDuration(Math.round(waiting.seconds ?? 0) * 1000)}; pg_wal grows until they are archived.`;
  if (one.isSet === false)
    return [
      {
        id: "archive-not-set",
        severity: "warning",
        title: "archive_mode is on, but nothing says how to archive: WAL piles up in pg_wal",
        because: `Neither archive_command nor archive_library is set.${waits}`,
        evidence: [factsOf(one)],
        remedies: ["set"],
      },
    ];
  if (one.discards === true)
    return [
      {
        id: "archive-discards",
        severity: "info",
        title: "Archiving is on, and its command keeps nothing: there is no archive",
        because:
          "archive_command answers success for every segment and does nothing with it, so all counters look well. Often that is meant (archive_mode wants a restart, the command does not). A restore reaches back to a base backup and its own WAL, not to any moment after it.",
        evidence: [factsOf(one)],
        remedies: ["set"],
      },
    ];
  if (isFailing(one) && !isLasting(one))
    return [
      {
        id: "archiver-failing",
        severity: "info",
        title: `Archiving of WAL failed ${say(one.failedSeconds)} (${one.lastFailedWal}), and is tried again within a minute`,
        because: `The last success was ${say(one.archivedSeconds)}. A target that was away for a moment looks the same as one that stays away: look again in two minutes.${waits}`,
        evidence: [factsOf(one)],
        remedies: ["repair"],
      },
    ];
  if (isFailing(one))
    return [
      {
        id: "archiver-failing",
        severity: "critical",
        title: `WAL is not archived: the last success was ${say(one.archivedSeconds)}, the last failure ${say(one.failedSeconds)} (${one.lastFailedWal})`,
        because: `It tries again and again (${one.failedCount} failures since the counters began), and cannot be restored to any moment after the last success.${waits}`,
        evidence: [factsOf(one)],
        remedies: ["repair"],
        explains: ["archiver-behind"],
      },
    ];
  if (waiting === null || (waiting.seconds ?? 0) < waitingMinutes * 60) return [];
  return [
    {
      id: "archiver-behind",
      severity: "warning",
      title: `Archiving is behind: ${count(waiting.segments, "segment waits", "segments wait")}, the oldest for ${sayDuration(Math.round(waiting.seconds ?? 0) * 1000)}`,
      because: `Nothing fails, the last segment was archived ${say(one.archivedSeconds)}: the command is slower than WAL is written, or it hangs.`,
      evidence: [factsOf(one)],
      remedies: ["speedUp"],
    },
  ];
}

export const pgArchive = book
  .remedies({
    repair: book.advises(
      "Repair what archives",
      "high",
      "The error of archive_command (or archive_library) is in the server log: a full or unreachable target, credentials, a file that is there already with other contents. Run it by hand as the server's user. It goes on by itself from where it stopped. Never delete files in pg_wal or archive_status, and take a base backup where segments are lost.",
    ),
    set: book.advises(
      "Say how to archive, or that nothing is to be",
      "high",
      "Set archive_command (pgbackrest archive-push, wal-g wal-push, barman-wal-archive) with ALTER SYSTEM and SELECT pg_reload_conf(). If nothing is to be archived, archive_command = '/bin/true' lets WAL go at once, and archive_mode = off at the next restart.",
    ),
    speedUp: book.advises(
      "Let archiving keep up",
      "low",
      "See in pg_stat_activity (backend_type = 'archiver') and ps whether its command hangs. Archive several segments at once (archive-async of pgBackRest, WAL-G's upload concurrency), and look at the network to the target.",
    ),
  })
  .findings((find) => [
    find(["archive"], ({ archive }, { params }) => archiveFindings(archive, params.waitingMinutes)),
  ]);
