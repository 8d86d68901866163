import { postgres, runbookOn, z } from "../../src/sdk/index.ts";

/** Slow statements into the server's log, for a time. Guides: query analysis, slow database queries. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-query-logging",
    title: "Postgres log of slow statements",
    covers: ["tektra.db-query-logging", "sergas-accounts.slow-queries"],
    params: z.object({
      milliseconds: z
        .int()
        .min(100)
        .max(600_000)
        .default(1000)
        .describe("log statements that take at least this, in milliseconds"),
    }),
  },
  () => ({ log: postgres.statementLog() }),
);

const MANY = ["all", "mod"];
const isOff = (ms: number) => ms < 0;

/** What a new session of the database has; undefined: not known. */
const ownOf = ({ ofDatabase, ofServer }: postgres.StatementLog): number | undefined =>
  ofDatabase ?? ofServer ?? undefined;

export const pgQueryLogging = book
  .remedies({
    logStatements: book.does(
      postgres.setStatementLog,
      ["log"],
      ({ log }, { params }) => ({ milliseconds: params.milliseconds, from: log.ofDatabase }),
      { inForce: "30m" },
    ),
    logLess: book.advises(
      "Log no statement whole",
      "low",
      ({ log }) =>
        `ALTER SYSTEM RESET log_statement (alone, outside a transaction), or for the database or role where it is set (\\drds in psql); then SELECT pg_reload_conf(). Ask first who needs it: an audit may (better done by pgaudit).${log !== undefined && log.ofDatabase === 0 ? " And ALTER DATABASE … RESET log_min_duration_statement." : ""} What is in the log already holds values: treat the files as the data itself.`,
    ),
  })
  .findings((find) => [
    find(
      ["log"],
      ({ log }) =>
        (MANY.includes(log.logStatement) || ownOf(log) === 0) && {
          id: "logs-everything",
          severity: "warning",
          title: `The server logs ${ownOf(log) === 0 ? "every statement, with its time" : log.logStatement === "all" ? "every statement" : "every statement that changes something"}`,
          because: `log_statement is ${log.logStatement}${ownOf(log) === 0 ? " and log_min_duration_statement is 0" : ""} for the bot's own session at least: each is a line with its values (tokens, addresses), written before its answer, and the disk fills with them.`,
          remedies: ["logLess"],
        },
    ),
    find(["log"], ({ log }, { params: { milliseconds } }) => {
      const own = ownOf(log);
      if (own !== undefined && !isOff(own) && own <= milliseconds) return undefined;
      const now = own === undefined ? "is not known" : isOff(own) ? "is off" : `begins at ${own} ms`;
      return {
        id: "not-logged",
        severity: "info",
        title: `Statements of ${milliseconds} ms and more are not all logged: the log of slow statements ${now}`,
        because: `That is a setting, no fault. pg_stat_statements (pg-slow-queries) names slow statements without their values; the log shows the single calls, with values.${log.ofRoles.length === 0 ? "" : ` Some roles have a value of their own: ${log.ofRoles.map(({ role, value }) => `${role} ${value}`).join(", ")}.`}`,
        remedies: ["logStatements"],
      };
    }),
  ]);
