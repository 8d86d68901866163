import { z } from "zod";
import { actionsOn, type Preview, type WriteContext } from "../../../core/words/action.ts";
import { sayDuration } from "../../../core/words/duration.ts";
import { sayBytes } from "../../../core/words/format.ts";
import { refused } from "../../before-effect.ts";
import type { PostgresClient } from "../client.ts";
import { ended } from "./ended.ts";
import { tableName } from "./names.ts";
import { type TableFacts, tableFacts, tooLarge, unfit } from "./table-facts.ts";
import { tableState } from "./table-state.ts";

const { write } = actionsOn<PostgresClient>("postgres");

const Input = z.object({
  table: tableName,
  /** Freezes whatever it may, for a table whose numbers are old. */
  freeze: z.boolean().default(false),
});

const statementOf = (name: string, freeze: boolean): string =>
  `VACUUM (${freeze ? "FREEZE, " : ""}ANALYZE) ${name}`;

/** Four times the pace of autovacuum by default: others have the storage first (catalogue guard "cost-limited"). */
const PACE = { vacuum_cost_delay: "2", vacuum_cost_limit: "800" };
const LOCK_MS = 5_000;

const refusalOf = (facts: TableFacts, freeze: boolean): string | undefined => {
  const { name, mayMaintain, isVacuumed } = facts;
  const why = unfit(facts, "VACUUM");
  if (why !== undefined) return why;
  // Without the right VACUUM only warns and does nothing.
  if (!mayMaintain)
    return `the bot's role owns neither ${name} nor the database: GRANT its owner TO the bot's role, on PG 17 and later MAINTAIN on the table is enough`;
  if (isVacuumed) return `a vacuum is at ${name} already`;
  return tooLarge(facts.vacuumBytes, `what a vacuum of ${name} reads`, statementOf(name, freeze));
};

const look = (client: PostgresClient, table: string, context: Parameters<PostgresClient["read"]>[0]) =>
  client.read(context, (sql) => tableFacts(sql, table));

const vacuumsOf = (witness: unknown): number => (witness as { vacuums?: number } | null)?.vacuums ?? 0;

/**
 * VACUUM (ANALYZE) of one table: takes dead rows away and refreshes the planner's statistics. It blocks no reader or writer; it
 * gives up where it waits for a lock for 5 s. Interrupted, it has done a part and harmed nothing. Tables that take longer than a
 * minute by their size are refused. tektra.db-maintenance, sergas-accounts.table-bloat; traps pg-alter-system-txn,
 * pg-size-not-bloat.
 */
export const vacuumTable = write({
  name: "postgres.vacuum-table",
  title: "Vacuum and analyze a table",
  class: "cas",
  risk: "low",
  timeoutSeconds: 60,
  input: Input,
  output: z.object({ table: z.string(), deadBefore: z.number(), vacuumsBefore: z.number() }),
  target: ({ table }) => `table/${table}`,
  preview: async (client, { table, freeze }, context): Promise<Preview> => {
    const facts = await look(client, table, context);
    if (facts === undefined)
      return { changes: [], witness: { vacuums: 0 }, nothingToDo: `${table} does not exist any more` };
    const { name, rows, dead, vacuums, vacuumBytes, vacuumedSeconds } = facts;
    const last = vacuumedSeconds === null ? "never" : `${sayDuration(vacuumedSeconds * 1000)} ago`;
    const changes = [
      `${statementOf(name, freeze)}: ${Math.round(dead)} of ${Math.round(rows)} rows are dead, last vacuum ${last}, about ${sayBytes(vacuumBytes)} to read; what an older transaction may still see stays`,
    ];
    const why = refusalOf(facts, freeze);
    return { changes, witness: { vacuums }, ...(why === undefined ? {} : { refused: why }) };
  },
  drift: () => [],
  run: (client, input, context) => vacuum(client, input, context),
  probe: async (client, { table }, witness, context) => {
    const facts = await look(client, table, context);
    const before = vacuumsOf(witness);
    const evidence = `${table} was vacuumed ${facts?.vacuums ?? 0} times by hand, ${before} before`;
    if (facts?.isVacuumed === true)
      return { verdict: "unknown", evidence: `a vacuum is at ${table} now; ${evidence}` };
    return { verdict: (facts?.vacuums ?? 0) > before ? "done" : "not-done", evidence };
  },
  undo: "none: dead rows and older statistics need no undo",
  settled: {
    check: ({ table }) => ({ state: tableState({ table }) }),
    holds: ({ state: { table } }, _input, { vacuumsBefore }) =>
      table !== null && table.vacuums > vacuumsBefore,
    figures: ({ state: { table } }, _input, { deadBefore }) =>
      table === null ? "" : `dead rows ${Math.round(deadBefore)} → ${Math.round(table.dead)}`,
  },
});

async function vacuum(
  client: PostgresClient,
  { table, freeze }: z.infer<typeof Input>,
  context: WriteContext,
) {
  if (context.remainingMs() < 2_000) throw refused("too little time is left for it");
  const facts = await look(client, table, context);
  const why = facts === undefined ? `${table} does not exist any more` : refusalOf(facts, freeze);
  if (facts === undefined || why !== undefined) throw refused(why ?? "");
  // A name cannot be a bind parameter: it is the server's own quoting of what it found under the bound name.
  const statement = statementOf(facts.name, freeze);
  await client
    .alone(context, { statement, lockMs: LOCK_MS, reserveMs: 0, settings: PACE })
    .catch(
      ended(
        `the vacuum of ${facts.name} did not get through; what it had cleaned is clean, and it harmed nothing`,
      ),
    );
  return { table: facts.name, deadBefore: facts.dead, vacuumsBefore: facts.vacuums };
}
