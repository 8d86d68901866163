import {
  clip,
  count,
  facts,
  mysql,
  orThreshold,
  rows,
  runbookOn,
  sayPercent,
  saySeconds,
  z,
} from "../../src/sdk/index.ts";
import { ago, sayWho, sessionTable } from "./session-words.ts";

/** What runs for long now, and what takes the time: statements, temporary tables on the disk, pages that are not in memory. */
const book = runbookOn(
  "mysql",
  {
    id: "mysql-slow-queries",
    title: "MySQL slow statements",
    alerts: [
      ...["MysqlSlowQueries", "MySQLSlowQueries", "MysqlLongRunningQueries", "MysqlHighQps"],
      ...["MysqlBufferPoolHitRate", "MysqlTemporaryTablesOnDisk", "MysqlInnodbBufferPoolWaits"],
    ],
    params: z.object({
      seconds: orThreshold(
        "statementSeconds",
        "a statement that runs for longer is slow",
        z.int().min(1).max(86_400),
      ),
      watchSeconds: z.int().min(1).max(30).default(5).describe("watch counters for so long, in seconds"),
    }),
  },
  ({ params }) => ({
    active: mysql.activeStatements({ seconds: params.seconds }),
    top: mysql.topStatements({ seconds: params.watchSeconds }),
    counters: mysql.sample({ seconds: params.watchSeconds }),
  }),
);

/** Below this many reads nothing is said of shares. */
const MANY_PAGES = 10_000;
const MANY_TEMPORARY = 20;

export const mysqlSlowQueries = book
  .remedies({
    endStatement: book.does(
      mysql.killQuery,
      ["active"],
      ({ active }, { now }) => {
        const [first] = endable(active.statements);
        if (first === undefined) return undefined;
        const { id, user, host, statement, queryId, seconds } = first;
        return { id, user, host, statement, queryId, seconds, seenAt: now.toISOString() };
      },
      { title: "End the longest statement" },
    ),
    makeFaster: book.advises(
      "Make the statement cheaper",
      "low",
      ({ active, top }) =>
        `EXPLAIN it (ANALYZE FORMAT=JSON in MariaDB, EXPLAIN ANALYZE in MySQL 8: both run it): type ALL or a large \`rows\` wants an index over what WHERE and JOIN compare, equality before ranges; \`Using temporary; Using filesort\` one that ends with the ORDER BY.${top !== undefined && !top.isCounted ? " So that the server counts statements: performance_schema=ON and a restart; at once: slow_query_log=ON, long_query_time=1." : ""} A net: max_statement_time (MySQL: max_execution_time) for the application's account.${(active?.statements ?? []).some(({ statement }) => /^\s*(?:ALTER|CREATE|OPTIMIZE)/i.test(statement)) ? " A schema change is among them: it takes as long as the table is large; leave it." : ""}`,
    ),
    lookAtLocks: book.advises(
      "Look at the locks",
      "low",
      "Some of them only wait: run mysql-locks, it names who is in the way.",
    ),
    keepInMemory: book.advises(
      "Keep temporary tables in memory",
      "low",
      "Find the statements (GROUP BY, DISTINCT, UNION, ORDER BY over TEXT or BLOB columns, which always go to the disk): select fewer columns, give the grouping an index. tmp_table_size and max_heap_table_size only help together, and each session may take that much.",
    ),
    growPool: book.advises(
      "Give InnoDB more memory, or read less",
      "high",
      "First find who reads so much (the statements below, mysqldump, a new report): a scan of a large table throws out what others need. Otherwise innodb_buffer_pool_size: at once since MySQL 5.7 and MariaDB 10.2 (SET GLOBAL), to at most 70 % of the machine's memory (in a container: of its limit).",
    ),
  })
  .findings((find) => [
    find(["active", "counters?"], ({ active: { statements } }) => {
      const [first] = statements;
      if (first === undefined) return undefined;
      const waits = statements.filter(({ state }) => /^Waiting for/.test(state)).length;
      return {
        id: "slow-now",
        severity: "warning",
        title: `${count(statements.length, "statement")} ${statements.length === 1 ? "runs" : "run"} for long, the longest for ${ago(first.seconds)}`,
        because: `Session ${first.id} (${sayWho(first)}${first.state === "" ? "" : `, ${first.state}`}): ${clip(first.statement, 160)}.${waits > 0 ? ` ${waits} of them wait for a lock.` : ""}`,
        evidence: [sessionTable("", statements)],
        remedies: [
          ...(waits > 0 ? (["lookAtLocks"] as const) : []),
          ...(endable(statements).length > 0 ? (["endStatement"] as const) : []),
          "makeFaster" as const,
        ],
      };
    }),
    find(["top"], ({ top: { statements, seconds } }) => {
      const [first] = statements;
      // One processor's worth of work, or half of one by a single statement's shape.
      if (first === undefined || first.totalMs < seconds * 500) return undefined;
      return {
        id: "dear-statement",
        severity: "warning",
        title: `One statement took ${saySeconds(first.totalMs / 1_000)} of the last ${saySeconds(seconds)}: ${clip(first.statement, 100)}`,
        because: `${count(first.calls, "call")} on ${first.database || "no database"}, ${saySeconds(first.meanMs / 1_000)} each; rows looked at for each one sent: ${first.rowsSent === 0 ? first.rowsExamined : Math.round(first.rowsExamined / first.rowsSent)}.${first.noIndex > 0 ? ` ${first.noIndex} of them used no index.` : ""}`,
        evidence: [
          rows("", statements.slice(0, 10), {
            statement: (one) => clip(one.statement, 100),
            calls: (one) => one.calls,
            total: (one) => saySeconds(one.totalMs / 1_000),
            each: (one) => saySeconds(one.meanMs / 1_000),
            "rows looked at": (one) => one.rowsExamined,
            "no index": (one) => one.noIndex,
          }),
        ],
        remedies: ["makeFaster"],
      };
    }),
    find(["counters"], ({ counters: { grown, seconds, longQuerySeconds } }) => {
      const slow = grown.slow ?? 0;
      return (
        slow > 0 && {
          id: "slow-counted",
          severity: "info",
          title: `${count(slow, "statement")} took longer than long_query_time (${saySeconds(longQuerySeconds ?? 10)}) within ${Math.round(seconds)} s`,
          because: "The server counts them as slow; what they were stands in its slow log, where that is on.",
          remedies: ["makeFaster" as const],
        }
      );
    }),
    find(["counters"], ({ counters: { grown, seconds } }) => {
      const [all, onDisk] = [grown.temporary ?? 0, grown.temporaryOnDisk ?? 0];
      // The looks of diagbot itself make some.
      if (onDisk < MANY_TEMPORARY || onDisk < all * 0.25) return undefined;
      return {
        id: "temporary-on-disk",
        severity: "warning",
        title: `${sayPercent(onDisk / Math.max(1, all))} of the temporary tables go to the disk`,
        because: `${onDisk} of ${all} within ${Math.round(seconds)} s: too large for tmp_table_size, or with columns that never stay in memory.`,
        evidence: [facts({ temporary: all, "on disk": onDisk })],
        remedies: ["keepInMemory"],
      };
    }),
    find(["counters"], ({ counters: { grown, seconds } }) => {
      const [asked, read, waits] = [grown.pageRequests ?? 0, grown.pageReads ?? 0, grown.pageWaits ?? 0];
      const isMissing = asked >= MANY_PAGES && read / asked >= 0.05;
      if (!isMissing && waits === 0) return undefined;
      return {
        id: "pool-misses",
        severity: "warning",
        title: isMissing
          ? `${sayPercent(read / asked)} of the pages InnoDB needs come from the disk`
          : `InnoDB waited ${count(waits, "time")} for a free page`,
        because: `Within ${Math.round(seconds)} s ${asked} pages were asked for and ${read} read. Either the buffer pool is too small for what is in use, or it is still cold after a restart, or something reads through a large table. To tell them apart: the same in ten minutes, and the statements that run.`,
        evidence: [facts({ asked, read, "waited for a free page": waits })],
        remedies: ["growPool"],
      };
    }),
  ]);

/** Those that only read or change rows, wait for nobody, and may be ended. */
const endable = (all: readonly mysql.Session[]): mysql.Session[] =>
  all.filter(
    ({ spared, statement, state }) =>
      spared === null && mysql.isOrdinary(statement) && !/^Waiting for/.test(state),
  );
