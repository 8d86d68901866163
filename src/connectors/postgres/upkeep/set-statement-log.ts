import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Preview,
  type WriteContext,
} from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { refused } from "../../before-effect.ts";
import type { PostgresClient } from "../client.ts";
import { SETTING, type StatementLog, statementLog, statementLogNow } from "./statement-log.ts";

const { write } = actionsOn<PostgresClient>("postgres");

const milliseconds = z.int().min(-1).max(86_400_000).nullable();
const Input = z.object({
  /** Of a statement, from which on it is logged; null: what the server says. */
  milliseconds,
  /** What the database has now; null: nothing of its own. */
  from: milliseconds,
  /** Taking it back: this was in force before, so the least does not apply to it. */
  restores: z.boolean().default(false),
});
type Input = z.infer<typeof Input>;

/** Below it a busy server logs more than its disk may take, and more than anybody reads (trap pg-log-all). */
const LEAST_MS = 100;

const look = (client: PostgresClient, context: ActionContext): Promise<StatementLog> =>
  client.read(context, statementLogNow);

const say = (value: number | null): string => (value === null ? "what the server says" : `${value} ms`);

/** Literals of two numbers that were checked; the name is quoted by the server. */
const statementOf = (database: string, { milliseconds: ms }: Input): string =>
  `ALTER DATABASE ${database} ${ms === null ? `RESET ${SETTING}` : `SET ${SETTING} = ${ms}`}`;

function refusalOf(log: StatementLog, { milliseconds: ms, from, restores }: Input): string | undefined {
  if (log.inRecovery) return "this is a standby: it is set on its primary";
  if (!restores && (ms === null || ms < LEAST_MS))
    return `from less than ${LEAST_MS} ms on a busy server fills its disk with them`;
  if (log.ofDatabase !== from) return `it is ${say(log.ofDatabase)} by now, not ${say(from)}`;
  if (!log.maySet)
    return `the bot's role may not: it has to own the database, and GRANT SET ON PARAMETER ${SETTING} TO it (PG 15), or be a superuser`;
  return undefined;
}

/**
 * ALTER DATABASE … SET log_min_duration_statement: slow statements of new sessions go to the server's log, with their values. Never
 * log_statement. Undo brings back what the database had, so it is meant to be in force for a time. tektra.db-query-logging,
 * sergas-accounts.slow-queries; traps pg-log-all, pg-alter-system-txn, pg-alter-db-new-sessions.
 */
export const setStatementLog = write({
  name: "postgres.set-statement-log",
  title: "Log slow statements of this database",
  class: "cas",
  risk: "low",
  input: Input,
  output: z.object({ milliseconds, before: milliseconds }),
  target: () => SETTING,
  preview: async (client, input, context): Promise<Preview> => {
    const log = await look(client, context);
    const witness = { ofDatabase: log.ofDatabase };
    if (log.ofDatabase === input.milliseconds)
      return { changes: [], witness, nothingToDo: `it is ${say(log.ofDatabase)} already` };
    const roles = log.ofRoles.map(({ role, value }) => `${role} ${value}`).join(", ");
    const changes = [
      `log statements from ${say(input.milliseconds)} on (now ${say(log.ofDatabase)}): ALTER DATABASE, new sessions of ${log.database} only; those of a pool keep the old value until they connect again`,
      `the log holds values of statements; it goes to ${log.destination ?? "where the bot's role may not see"}`,
      ...(roles === "" ? [] : [`roles with a value of their own keep it: ${roles}`]),
    ];
    const why = refusalOf(log, input);
    return { changes, witness, ...(why === undefined ? {} : { refused: why }) };
  },
  run: (client, input, context) => set(client, input, context),
  probe: async (client, { milliseconds: wanted, from }, _witness, context) => {
    const { ofDatabase } = await look(client, context);
    const verdict = ofDatabase === wanted ? "done" : ofDatabase === from ? "not-done" : "unknown";
    return { verdict, evidence: `it is ${say(ofDatabase)} now; it was ${say(from)}` };
  },
  undo: ({ milliseconds: wanted, from }) => ({
    action: "postgres.set-statement-log",
    input: { milliseconds: from, from: wanted, restores: true },
  }),
  leaves: "what was logged stays in the log; sessions that began meanwhile log on until they end",
  says: ({ milliseconds: wanted }, { before }) => `statements logged from ${say(before)} → ${say(wanted)}`,
  settled: {
    check: () => ({ log: statementLog() }),
    holds: ({ log }, { milliseconds: wanted }) => log.ofDatabase === wanted,
    figures: ({ log }, { from }) => `statements logged from ${say(from)} → ${say(log.ofDatabase)}`,
  },
});

async function set(client: PostgresClient, input: Input, context: WriteContext) {
  const budgetMs = Math.min(5_000, context.remainingMs() - 500);
  if (budgetMs < 500) throw refused("too little time is left for it");
  const { name, log } = await client.read(context, async (sql) => {
    const [own] = await sql<{ name: string }>("SELECT quote_ident(current_database()) AS name");
    return { name: own?.name, log: await statementLogNow(sql) };
  });
  const why = log.ofDatabase === input.milliseconds ? undefined : refusalOf(log, input);
  if (name === undefined || why !== undefined) throw refused(why ?? "the database has no name");
  await client.act(context, budgetMs, statementOf(name, input), []).catch((thrown: unknown) => {
    // It stands in a transaction, which was rolled back: 42501, or a lock that was waited for.
    if (thrown instanceof DiagError && ["42501", "55P03"].includes(thrown.detail ?? ""))
      throw refused(thrown.message, thrown.detail, thrown);
    throw thrown;
  });
  return { milliseconds: input.milliseconds, before: log.ofDatabase };
}
