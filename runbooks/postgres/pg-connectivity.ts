import { count, facts, postgres, runbookOn, sayPercent, saySeconds, z } from "../../src/sdk/index.ts";
import { adviseExporter, measuredAway, POSTGRES_MEASURING } from "../health/measured.ts";
import { adviseReindex, collationFinding } from "./collations.ts";
import { adviseConflicts, conflictFinding } from "./conflicts.ts";
import { indexDamage, tableDamage } from "./damage.ts";
import { adviseLockRoom, lockRoomFinding } from "./lock-room.ts";
import { adviseReadOnly, readOnlyFinding } from "./read-only.ts";
import { adviseSequence, sequenceFinding } from "./sequences.ts";
import { adviseNotify, adviseSlru, notifyFinding, slruFinding } from "./shared-waits.ts";
import { adviseLost, adviseSlots, slotFindings } from "./slots.ts";
import { standbyFindings } from "./standbys.ts";
import { commitFinding, SYNC_AGAIN } from "./synchronous.ts";
import { adviseHolders, adviseVacuum, horizonFindings, longHolders } from "./vacuum.ts";

const LOGIN_MS = 1_500;

/** Can one get in, does it answer, may it write, and what will stop it soon. Guides: database connection, health, WAL. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-connectivity",
    title: "Postgres connectivity",
    covers: [
      "tektra.startup-db-connection",
      "tektra.database-health",
      "tektra.db-connection-test",
      "tektra.db-corruption-check",
      "sergas-accounts.db-connection-failed",
      "sergas-accounts.wal-cleanup",
    ],
    alerts: [
      "PostgresDown",
      "PostgresqlDown",
      "PostgreSQLDown",
      "PostgresUnavailable",
      "DatabaseDown",
      "DatabaseConnectionFailed",
      "PostgresqlRestarted",
      "PostgresqlExporterError",
      "PostgresReplicationLag",
      "PostgresqlReplicationLag",
      "PostgreSQLReplicationLag",
      "PostgresqlHighNumberOfInactiveReplicationSlots",
    ],
    params: z.object({
      standby: z.boolean().default(false).describe("this connection is meant to lead to a standby"),
      latencyMs: z
        .int()
        .min(1)
        .max(10_000)
        .default(200)
        .describe("report when a trivial statement takes longer than this, in milliseconds"),
      lagSeconds: z
        .int()
        .min(1)
        .max(86_400)
        .default(60)
        .describe("report standbys further behind than this, in seconds"),
      retainedGiB: z
        .int()
        .min(1)
        .max(10_000)
        .default(5)
        .describe("report slots that keep back more WAL than this, in GiB"),
    }),
  },
  () => ({
    connection: postgres.checkConnection(),
    state: postgres.serverState(),
    file: postgres.checkTemporaryFile(),
    replication: postgres.replication(),
    usage: postgres.connectionUsage(),
    indexes: postgres.checkIndexes(),
    horizon: postgres.horizon(),
    sequences: postgres.sequences(),
    lockTable: postgres.lockTable(),
    collations: postgres.collations(),
  }),
);

export const pgConnectivity = book
  .remedies({
    findPrimary: book.advises("Write to the primary", "high", ({ state }) =>
      state?.inRecovery
        ? "Find which server is primary (`SELECT pg_is_in_recovery()` is false there). Point the URL at it, best with target_session_attrs=read-write and all hosts in it. Promote this one (pg_promote()) only after the old primary is certainly stopped."
        : state?.isReadOnly === false
          ? "Find out which of the two primaries the applications write to (pg_stat_activity, pg_stat_replication on both), and keep the other from taking writes before anything else. Then build this one anew as a standby (pg_rewind, or pg_basebackup), or correct the URL."
          : state === undefined
            ? ""
            : adviseReadOnly(state),
    ),
    speedUp: book.advises(
      "Find what makes it slow",
      "low",
      "Compare TCP, login and statement times in the finding: slow TCP is the network; slow login is DNS (log_hostname), TLS, authentication (LDAP, PAM) or a machine that can hardly fork; slow statements are load: run pg-slow-queries and pg-locks, and look at CPU and storage waits.",
    ),
    freeWal: book.advises("Release the WAL that is kept back", "destructive", ({ replication }, { params }) =>
      adviseSlots(replication, params.retainedGiB),
    ),
    rebuildConsumer: book.advises(
      "Build the consumer of the lost slot anew",
      "high",
      ({ replication }, { params }) => adviseLost(replication, params.retainedGiB),
    ),
    repairArchiver: book.advises(
      "Repair the archiver",
      "high",
      "Repair archive_command (or archive_library) first: its error is in the server log; test it by hand as the server's user. It goes on by itself from where it stopped. Never delete files in pg_wal: what is not archived is lost for any recovery to a moment.",
    ),
    catchUp: book.advises(
      "Let the standby catch up",
      "low",
      "Look at the standby: its log, storage load and network; a long query there can hold replay back (max_standby_streaming_delay). Do not fail over to it while it is behind: what it has not received would be lost.",
    ),
    receiveAgain: book.advises(
      "Let the standby receive again",
      "high",
      "Read the end of the standby's log: it says why each attempt fails (the primary is away, its pg_hba.conf has no `replication` line for it, a password, max_wal_senders or a slot that is missing: repair that and it goes on by itself; `requested WAL segment has already been removed`: fetch it from the archive with restore_command, or build the standby anew with pg_basebackup; another timeline after a failover: pg_rewind). On the primary pg_stat_replication must show it again. Do not fail over to it before.",
    ),
    spareQueries: book.advises("Let queries on the standby finish", "low", ({ replication }) =>
      adviseConflicts(replication?.conflicts),
    ),
    syncAgain: book.advises("Let commits be confirmed again", "high", SYNC_AGAIN),
    resumeReplay: book.advises(
      "Let replay go on",
      "low",
      "Find out who paused it and why (a check before a promotion, a recovery target); then SELECT pg_wal_replay_resume().",
    ),
    widenSequence: book.advises("Give the sequence room", "high", ({ sequences }) =>
      adviseSequence(sequences?.near ?? []),
    ),
    makeLockRoom: book.advises("Make room in the lock table", "high", ({ lockTable }) =>
      adviseLockRoom(lockTable),
    ),
    emptyNotify: book.advises("End the listener that is behind", "high", ({ lockTable }) =>
      adviseNotify(lockTable?.shared),
    ),
    relieveSlru: book.advises("Take the load from these pages", "low", ({ lockTable }) =>
      adviseSlru(lockTable?.shared),
    ),
    endHolders: book.advises("End what holds vacuum back", "high", ({ horizon }) =>
      adviseHolders(longHolders(horizon)),
    ),
    vacuumNow: book.advises("Vacuum before the numbers run out", "high", ({ horizon }) =>
      adviseVacuum(horizon),
    ),
    saveData: book.advises(
      "Save the data",
      "high",
      "Storage or memory changes data, or a crash has lost what was thought written (fsync off, a disk that lies). Check the newest backup now and keep it, look at the kernel log and the disks, find the damaged relation (server log; amcheck's verify_heapam and bt_index_check), fail over to a healthy standby, restore from backup what is damaged.",
    ),
    rebuildIndexes: book.advises("Rebuild the damaged indexes", "high", ({ indexes }) => {
      const rebuild = (indexes?.damaged ?? [])
        .map(({ index }) => `REINDEX INDEX CONCURRENTLY ${index}`)
        .join("; ");
      return `First find out why: storage errors in the kernel log, a crash with fsync off, or a changed collation (glibc or ICU upgrade: SELECT datname, datcollversion FROM pg_database). Take a backup, run pg_amcheck --heapallindexed over the whole database to see what else is hurt, then, each alone: ${rebuild}. Rows that a damaged unique index let in twice must be removed first; until then queries over these indexes may miss rows.`;
    }),
    reindexText: book.advises("Build the indexes over text anew", "high", ({ collations }) =>
      adviseReindex(collations),
    ),
    runPoolRunbook: book.advises(
      "Free connection slots",
      "low",
      "Run pg-pool-exhausted: it shows which application holds the sessions, and can end those that have been idle for long.",
    ),
    restart: book.advises(
      "Apply pending settings",
      "high",
      "They take effect at the next restart; plan one in a window, without a running backup or long transaction, standbys first.",
    ),
    lookAtExporter: book.advises("Look at what measures it", "low", adviseExporter(POSTGRES_MEASURING)),
  })
  .findings((find) => [
    find(["indexes"], ({ indexes }) => indexDamage(indexes)),
    find(["state"], ({ state }, context) => measuredAway(context, state.uptimeSeconds, POSTGRES_MEASURING)),

    find(["indexes"], ({ indexes }) => tableDamage(indexes.tables)),
    find(["collations"], ({ collations }) => collationFinding(collations)),
    find(["connection"], ({ connection }, { params }) => {
      const { dnsMs, tcpMs, loginMs, pingMedianMs, pingWorstMs } = connection;
      const slow = slowestPart(connection, params.latencyMs);
      if (slow === undefined) return undefined;
      return {
        id: "slow-answers",
        severity: "warning",
        title: `Postgres answers slowly: ${slow.what} takes ${ms(slow.ms)}`,
        because: `Name ${ms(dnsMs)}, TCP ${ms(tcpMs)}, login ${ms(loginMs)}, SELECT 1 ${ms(pingMedianMs)} (worst of ten ${ms(pingWorstMs)}).`,
        evidence: [
          facts({ name: ms(dnsMs), tcp: ms(tcpMs), login: ms(loginMs), "SELECT 1": ms(pingMedianMs) }),
        ],
        remedies: ["speedUp"],
      };
    }),
    find(["state"], ({ state }, { params }) => {
      const { inRecovery } = state;
      if (inRecovery && !params.standby)
        return {
          id: "in-recovery",
          severity: "critical",
          title: "Postgres is a standby: writes fail (25006)",
          because:
            "The server is in recovery. Either the URL leads to a replica, or a failover left this server behind.",
          remedies: ["findPrimary"],
        };
      const readOnly = readOnlyFinding(state);
      if (readOnly !== undefined) return readOnly;
      if (!inRecovery && params.standby)
        return {
          id: "not-a-standby",
          severity: "warning",
          title: "The server meant as a standby is a primary",
          because:
            "It is not in recovery: it was promoted, and may take writes that the other primary does not have.",
          remedies: ["findPrimary"],
        };
      return undefined;
    }),
    find(["horizon"], ({ horizon }) => horizonFindings(horizon)),
    find(["sequences"], ({ sequences }) => sequenceFinding(sequences.near)),
    find(["lockTable"], ({ lockTable }) => lockRoomFinding(lockTable)),
    find(["lockTable"], ({ lockTable }) => notifyFinding(lockTable.shared)),
    find(["lockTable"], ({ lockTable }) => slruFinding(lockTable.shared)),
    find(
      ["state"],
      ({ state: { checksumFailures } }) =>
        checksumFailures > 0 && {
          id: "checksum-failures",
          severity: "critical",
          damage: "data-loss",
          title: `${count(checksumFailures, "page")} failed the checksum`,
          because: "What was read from storage is not what was written.",
          remedies: ["saveData"],
        },
    ),
    find(
      ["state"],
      ({ state: { pendingRestart } }) =>
        pendingRestart.length > 0 && {
          id: "pending-restart",
          severity: "info",
          title: `${count(pendingRestart.length, "setting")} changed but not in effect: ${pendingRestart.slice(0, 5).join(", ")}`,
          because: "The configuration was changed; these settings apply at the next restart only.",
          remedies: ["restart"],
        },
    ),
    find(["replication"], ({ replication }, { params }) => slotFindings(replication, params.retainedGiB)),
    find(["replication"], ({ replication }, { params }) => standbyFindings(replication, params.lagSeconds)),
    find(["replication"], ({ replication: { commits } }) => commitFinding(commits)),
    find(["replication"], ({ replication }) => conflictFinding(replication.conflicts)),
    // Logins still work, but not for long.
    find(
      ["usage"],
      ({ usage: { used, usable, ratio, active, idle, idleInTransaction } }, { thresholds }) =>
        ratio >= thresholds.connections && {
          id: "slots-run-out",
          severity: ratio >= 0.95 ? "critical" : "warning",
          title: `${used} of ${usable} usable Postgres connections are taken (${sayPercent(ratio)})`,
          because: `${idle === null ? "What the sessions do is hidden from the bot's role." : `${idle} of the sessions are idle, ${active} active, ${idleInTransaction} idle in a transaction.`} When all are taken, logins are refused (53300).`,
          remedies: ["runPoolRunbook"],
        },
    ),
  ]);

const ms = (value: number | null) => (value === null ? "–" : saySeconds(value / 1000));

/** The first part of getting an answer that is slow, worst kind first; undefined: none. */
function slowestPart(
  { dnsMs, loginMs, pingMedianMs }: { dnsMs: number | null; loginMs: number; pingMedianMs: number },
  latencyMs: number,
): { what: string; ms: number } | undefined {
  if (pingMedianMs >= latencyMs) return { what: "a trivial statement", ms: pingMedianMs };
  if (loginMs >= LOGIN_MS) return { what: "logging in", ms: loginMs };
  return (dnsMs ?? 0) >= LOGIN_MS ? { what: "resolving the name", ms: dnsMs ?? 0 } : undefined;
}
