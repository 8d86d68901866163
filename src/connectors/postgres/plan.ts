import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { toDiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { PostgresClient } from "./client.ts";
import { maskStatement } from "./mask.ts";
import { type Candidate, candidates } from "./plan-gate.ts";
import { type Scan, scansOf, termsOf } from "./plan-scans.ts";
import { adviseIndex, plannedTable } from "./plan-tables.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Whole = z.object({
  table: z.string(),
  /** The partitioned table it belongs to; null: it is no partition. */
  root: z.string().nullable(),
  /** As of the last vacuum or analyze. */
  rows: z.number(),
  bytes: z.number(),
  /** What it filters by, literals masked. */
  filter: z.string(),
  /** Of the index that would find the rows, quoted by the server; of a `wrapped` filter: what it is about. */
  columns: z.array(z.string()),
  /** Share of the rows that pass on average, by the planner's statistics; null: not known. */
  share: z.number().nullable(),
  /** An index that begins with one of the columns. */
  existing: z.string().nullable(),
  /**
   * `missing`: no index begins with them; `existing`: one does; `invalid`, `partial`: one does that cannot serve; `unselective`:
   * so many rows pass that no index helps; `wrapped`: the columns stand in a function, a cast or a pattern.
   */
  why: z.enum(["missing", "existing", "unselective", "wrapped", "invalid", "partial"]),
});
export type WholeScan = z.infer<typeof Whole>;

const Plan = z.object({
  id: z.string(),
  /** Literals are masked. */
  statement: z.string(),
  /** In the planner's units. */
  cost: z.number(),
  /** Large tables that it reads whole, the largest first, at most 5. */
  scans: z.array(Whole).max(5),
});
export type StatementPlan = z.infer<typeof Plan>;

const Plans = z.object({ plans: z.array(Plan).max(3), notSeen });
export type Plans = z.infer<typeof Plans>;

/**
 * How Postgres would carry out statements of pg_stat_statements, without running them: the generic plan, which does not know
 * the values. Where it reads a large table whole, which index would spare that, or why one that is there does not. Not planned is
 * what is no single SELECT, INSERT, UPDATE or DELETE, and where planning could evaluate a function of an ordinary role. Needs the
 * rights that running it needs. tektra.query-performance; trap pg-explain-analyze.
 */
export const statementPlans = read({
  name: "postgres.statement-plans",
  title: "Plans of the slowest statements, without running them",
  timeoutSeconds: 15,
  input: z.object({
    /** queryid of pg_stat_statements. */
    ids: z.array(z.string().regex(/^-?\d{1,20}$/)).max(3),
    /** Smaller tables are read whole for good reason. */
    minimumRows: z.int().min(0).max(1_000_000_000).default(10_000),
  }),
  output: Plans,
  run: async (client, { ids, minimumRows }, context) => {
    const known = await client.read(context, async (sql) => {
      const [extension] = await sql<{ schema: string }>(
        `SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
         WHERE e.extname = 'pg_stat_statements'`,
      );
      return extension === undefined ? [] : candidates(sql, extension.schema, ids);
    });
    const plans: StatementPlan[] = [];
    const missed: NotSeen[] = [];
    for (const one of known) {
      const planned = one.refused === "" ? await planOf(client, context, one, minimumRows) : one.refused;
      if (typeof planned === "string") missed.push(unseen(one, planned));
      else plans.push(planned);
    }
    return { plans, notSeen: missed };
  },
});

const EXPLAIN_MS = 2_000;

/** The plan, or why there is none. */
async function planOf(
  client: PostgresClient,
  context: ActionContext,
  candidate: Candidate,
  minimumRows: number,
): Promise<StatementPlan | string> {
  let explained: unknown;
  try {
    explained = await client.explain(context, EXPLAIN_MS, candidate);
  } catch (thrown) {
    if (context.signal.aborted) throw thrown;
    return clip(toDiagError(thrown).message, 300);
  }
  const plan = scansOf(explained);
  if (plan === undefined) return "the answer is no plan";
  const scans: WholeScan[] = [];
  for (const scan of plan.scans.slice(0, 50)) {
    const whole = await client.read(context, (sql) => wholeOf(sql, scan, minimumRows));
    const isKnown = scans.some(
      (one) => (one.root ?? one.table) === (whole?.root ?? whole?.table) && one.filter === whole?.filter,
    );
    if (whole !== undefined && !isKnown) scans.push(whole);
  }
  return {
    id: candidate.id,
    statement: maskStatement(candidate.statement),
    cost: plan.cost,
    scans: scans.sort((a, b) => b.rows - a.rows).slice(0, 5),
  };
}

async function wholeOf(
  sql: Parameters<typeof plannedTable>[0],
  { schema, table, alias, filter }: Scan,
  minimumRows: number,
): Promise<WholeScan | undefined> {
  const found = await plannedTable(sql, schema, table);
  if (found === undefined || found.rows < minimumRows) return undefined;
  const advised = adviseIndex(termsOf(filter, alias, found.columns), found);
  if (advised === undefined) return undefined;
  const { table: name, root, rows, bytes } = found;
  // The alias of a partition carries a number that says nothing: `messages_1`.
  const said = maskStatement(filter.replaceAll(`${alias}.`, ""));
  return { table: name, root, rows, bytes, filter: said, ...advised };
}

const unseen = ({ statement }: Candidate, why: string): NotSeen => ({
  what: `the plan of ${maskStatement(statement, 120)}`,
  why: `it was not planned: ${why}`,
  // What is in a schema without USAGE does not exist for the role.
  fix: /permission denied|does not exist/.test(why)
    ? "EXPLAIN asks for the rights that running it needs: GRANT USAGE ON its SCHEMA and SELECT (for what writes, the right to write) on its tables TO the bot's role; or explain it by hand as its role"
    : "explain it by hand as the role that runs it: EXPLAIN (GENERIC_PLAN) on PostgreSQL 16 and later",
});
