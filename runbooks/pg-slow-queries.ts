import { clip, postgres, runbook, verify, z } from "../src/sdk.ts";
import {
  cancellable,
  invalidIndexes,
  missingIndexes,
  runningLong,
  type Sees,
  slowOnAverage,
  staleStatistics,
  statementKey,
} from "./support/pg-slow-findings.ts";
import { cannotAskPostgres, cannotSeeSessions, grantMonitor } from "./support/pg-trouble.ts";

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

/** Statements slow now, statements slow on average, and what is missing for them. Guides: slow queries, database timeouts. */
export const pgSlowQueries = runbook({
  id: "pg-slow-queries",
  title: "Postgres statement times",
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
    ...cannotAskPostgres(seen),
    ...runningLong(seen),
    ...slowOnAverage(seen, params.meanMs),
    ...missingIndexes(seen),
    ...invalidIndexes(seen),
    ...staleStatistics(seen),
    ...cannotSeeSessions(!seen.active.ok || seen.active.value.seesAll),
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
    grantMonitor,
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
        return `Look at the plan without running it: EXPLAIN (GENERIC_PLAN) <statement> on PostgreSQL 16 and later, otherwise EXPLAIN with example values; never EXPLAIN ANALYZE a statement that writes.${worst === undefined ? "" : ` Begin with: ${clip(worst.statement, 200)}`}${tables.length === 0 ? "" : ` Mostly read by sequential scan: ${tables.join(", ")}.`} Select the columns that are needed instead of *, and page with a key instead of OFFSET. A longer client timeout (DATABASE_TIMEOUT) only hides it.`;
      },
    },
    keepStatistics: {
      title: "Keep statistics of statements",
      risk: "high",
      advice: ({ top }: Sees) => {
        const log =
          "Meanwhile the log can show slow statements of new sessions: ALTER DATABASE <name> SET log_min_duration_statement = 1000, and RESET it afterwards (it logs values; never log_statement = 'all').";
        if (!top.ok) return log;
        if (top.value.status === "forbidden")
          return `GRANT pg_read_all_stats TO the bot's role, and USAGE on the extension's schema. ${log}`;
        const list = [
          ...top.value.preloaded.split(/,\s*/).filter((name) => name !== ""),
          "pg_stat_statements",
        ];
        const preload = [...new Set(list)].map((name) => `'${name.replaceAll("'", "''")}'`).join(", ");
        const isLoaded = top.value.preloaded.includes("pg_stat_statements");
        return `${isLoaded ? "" : `ALTER SYSTEM SET shared_preload_libraries = ${preload} (the whole list, as it is now plus one), then restart Postgres in a window. `}In the database: CREATE EXTENSION pg_stat_statements. ${log}`;
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
