import {
  clip,
  count,
  type Finding,
  facts,
  postgres,
  runbook,
  type Seen,
  sayBytes,
  sayDuration,
  sayPercent,
  saySeconds,
  table,
  verify,
  z,
} from "../src/sdk.ts";

const params = z.object({
  statementSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe("report statements running for longer than this; empty: the system's threshold"),
  meanMs: z
    .int()
    .min(1)
    .max(600_000)
    .default(1000)
    .describe("report statements whose average is above this, in milliseconds"),
  atMost: z.int().min(1).max(50).default(10).describe("cancel at most this many statements"),
});

type Remedy =
  | "cancelStatements"
  | "runPgLocks"
  | "tune"
  | "addIndexes"
  | "dropInvalid"
  | "analyzeTables"
  | "recover";
type Active = { total: number; statements: postgres.ActiveStatement[] };
type Top = { status: string; slowest: postgres.TopStatement[]; costliest: postgres.TopStatement[] };
type Sees = { active: Seen<Active>; top: Seen<Top>; hints: Seen<postgres.IndexHints> };

/** Statements slow now, statements slow on average, and what is missing for them. Guides: slow queries, database timeouts. */
export const pgSlowQueries = runbook({
  id: "pg-slow-queries",
  title: "Slow Postgres statements",
  needs: ["postgres"],
  covers: [
    "tektra.slow-db-queries",
    "tektra.query-performance",
    "tektra.db-long-running-queries",
    "sergas-agents.slow-queries",
    "sergas-agents.missing-indexes",
    "sergas-accounts.error-db-timeout",
    "sergas-accounts.slow-queries",
    "sergas-accounts.missing-indexes",
    "sergas-accounts.query-optimization",
  ],
  alerts: [
    { alertname: "PostgresSlowQueries" },
    { alertname: "PostgresqlSlowQueries" },
    { alertname: "PostgreSQLSlowQueries" },
    { alertname: "PostgresLongRunningQueries" },
    { alertname: "PostgreSQLQPS" },
    { alertname: "DatabaseSlowQueries" },
  ],
  params,
})
  .diagnose(({ statementSeconds }, { thresholds }) => ({
    active: postgres.activeStatements({ olderThanSeconds: statementSeconds ?? thresholds.statementSeconds }),
    top: postgres.topStatements(),
    hints: postgres.indexHints(),
  }))
  .findings((seen, { params }) => [
    ...cannotAsk(seen),
    ...runningLong(seen),
    ...slowOnAverage(seen, params.meanMs),
    ...missingIndexes(seen),
    ...invalidIndexes(seen),
    ...staleStatistics(seen),
  ])
  .remedies({
    cancelStatements: {
      title: "Cancel the statements that run for long",
      risk: "high",
      do: ({ active }, { params }) => {
        const statements = cancellable(active).slice(0, params.atMost);
        return statements.length === 0
          ? []
          : [
              postgres.cancelStatements({
                statements: statements.map(({ pid, startedAt, queryStartedAt }) => ({
                  pid,
                  startedAt,
                  queryStartedAt,
                })),
              }),
            ];
      },
      verify: verify({
        check: (_seen: Sees, { params, thresholds }) => ({
          active: postgres.activeStatements({
            olderThanSeconds: params.statementSeconds ?? thresholds.statementSeconds,
          }),
        }),
        holds: (after, { active }, { params }) => {
          if (!after.active.ok) return false;
          const left = new Set(after.active.value.statements.map(statementKey));
          return cancellable(active)
            .slice(0, params.atMost)
            .every((statement) => !left.has(statementKey(statement)));
        },
        within: "30s",
      }),
      undo: "none: whoever sent them may send them again",
    },
    runPgLocks: {
      title: "Look at the locks",
      risk: "low",
      advice: ({ active }: Sees) => {
        const by = new Set(active.ok ? active.value.statements.flatMap(({ blockedBy }) => blockedBy) : []);
        return `These statements do not work, they wait for ${[...by].join(", ")}. Run pg-locks: it finds the head of the queue and can end it. Cancelling the waiters does not help.`;
      },
    },
    tune: {
      title: "Make the statement cheaper",
      risk: "low",
      advice: ({ top, hints }: Sees, { params }) => {
        const worst = top.ok
          ? top.value.slowest.filter(({ meanMs }) => meanMs >= params.meanMs)[0]
          : undefined;
        const tables = hints.ok ? hints.value.scanned.map((one) => one.table).slice(0, 3) : [];
        return `Look at the plan without running it: EXPLAIN (GENERIC_PLAN) <statement> on PostgreSQL 16 and later, otherwise EXPLAIN with example values; never EXPLAIN ANALYZE a statement that writes.${worst === undefined ? "" : ` Begin with: ${clip(worst.statement, 200)}`}${tables.length === 0 ? "" : ` Mostly read by sequential scan: ${tables.join(", ")}.`} Select the columns that are needed instead of *, and page with a key instead of OFFSET.`;
      },
    },
    addIndexes: {
      title: "Add the missing index",
      risk: "high",
      advice: ({ hints }: Sees) => {
        const statements = hints.ok
          ? hints.value.foreignKeys.map(({ statement }) => statement).slice(0, 5)
          : [];
        const scanned = hints.ok ? hints.value.scanned.map((one) => one.table).slice(0, 3) : [];
        const build =
          "one at a time, alone (not in a transaction block, not through a transaction pooler), with SET lock_timeout = '5s' and free disk for the index";
        const which =
          statements.length > 0
            ? `Run ${build}: ${statements.join("; ")}.`
            : `Find the columns in the WHERE and JOIN of the slow statements on ${scanned.join(", ")}, then CREATE INDEX CONCURRENTLY ON <table> (<columns>), ${build}.`;
        return `${which} Afterwards look whether it is valid (pg_index.indisvalid): a failed concurrent build leaves an index that only costs.`;
      },
    },
    dropInvalid: {
      title: "Drop the invalid index and build it again",
      risk: "high",
      advice: ({ hints }: Sees) =>
        `${hints.ok ? hints.value.invalid.map(({ statement }) => statement).join("; ") : ""}; each alone, outside a transaction. Then find out why the build failed (duplicates, a deadlock, a cancelled session) before building it again; IF NOT EXISTS would skip it silently.`,
    },
    analyzeTables: {
      title: "Refresh the planner's statistics",
      risk: "low",
      do: ({ hints }) =>
        hints.ok
          ? hints.value.stale.slice(0, 5).map(({ schema, table }) => postgres.analyzeTable({ schema, table }))
          : [],
      verify: verify({
        check: { hints: postgres.indexHints() },
        holds: (after, { hints }: Sees) => {
          if (!after.hints.ok || !hints.ok) return false;
          const left = new Set(after.hints.value.stale.map(({ schema, table }) => `${schema}.${table}`));
          return hints.value.stale.slice(0, 5).every(({ schema, table }) => !left.has(`${schema}.${table}`));
        },
        within: "30s",
      }),
      undo: "none: fresher statistics need no undo",
    },
    recover: {
      title: "Get Postgres back",
      risk: "high",
      advice: (seen: Sees) => postgres.firstFailure(seen)?.advice ?? "",
    },
  });

const statementKey = ({ pid, startedAt, queryStartedAt }: postgres.ActiveStatement) =>
  `${pid}/${startedAt}/${queryStartedAt}`;

/** Statements that do work of their own; those that wait for a lock are pg-locks' matter. */
const cancellable = (active: Seen<Active>) =>
  active.ok
    ? active.value.statements.filter(({ mayCancel, blockedBy }) => mayCancel && blockedBy.length === 0)
    : [];

function cannotAsk(seen: Sees): Finding<Remedy>[] {
  const failure = postgres.firstFailure(seen);
  if (failure === undefined) return [];
  const { id, title, because, error } = failure;
  const evidence = [facts({ code: error.code, detail: error.detail ?? "–" })];
  return [{ id, severity: "critical", title, because, evidence, remedies: ["recover"] }];
}

function runningLong({ active, top }: Sees): Finding<Remedy>[] {
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
      title: `${count(total, "statement")} running for long, the longest for ${sayDuration(longest.seconds * 1000)}`,
      because: `${longest.application} (role ${longest.user}, session ${longest.pid}) ${longest.waitsFor === "" ? "computes on the CPU" : `waits for ${longest.waitsFor}`}.${waiting > 0 ? ` ${waiting} of ${statements.length} wait for locks of other sessions.` : ""}${unknown}`,
      evidence: [
        table(
          ["pid", "application", "role", "running", "waits for", "blocked by", "statement"],
          statements
            .slice(0, 10)
            .map((one) => [
              ...[one.pid, one.application, one.user, sayDuration(one.seconds * 1000), one.waitsFor],
              ...[one.blockedBy.join(", "), clip(one.statement, 120)],
            ]),
        ),
      ],
      remedies: [
        ...(cancellable(active).length > 0 ? (["cancelStatements"] as const) : []),
        ...(waiting > 0 ? (["runPgLocks"] as const) : []),
      ],
    },
  ];
}

function slowOnAverage({ top }: Sees, meanMs: number): Finding<Remedy>[] {
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

function missingIndexes({ hints }: Sees): Finding<Remedy>[] {
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

function invalidIndexes({ hints }: Sees): Finding<Remedy>[] {
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

function staleStatistics({ hints }: Sees): Finding<Remedy>[] {
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
