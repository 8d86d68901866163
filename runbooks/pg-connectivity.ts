import {
  count,
  type Finding,
  facts,
  postgres,
  runbook,
  type Seen,
  sayBytes,
  sayDuration,
  saySeconds,
  table,
  z,
} from "../src/sdk.ts";

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

type Remedy =
  | "recover"
  | "findPrimary"
  | "speedUp"
  | "freeWal"
  | "catchUp"
  | "vacuumNow"
  | "saveData"
  | "restart";
type Dialled = {
  dnsMs: number | null;
  tcpMs: number | null;
  loginMs: number;
  pingMedianMs: number;
  pingWorstMs: number;
};
type Sees = {
  connection: Seen<Dialled>;
  state: Seen<postgres.ServerState>;
  file: Seen<{ rows: number }>;
  replication: Seen<postgres.Replication>;
};

/** Below this many transactions the server begins to warn, 40 million is its own limit; then it stops taking writes. */
const TRANSACTIONS_LEFT = 200_000_000;
const GIB = 1024 ** 3;
const LOGIN_MS = 1_500;

/** Can one get in, does it answer, may it write, and what will stop it soon. Guides: database connection, health, WAL. */
export const pgConnectivity = runbook({
  id: "pg-connectivity",
  title: "Postgres reachable and able to work",
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
  }))
  .findings((seen, { params }) => [
    ...cannotWork(seen),
    ...answersSlowly(seen, params.latencyMs),
    ...readOnly(seen, params.standby),
    ...soonStopped(seen),
    ...walKeptBack(seen, params.retainedGiB),
    ...behind(seen, params.lagSeconds),
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
    restart: {
      title: "Apply pending settings",
      risk: "high",
      advice:
        "They take effect at the next restart; plan one in a window, without a running backup or long transaction, standbys first.",
    },
  });

function cannotWork(seen: Sees): Finding<Remedy>[] {
  const failure = postgres.firstFailure(seen);
  if (failure === undefined) return [];
  const { id, title, because, error } = failure;
  const reached = seen.connection.ok ? { login: saySeconds(seen.connection.value.loginMs / 1000) } : {};
  return [
    {
      id,
      severity: "critical",
      title,
      because,
      evidence: [facts({ code: error.code, detail: error.detail ?? "–", ...reached })],
      remedies: ["recover"],
    },
  ];
}

function answersSlowly({ connection }: Sees, latencyMs: number): Finding<Remedy>[] {
  if (!connection.ok) return [];
  const { dnsMs, tcpMs, loginMs, pingMedianMs, pingWorstMs } = connection.value;
  if (pingMedianMs < latencyMs && loginMs < LOGIN_MS && (dnsMs ?? 0) < LOGIN_MS) return [];
  const ms = (value: number | null) => (value === null ? "–" : saySeconds(value / 1000));
  const slowest =
    pingMedianMs >= latencyMs
      ? "a trivial statement"
      : loginMs >= LOGIN_MS
        ? "logging in"
        : "resolving the name";
  const figure = pingMedianMs >= latencyMs ? pingMedianMs : loginMs >= LOGIN_MS ? loginMs : (dnsMs ?? 0);
  return [
    {
      id: "slow-answers",
      severity: "warning",
      title: `Postgres answers slowly: ${slowest} takes ${ms(figure)}`,
      because: `Name ${ms(dnsMs)}, TCP ${ms(tcpMs)}, login ${ms(loginMs)}, SELECT 1 ${ms(pingMedianMs)} (worst of ten ${ms(pingWorstMs)}).`,
      evidence: [
        facts({ name: ms(dnsMs), tcp: ms(tcpMs), login: ms(loginMs), "SELECT 1": ms(pingMedianMs) }),
      ],
      remedies: ["speedUp"],
    },
  ];
}

function readOnly({ state }: Sees, isStandby: boolean): Finding<Remedy>[] {
  if (!state.ok) return [];
  const { inRecovery, isReadOnly } = state.value;
  if (inRecovery && !isStandby)
    return [
      {
        id: "in-recovery",
        severity: "critical",
        title: "Postgres is a standby: writes fail (25006)",
        because:
          "The server is in recovery. Either the URL leads to a replica, or a failover left this server behind.",
        remedies: ["findPrimary"],
      },
    ];
  if (!inRecovery && isReadOnly)
    return [
      {
        id: "read-only",
        severity: "critical",
        title: "Postgres transactions are read-only by default: writes fail (25006)",
        because: "default_transaction_read_only is on, although the server is a primary.",
        remedies: ["findPrimary"],
      },
    ];
  if (!inRecovery && isStandby)
    return [
      {
        id: "not-a-standby",
        severity: "warning",
        title: "The server meant as a standby is a primary",
        because:
          "It is not in recovery: it was promoted, and may take writes that the other primary does not have.",
        remedies: ["findPrimary"],
      },
    ];
  return [];
}

function soonStopped({ state }: Sees): Finding<Remedy>[] {
  if (!state.ok) return [];
  const { transactionsLeft, oldestDatabase, checksumFailures, pendingRestart } = state.value;
  const findings: Finding<Remedy>[] = [];
  if (transactionsLeft < TRANSACTIONS_LEFT)
    findings.push({
      id: "wraparound",
      severity: "critical",
      title: `${Math.round(transactionsLeft / 1e6)} million transactions left before Postgres stops taking writes`,
      because: `Database ${oldestDatabase} has not been frozen for too long: autovacuum cannot keep up or is held back.`,
      remedies: ["vacuumNow"],
    });
  if (checksumFailures > 0)
    findings.push({
      id: "checksum-failures",
      severity: "critical",
      title: `${count(checksumFailures, "page")} failed the checksum`,
      because: "What was read from storage is not what was written.",
      remedies: ["saveData"],
    });
  if (pendingRestart.length > 0)
    findings.push({
      id: "pending-restart",
      severity: "info",
      title: `${count(pendingRestart.length, "setting")} changed but not in effect: ${pendingRestart.slice(0, 5).join(", ")}`,
      because: "The configuration was changed; these settings apply at the next restart only.",
      remedies: ["restart"],
    });
  return findings;
}

const keptBack = ({ slots }: postgres.Replication, gib: number) =>
  slots.filter(
    ({ retainedBytes, walStatus, kind }) =>
      kind !== "" && ((retainedBytes ?? 0) >= gib * GIB || ["unreserved", "lost"].includes(walStatus)),
  );

function walKeptBack({ replication }: Sees, gib: number): Finding<Remedy>[] {
  if (!replication.ok) return [];
  const { archiver, slots } = replication.value;
  const held = keptBack(replication.value, gib);
  const idle = slots.filter(({ active, name }) => !active && !held.some((slot) => slot.name === name));
  const findings: Finding<Remedy>[] = [];
  if (held.length > 0)
    findings.push({
      id: "slots-keep-wal",
      severity: held.some(({ walStatus }) => walStatus === "lost") ? "critical" : "warning",
      title: `Replication ${held.length === 1 ? "slot" : "slots"} ${held.map(({ name }) => name).join(", ")} ${held.length === 1 ? "keeps" : "keep"} back ${sayBytes(Math.max(...held.map(({ retainedBytes }) => retainedBytes ?? 0)))} of WAL`,
      because: `WAL cannot be removed until the consumer has read it; the disk fills${held.some(({ walStatus }) => walStatus === "lost") ? ", and a slot marked lost can never catch up" : ""}.`,
      evidence: [slotTable(held)],
      remedies: ["freeWal"],
    });
  if (idle.length > 0)
    findings.push({
      id: "inactive-slots",
      severity: "info",
      title: `${count(idle.length, "replication slot")} without a consumer: ${idle
        .map(({ name }) => name)
        .slice(0, 5)
        .join(", ")}`,
      because: "Nobody reads from it, so the WAL it keeps back only grows.",
      evidence: [slotTable(idle)],
      remedies: ["freeWal"],
    });
  if (archiver.mode !== "off" && archiver.isFailing)
    findings.push({
      id: "archiver-failing",
      severity: "critical",
      title: `WAL archiving fails (${count(archiver.failedCount, "failure")})`,
      because: `The last attempt (${archiver.lastFailedWal}) failed and none succeeded since: pg_wal grows, and there is no recovery to a later moment.`,
      remedies: ["freeWal"],
    });
  return findings;
}

const slotTable = (slots: postgres.Replication["slots"]) =>
  table(
    ["slot", "kind", "active", "kept back", "state"],
    slots.map((one) => [
      ...[one.name, one.kind, one.active ? "yes" : "no"],
      ...[one.retainedBytes === null ? "–" : sayBytes(one.retainedBytes), one.walStatus],
    ]),
  );

function behind({ replication }: Sees, lagSeconds: number): Finding<Remedy>[] {
  if (!replication.ok) return [];
  const { standbys, replayDelaySeconds } = replication.value;
  const late = standbys.filter((standby) => (standby.lagSeconds ?? 0) >= lagSeconds);
  const findings: Finding<Remedy>[] = [];
  if (late.length > 0)
    findings.push({
      id: "standbys-behind",
      severity: "warning",
      title: `${count(late.length, "standby", "standbys")} behind, the furthest by ${sayDuration(Math.max(...late.map((one) => one.lagSeconds ?? 0)) * 1000)}`,
      because:
        "Reads from a standby are stale by that much, and a failover would lose what it has not received.",
      evidence: [
        table(
          ["standby", "address", "state", "behind", "bytes"],
          late.map((one) => [
            ...[one.name, one.address, one.state, sayDuration((one.lagSeconds ?? 0) * 1000)],
            one.lagBytes === null ? "–" : sayBytes(one.lagBytes),
          ]),
        ),
      ],
      remedies: ["catchUp"],
    });
  if ((replayDelaySeconds ?? 0) >= lagSeconds)
    findings.push({
      id: "replay-behind",
      severity: "warning",
      title: `This standby is ${sayDuration((replayDelaySeconds ?? 0) * 1000)} behind`,
      because: "WAL has arrived that it has not replayed yet, or replay has stopped.",
      remedies: ["catchUp"],
    });
  return findings;
}
