import {
  count,
  type Finding,
  facts,
  postgres,
  type Seen,
  sayBytes,
  sayDuration,
  sayPercent,
  saySeconds,
  table,
} from "../../src/sdk.ts";

type Remedy =
  | "recover"
  | "findPrimary"
  | "speedUp"
  | "freeWal"
  | "catchUp"
  | "vacuumNow"
  | "saveData"
  | "rebuildIndexes"
  | "runPoolRunbook"
  | "restart";

type Dialled = {
  dnsMs: number | null;
  tcpMs: number | null;
  loginMs: number;
  pingMedianMs: number;
  pingWorstMs: number;
};

export type Sees = {
  connection: Seen<Dialled>;
  state: Seen<postgres.ServerState>;
  file: Seen<{ rows: number }>;
  replication: Seen<postgres.Replication>;
  usage: Seen<postgres.ConnectionUsage>;
  indexes: Seen<postgres.Integrity>;
};

/** Below this many transactions the server begins to warn, 40 million is its own limit; then it stops taking writes. */
const TRANSACTIONS_LEFT = 200_000_000;
const GIB = 1024 ** 3;
const LOGIN_MS = 1_500;

export function cannotWork(seen: Sees): Finding<Remedy>[] {
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

export function damaged({ indexes }: Sees): Finding<Remedy>[] {
  if (!indexes.ok || indexes.value.damaged.length === 0) return [];
  const { damaged, checked, total } = indexes.value;
  return [
    {
      id: "damaged-indexes",
      severity: "critical",
      title: `${count(damaged.length, "damaged index", "damaged indexes")}: ${damaged
        .map(({ index }) => index)
        .slice(0, 3)
        .join(", ")}`,
      because: `amcheck looked at ${checked} of ${total} B-trees up to 64 MB. Queries over a damaged index return too few rows, and unique ones let duplicates in.`,
      evidence: [
        table(
          ["index", "table", "error"],
          damaged.map(({ index, table: of, error }) => [index, of, error]),
        ),
      ],
      remedies: ["rebuildIndexes"],
    },
  ];
}

/** Logins still work, but not for long. */
export function slotsRunOut({ usage }: Sees, threshold: number): Finding<Remedy>[] {
  if (!usage.ok || usage.value.ratio < threshold) return [];
  const { used, usable, ratio, active, idle, idleInTransaction } = usage.value;
  return [
    {
      id: "slots-run-out",
      severity: ratio >= 0.95 ? "critical" : "warning",
      title: `${used} of ${usable} usable Postgres connections are taken (${sayPercent(ratio)})`,
      because: `${idle} of the sessions are idle, ${active} active, ${idleInTransaction} idle in a transaction. When all are taken, logins are refused (53300).`,
      remedies: ["runPoolRunbook"],
    },
  ];
}

export function answersSlowly({ connection }: Sees, latencyMs: number): Finding<Remedy>[] {
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

export function readOnly({ state }: Sees, isStandby: boolean): Finding<Remedy>[] {
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

export function soonStopped({ state }: Sees): Finding<Remedy>[] {
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

export const keptBack = ({ slots }: postgres.Replication, gib: number) =>
  slots.filter(
    ({ retainedBytes, walStatus, kind }) =>
      kind !== "" && ((retainedBytes ?? 0) >= gib * GIB || ["unreserved", "lost"].includes(walStatus)),
  );

export function walKeptBack({ replication }: Sees, gib: number): Finding<Remedy>[] {
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

export function behind({ replication }: Sees, lagSeconds: number): Finding<Remedy>[] {
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
