import { postgres, runbook, z } from "../src/sdk.ts";
import {
  answersSlowly,
  behind,
  cannotWork,
  damaged,
  keptBack,
  readOnly,
  type Sees,
  slotsRunOut,
  soonStopped,
  walKeptBack,
} from "./support/pg-connectivity-findings.ts";

const params = z.object({
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
});

/** Can one get in, does it answer, may it write, and what will stop it soon. Guides: database connection, health, WAL. */
export const pgConnectivity = runbook({
  id: "pg-connectivity",
  title: "Postgres connectivity",
  needs: ["postgres"],
  covers: [
    "tektra.startup-db-connection",
    "tektra.database-health",
    "tektra.db-connection-test",
    "tektra.db-corruption-check",
    "sergas-accounts.db-connection-failed",
    "sergas-accounts.wal-cleanup",
  ],
  alerts: [
    { alertname: "PostgresDown" },
    { alertname: "PostgresqlDown" },
    { alertname: "PostgreSQLDown" },
    { alertname: "PostgresUnavailable" },
    { alertname: "DatabaseDown" },
    { alertname: "DatabaseConnectionFailed" },
    { alertname: "PostgresqlRestarted" },
    { alertname: "PostgresqlExporterError" },
    { alertname: "PostgresReplicationLag" },
    { alertname: "PostgresqlReplicationLag" },
    { alertname: "PostgreSQLReplicationLag" },
    { alertname: "PostgresqlHighNumberOfInactiveReplicationSlots" },
  ],
  params,
})
  .diagnose(() => ({
    connection: postgres.checkConnection(),
    state: postgres.serverState(),
    file: postgres.checkTemporaryFile(),
    replication: postgres.replication(),
    usage: postgres.connectionUsage(),
    indexes: postgres.checkIndexes(),
  }))
  .findings((seen, { params, thresholds }) => [
    ...cannotWork(seen),
    ...damaged(seen),
    ...answersSlowly(seen, params.latencyMs),
    ...readOnly(seen, params.standby),
    ...soonStopped(seen),
    ...walKeptBack(seen, params.retainedGiB),
    ...behind(seen, params.lagSeconds),
    ...slotsRunOut(seen, thresholds.connections),
  ])
  .remedies({
    recover: {
      title: "Get Postgres back",
      risk: "high",
      advice: (seen: Sees) => postgres.firstFailure(seen)?.advice ?? "",
    },
    findPrimary: {
      title: "Write to the primary",
      risk: "high",
      advice: ({ state }: Sees) =>
        state.ok && state.value.inRecovery
          ? "Find which server is primary (`SELECT pg_is_in_recovery()` is false there). Point the URL at it, best with target_session_attrs=read-write and all hosts in it. Promote this one (pg_promote()) only after the old primary is certainly stopped."
          : "Somebody set default_transaction_read_only: see `SELECT * FROM pg_settings WHERE name = 'default_transaction_read_only'` (and pg_db_role_setting), often left over from a migration or set by a cloud provider on a full disk. Then ALTER SYSTEM / ROLE / DATABASE ... RESET default_transaction_read_only, SELECT pg_reload_conf().",
    },
    speedUp: {
      title: "Find what makes it slow",
      risk: "low",
      advice:
        "Compare TCP, login and statement times in the finding: slow TCP is the network; slow login is DNS (log_hostname), TLS, authentication (LDAP, PAM) or a machine that can hardly fork; slow statements are load: run pg-slow-queries and pg-locks, and look at CPU and storage waits.",
    },
    freeWal: {
      title: "Release the WAL that is kept back",
      risk: "destructive",
      advice: ({ replication }: Sees, { params }) => {
        const slots = replication.ok ? keptBack(replication.value, params.retainedGiB) : [];
        const drops = slots
          .filter(({ active }) => !active)
          .map(({ name }) => `SELECT pg_drop_replication_slot('${name.replaceAll("'", "''")}')`);
        const archiver = replication.ok && replication.value.archiver.isFailing;
        return [
          archiver
            ? "Repair archive_command first (its error is in the server log; test it by hand as the server's user)."
            : "",
          drops.length > 0
            ? `Bring the consumer of the slot back. Only if it is gone for good: ${drops.join("; ")} — that consumer must then be built anew.`
            : "",
          "CHECKPOINT and pg_switch_wal free nothing that a slot or the archiver still needs; never delete files in pg_wal. max_slot_wal_keep_size limits this for the future.",
        ]
          .filter((sentence) => sentence !== "")
          .join(" ");
      },
    },
    catchUp: {
      title: "Let the standby catch up",
      risk: "low",
      advice:
        "Look at the standby: its log, storage load and network; a long query there can hold replay back (max_standby_streaming_delay). Do not fail over to it while it is behind: what it has not received would be lost.",
    },
    vacuumNow: {
      title: "Vacuum before the transaction numbers run out",
      risk: "high",
      advice: ({ state }: Sees) =>
        `In database ${state.ok ? state.value.oldestDatabase : "of the finding"}: end what holds vacuum back (old transactions, prepared ones, abandoned slots: pg-locks), then VACUUM (FREEZE, VERBOSE) the tables with the oldest relfrozenxid: SELECT oid::regclass, age(relfrozenxid) FROM pg_class WHERE relkind IN ('r','m','t') ORDER BY 2 DESC LIMIT 10. No VACUUM FULL, no restart.`,
    },
    saveData: {
      title: "Save the data",
      risk: "high",
      advice:
        "Checksums that do not match mean that storage or memory changes data. Check the newest backup now and keep it, look at the kernel log and the disks, find the damaged relation (server log; amcheck's verify_heapam and bt_index_check), fail over to a healthy standby, restore from backup what is damaged.",
    },
    rebuildIndexes: {
      title: "Rebuild the damaged indexes",
      risk: "high",
      advice: ({ indexes }: Sees) => {
        const damaged = indexes.ok ? indexes.value.damaged : [];
        const rebuild = damaged.map(({ index }) => `REINDEX INDEX CONCURRENTLY ${index}`).join("; ");
        return `First find out why: storage errors in the kernel log, a crash with fsync off, or a changed collation (glibc or ICU upgrade: SELECT datname, datcollversion FROM pg_database). Take a backup, run pg_amcheck --heapallindexed over the whole database to see what else is hurt, then, each alone: ${rebuild}. Rows that a damaged unique index let in twice must be removed first; until then queries over these indexes may miss rows.`;
      },
    },
    runPoolRunbook: {
      title: "Free connection slots",
      risk: "low",
      advice:
        "Run pg-pool-exhausted: it shows which application holds the sessions, and can end those that have been idle for long.",
    },
    restart: {
      title: "Apply pending settings",
      risk: "high",
      advice:
        "They take effect at the next restart; plan one in a window, without a running backup or long transaction, standbys first.",
    },
  });
