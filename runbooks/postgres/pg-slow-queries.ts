import {
  clip,
  count,
  orThreshold,
  postgres,
  rows,
  runbookOn,
  type StepsOf,
  sayBytes,
  sayDuration,
  sqlText,
  z,
} from "../../src/sdk/index.ts";
import { invalidToDrop, invalidToRebuild, keyToIndex, remediesOfKeys, scanToIndex } from "./index-upkeep.ts";
import { adviseUnfinished, indexFindings } from "./invalid-indexes.ts";
import { adviseBuild, adviseUse, planFindings } from "./plans.ts";
import { slowFindings, slowNow } from "./slow-statements.ts";

/** Statements slow now, statements slow on average, and what is missing for them. Guides: slow queries, database timeouts. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-slow-queries",
    title: "Postgres statement times",
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
      "sergas-accounts.response-db-optimization",
      "sergas-agents.slow-responses",
    ],
    alerts: [
      "PostgresSlowQueries",
      "PostgresqlSlowQueries",
      "PostgreSQLSlowQueries",
      "PostgresLongRunningQueries",
      "PostgreSQLQPS",
      "DatabaseSlowQueries",
    ],
    params: z.object({
      statementSeconds: orThreshold(
        "statementSeconds",
        "report statements running for longer than this",
        z.int().min(1).max(86_400),
      ),
      meanMs: z
        .int()
        .min(1)
        .max(600_000)
        .default(1000)
        .describe("report statements whose average is above this, in milliseconds"),
      atMost: z.int().min(1).max(50).default(10).describe("cancel at most this many statements"),
    }),
  },
  ({ params }) => ({
    active: postgres.activeStatements({ olderThanSeconds: params.statementSeconds }),
    top: postgres.topStatements(),
    hints: postgres.indexHints(),
  }),
).andThen(["top"], ({ top }, { params }) => {
  const ids = worstOf(top, params.meanMs);
  return ids.length === 0 ? {} : { plans: postgres.statementPlans({ ids }) };
});

type Steps = StepsOf<typeof book>;

/** Ids of those whose plans are looked at. */
const worstOf = ({ slowest }: { readonly slowest: readonly postgres.TopStatement[] }, meanMs: number) =>
  slowNow(slowest, meanMs)
    .flatMap(({ id }) => (id ? [id] : []))
    .slice(0, 3);

export const pgSlowQueries = book
  .remedies({
    cancelStatements: book.does(
      postgres.cancelStatements,
      ["active"],
      ({ active }, { params }) => {
        const statements = cancellable(active).slice(0, params.atMost);
        if (statements.length === 0) return undefined;
        return {
          statements: statements.map(({ pid, startedAt, queryStartedAt }) => ({
            ...{ pid, startedAt, queryStartedAt },
          })),
        };
      },
      { title: "Cancel the statements that run for long" },
    ),
    analyzeTables: book.does(
      postgres.analyzeTable,
      ["hints"],
      ({ hints }) => hints.stale.slice(0, 5).map(({ schema, table }) => ({ schema, table })),
      { title: "Refresh the planner's statistics" },
    ),
    runPgLocks: book.advises("Look at the locks", "low", ({ active }) => {
      const by = new Set((active?.statements ?? []).flatMap(({ blockedBy }) => blockedBy));
      return `These statements do not work, they wait for ${[...by].join(", ")}. Run pg-locks: it finds the head of the queue and can end it. Cancelling the waiters does not help.`;
    }),
    tune: book.advises("Make the statement cheaper", "low", ({ top, hints }, { params }) => {
      const worst = slowNow(top?.slowest ?? [], params.meanMs)[0];
      const tables = (hints?.scanned ?? []).map((one) => one.table).slice(0, 3);
      return `Look at the plan without running it: EXPLAIN (GENERIC_PLAN) <statement> on PostgreSQL 16 and later, otherwise EXPLAIN with example values; never EXPLAIN ANALYZE a statement that writes.${worst === undefined ? "" : ` Begin with: ${clip(worst.statement, 200)}`}${tables.length === 0 ? "" : ` Mostly read by sequential scan: ${tables.join(", ")}.`} Select the columns that are needed instead of *, and page with a key instead of OFFSET. A longer client timeout (DATABASE_TIMEOUT) only hides it.`;
    }),
    keepStatistics: book.advises("Keep statistics of statements", "high", ({ top }) => {
      const log =
        "Meanwhile the log can show slow statements of new sessions: ALTER DATABASE <name> SET log_min_duration_statement = 1000, and RESET it afterwards (it logs values; never log_statement = 'all').";
      if (top === undefined) return log;
      if (top.status === "forbidden")
        return `GRANT pg_read_all_stats TO the bot's role, and USAGE on the extension's schema. ${log}`;
      const loaded = top.preloaded.split(/,\s*/).filter((name) => name !== "");
      const preload = [...new Set([...loaded, "pg_stat_statements"])].map(sqlText).join(", ");
      const isLoaded = top.preloaded.includes("pg_stat_statements");
      return `${isLoaded ? "" : `ALTER SYSTEM SET shared_preload_libraries = ${preload} (the whole list, as it is now plus one), then restart Postgres in a window. `}In the database: CREATE EXTENSION pg_stat_statements. ${log}`;
    }),
    addIndexes: book.advises("Add the missing index", "high", ({ hints }) => {
      const statements = (hints?.foreignKeys ?? []).map(({ statement }) => statement).slice(0, 5);
      const scanned = (hints?.scanned ?? []).map((one) => one.table).slice(0, 3);
      const build =
        "one at a time, alone (not in a transaction block, not through a transaction pooler), with SET lock_timeout = '5s' and free disk for the index";
      const which =
        statements.length > 0
          ? `Run ${build}: ${statements.join("; ")}.`
          : `Find the columns in the WHERE and JOIN of the slow statements on ${scanned.join(", ")}, then CREATE INDEX CONCURRENTLY ON <table> (<columns>), ${build}.`;
      return `${which} Afterwards look whether it is valid (pg_index.indisvalid): a failed concurrent build leaves an index that only costs.`;
    }),
    createKeyIndex: book.does(postgres.createIndex, ["hints"], ({ hints }) => keyToIndex(hints), {
      title: "Build the index of the foreign key",
    }),
    createIndex: book.does(postgres.createIndex, ["plans"], ({ plans }) => scanToIndex(plans), {
      title: "Build the index that the slow statement lacks",
    }),
    buildIndex: book.advises("Build the index that the plan lacks", "high", ({ plans }) =>
      adviseBuild(plans),
    ),
    useIndex: book.advises("Let an index find the rows", "low", ({ plans }) => adviseUse(plans)),
    rebuildInvalid: book.does(postgres.reindexIndex, ["hints"], ({ hints }) => invalidToRebuild(hints), {
      title: "Build the invalid index anew",
    }),
    dropInvalid: book.does(postgres.dropIndex, ["hints"], ({ hints }) => invalidToDrop(hints), {
      title: "Drop the invalid index",
    }),
    attachIndexes: book.advises("Finish the index of the partitioned table", "low", ({ hints }) =>
      adviseUnfinished(hints?.invalid ?? []),
    ),
    watchWaits: book.advises(
      "See what its slow calls waited for",
      "low",
      "Its text is not the matter: most calls are fast. Set log_lock_waits = on (reload) and auto_explain or log_min_duration_statement for the application's role, and run pg-locks while it is slow: locks, storage and a cold cache come and go. SELECT pg_stat_statements_reset(userid, dbid, queryid) of that statement lets its mean speak of now again.",
    ),
  })
  .findings((find) => [
    find(["active", "top?"], ({ active: { statements, total }, top }) => {
      const longest = longestOf(statements);
      if (longest === undefined) return undefined;
      const waiting = statements.filter(({ blockedBy }) => blockedBy.length > 0).length;
      const unknown = sayUnknown(top?.status ?? "ready");
      return {
        id: "long-running",
        severity: gravityOf(longest, total),
        title: `${count(total, "statement")} running for long, ${longest === statements[0] ? "the longest" : "the longest that works"} for ${sayDuration(longest.seconds * 1000)}: it ${sayWait(longest.waitsFor)}`,
        because: `${sayLongest(longest)}${waiting > 0 ? ` ${waiting} of ${statements.length} wait for locks of other sessions.` : ""}${unknown}`,
        evidence: [
          rows("", statements, {
            pid: (one) => one.pid,
            application: (one) => one.application,
            running: (one) => sayDuration(one.seconds * 1000),
            statement: (one) => clip(one.statement, 120),
            "blocked by": (one) => one.blockedBy.join(", "),
            "waits for": (one) => one.waitsFor,
            role: (one) => one.user,
          }),
        ],
        remedies: [
          ...(cancellable({ statements }).length > 0 ? (["cancelStatements"] as const) : []),
          ...(waiting > 0 ? (["runPgLocks"] as const) : []),
          ...(unknown === "" || waiting === statements.length ? [] : (["keepStatistics"] as const)),
        ],
      };
    }),
    find(["top", "plans"], ({ top, plans }, { params: { meanMs } }) =>
      plans === undefined ? [] : planFindings(plans, worstOf(top, meanMs)[0]),
    ),
    find(["top"], ({ top }, { params: { meanMs } }) => slowFindings(top, meanMs)),
    find(["hints"], ({ hints: { scanned } }) => {
      const worst = scanned[0];
      if (worst === undefined) return undefined;
      return {
        id: "sequential-scans",
        severity: "warning",
        title: `${worst.table} (${Math.round(worst.rows)} rows) was read whole ${worst.sequentialScans} times`,
        because: `Each scan read ${Math.round(worst.rowsPerScan)} rows; an index was used ${worst.indexScans} times. Counted since the statistics were last reset.`,
        evidence: [
          rows("", scanned, {
            table: (one) => one.table,
            rows: (one) => Math.round(one.rows),
            size: (one) => sayBytes(one.bytes),
            "sequential scans": (one) => one.sequentialScans,
            "index scans": (one) => one.indexScans,
          }),
        ],
        remedies: ["addIndexes", "tune"],
      };
    }),
    find(
      ["hints"],
      ({ hints, hints: { foreignKeys } }) =>
        foreignKeys.length > 0 && {
          id: "foreign-keys-without-index",
          severity: "info",
          title: `${count(foreignKeys.length, "foreign key")} of big tables without an index`,
          because: `Deleting or changing a referenced row, and every join over ${foreignKeys[0]?.table}(${foreignKeys[0]?.columns}), scans the whole table.`,
          evidence: [
            rows("", foreignKeys, {
              table: (one) => one.table,
              columns: (one) => one.columns,
              rows: (one) => Math.round(one.rows),
            }),
          ],
          remedies: remediesOfKeys(hints).map((name) => (name === "indexKeys" ? "addIndexes" : name)),
        },
    ),
    find(["hints"], ({ hints: { invalid } }) => indexFindings(invalid)),
    find(["hints"], ({ hints: { stale } }) => {
      const worst = stale[0];
      if (worst === undefined) return undefined;
      const names = stale.slice(0, 3).map((one) => `${one.schema}.${one.table}`);
      return {
        id: "stale-statistics",
        severity: "info",
        title: `Planner statistics of ${count(stale.length, "table")} are stale: ${names.join(", ")}`,
        because: `${worst.changed} rows of ${worst.schema}.${worst.table} (${worst.rows}) changed since it was last analyzed (${worst.lastAnalyze}): the planner may choose wrong plans.`,
        remedies: ["analyzeTables"],
      };
    }),
  ]);

/** Waits for an advisory lock: that may be all it is there for (the spare of a leader), and pg-locks tells. */
const isClaim = ({ waitsFor }: postgres.ActiveStatement) => waitsFor === "Lock/advisory";

/** They come longest first; one that only waits for its turn says little. */
const longestOf = (statements: readonly postgres.ActiveStatement[]) =>
  statements.find((one) => !isClaim(one)) ?? statements[0];

const gravityOf = (longest: postgres.ActiveStatement, total: number) => {
  if (isClaim(longest)) return "info";
  return longest.seconds >= 60 || total >= 10 ? "critical" : "warning";
};

/** Statements that do work of their own; those that wait for a lock are pg-locks' matter, and a cancelled commit would count as confirmed. */
const cancellable = ({ statements }: Pick<Steps["active"], "statements">) =>
  statements.filter(
    ({ mayCancel, blockedBy, waitsFor }) =>
      mayCancel && blockedBy.length === 0 && !waitsFor.endsWith("/SyncRep"),
  );

const sayLongest = ({ application, user, pid, waitsFor }: postgres.ActiveStatement) =>
  `${application} (role ${user}, session ${pid}) ${waitsFor === "" ? "computes on the CPU" : `waits for ${waitsFor}`}.`;

const sayUnknown = (status: string) =>
  status === "ready" ? "" : ` pg_stat_statements is ${status}, so averages are not known.`;

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
  if (event === "SyncRep") return "is written, and waits for a synchronous standby (pg-connectivity)";
  if (event === "ClientRead") return "waits for data from its client";
  return WAITS[type] ?? `waits for ${waitsFor}`;
}
