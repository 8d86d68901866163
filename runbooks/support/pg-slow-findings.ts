import {
  clip,
  count,
  type Finding,
  type postgres,
  type Seen,
  sayBytes,
  sayDuration,
  sayPercent,
  saySeconds,
  table,
} from "../../src/sdk.ts";

type Remedy =
  | "cancelStatements"
  | "runPgLocks"
  | "keepStatistics"
  | "tune"
  | "addIndexes"
  | "dropInvalid"
  | "analyzeTables"
  | "grantMonitor"
  | "recover";

type Active = { total: number; statements: postgres.ActiveStatement[]; seesAll: boolean };

type Top = {
  status: string;
  preloaded: string;
  slowest: postgres.TopStatement[];
  costliest: postgres.TopStatement[];
};

export type Sees = { active: Seen<Active>; top: Seen<Top>; hints: Seen<postgres.IndexHints> };

export const statementKey = ({ pid, startedAt, queryStartedAt }: postgres.ActiveStatement) =>
  `${pid}/${startedAt}/${queryStartedAt}`;

/** Statements that do work of their own; those that wait for a lock are pg-locks' matter. */
export const cancellable = (active: Seen<Active>) =>
  active.ok
    ? active.value.statements.filter(({ mayCancel, blockedBy }) => mayCancel && blockedBy.length === 0)
    : [];

/** Kinds of wait (Postgres manual, table "Wait Event Types") in the words of the person on call. */
const WAITS: Readonly<Record<string, string>> = {
  Lock: "waits for a lock of another session",
  IO: "reads or writes files",
  LWLock: "contends with other sessions for memory",
  BufferPin: "waits for a page another session holds",
  BufferIO: "reads or writes files",
  IPC: "waits for another process of the server",
  Timeout: "sleeps",
};

function sayWait(waitsFor: string): string {
  const [type = "", event = ""] = waitsFor.split("/");
  if (type === "") return "computes";
  if (event === "ClientWrite") return "is done, but its client does not read the answer";
  if (event === "ClientRead") return "waits for data from its client";
  return WAITS[type] ?? `waits for ${waitsFor}`;
}

export function runningLong({ active, top }: Sees): Finding<Remedy>[] {
  const longest = active.ok ? active.value.statements[0] : undefined;
  if (!active.ok || longest === undefined) return [];
  const { statements, total } = active.value;
  const waiting = statements.filter(({ blockedBy }) => blockedBy.length > 0).length;
  const unknown =
    top.ok && top.value.status !== "ready"
      ? ` pg_stat_statements is ${top.value.status}, so averages are not known.`
      : "";
  return [
    {
      id: "long-running",
      severity: longest.seconds >= 60 || total >= 10 ? "critical" : "warning",
      title: `${count(total, "statement")} running for long, the longest for ${sayDuration(longest.seconds * 1000)}: it ${sayWait(longest.waitsFor)}`,
      because: `${longest.application} (role ${longest.user}, session ${longest.pid}) ${longest.waitsFor === "" ? "computes on the CPU" : `waits for ${longest.waitsFor}`}.${waiting > 0 ? ` ${waiting} of ${statements.length} wait for locks of other sessions.` : ""}${unknown}`,
      evidence: [
        table(
          ["pid", "application", "running", "statement", "blocked by", "waits for", "role"],
          statements
            .slice(0, 10)
            .map((one) => [
              ...[one.pid, one.application, sayDuration(one.seconds * 1000), clip(one.statement, 120)],
              ...[one.blockedBy.join(", "), one.waitsFor, one.user],
            ]),
        ),
      ],
      remedies: [
        ...(cancellable(active).length > 0 ? (["cancelStatements"] as const) : []),
        ...(waiting > 0 ? (["runPgLocks"] as const) : []),
        ...(unknown === "" || waiting === statements.length ? [] : (["keepStatistics"] as const)),
      ],
    },
  ];
}

export function slowOnAverage({ top }: Sees, meanMs: number): Finding<Remedy>[] {
  const slow = top.ok ? top.value.slowest.filter((one) => one.meanMs >= meanMs) : [];
  const worst = slow[0];
  if (!top.ok || worst === undefined) return [];
  return [
    {
      id: "slow-on-average",
      severity: "warning",
      title: `${count(slow.length, "statement")} above ${meanMs} ms on average, the slowest ${saySeconds(worst.meanMs / 1000)} over ${count(worst.calls, "call")}`,
      because: `Since the last reset of pg_stat_statements the slowest took ${sayPercent(worst.share)} of all statements' time and returned ${Math.round(worst.rowsPerCall)} rows a call.`,
      evidence: [
        statementTable("Slowest on average", slow),
        statementTable("Most time in total", top.value.costliest),
      ],
      remedies: ["tune"],
    },
  ];
}

const statementTable = (title: string, statements: readonly postgres.TopStatement[]) =>
  table(
    ["mean", "calls", "share", "statement"],
    statements.map((one) => [
      saySeconds(one.meanMs / 1000),
      one.calls,
      sayPercent(one.share),
      clip(one.statement, 160),
    ]),
    title,
  );

export function missingIndexes({ hints }: Sees): Finding<Remedy>[] {
  if (!hints.ok) return [];
  const { scanned, foreignKeys } = hints.value;
  const findings: Finding<Remedy>[] = [];
  const worst = scanned[0];
  if (worst !== undefined)
    findings.push({
      id: "sequential-scans",
      severity: "warning",
      title: `${worst.table} (${Math.round(worst.rows)} rows) was read whole ${worst.sequentialScans} times`,
      because: `Each scan read ${Math.round(worst.rowsPerScan)} rows; an index was used ${worst.indexScans} times. Counted since the statistics were last reset.`,
      evidence: [
        table(
          ["table", "rows", "size", "sequential scans", "index scans"],
          scanned.map((one) => [
            ...[one.table, Math.round(one.rows), sayBytes(one.bytes), one.sequentialScans, one.indexScans],
          ]),
        ),
      ],
      remedies: ["addIndexes", "tune"],
    });
  if (foreignKeys.length > 0)
    findings.push({
      id: "foreign-keys-without-index",
      severity: "info",
      title: `${count(foreignKeys.length, "foreign key")} of big tables without an index`,
      because: `Deleting or changing a referenced row, and every join over ${foreignKeys[0]?.table}(${foreignKeys[0]?.columns}), scans the whole table.`,
      evidence: [
        table(
          ["table", "columns", "rows"],
          foreignKeys.map((one) => [one.table, one.columns, Math.round(one.rows)]),
        ),
      ],
      remedies: ["addIndexes"],
    });
  return findings;
}

export function invalidIndexes({ hints }: Sees): Finding<Remedy>[] {
  const invalid = hints.ok ? hints.value.invalid : [];
  if (invalid.length === 0) return [];
  return [
    {
      id: "invalid-indexes",
      severity: "warning",
      title: `${count(invalid.length, "invalid index", "invalid indexes")}: ${invalid
        .map(({ index }) => index)
        .slice(0, 3)
        .join(", ")}`,
      because: "A concurrent build failed and left it behind: no query uses it, every write maintains it.",
      remedies: ["dropInvalid"],
    },
  ];
}

export function staleStatistics({ hints }: Sees): Finding<Remedy>[] {
  const stale = hints.ok ? hints.value.stale : [];
  const worst = stale[0];
  if (worst === undefined) return [];
  return [
    {
      id: "stale-statistics",
      severity: "info",
      title: `Planner statistics of ${count(stale.length, "table")} are stale: ${stale
        .map((one) => `${one.schema}.${one.table}`)
        .slice(0, 3)
        .join(", ")}`,
      because: `${worst.changed} rows of ${worst.schema}.${worst.table} (${worst.rows}) changed since it was last analyzed (${worst.lastAnalyze}): the planner may choose wrong plans.`,
      remedies: ["analyzeTables"],
    },
  ];
}
