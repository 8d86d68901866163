import type pg from "pg";
import type { ActionContext } from "../../core/words/action.ts";

const NAME = "diagbot_plan";

/**
 * The generic plan of one statement that somebody else wrote, as EXPLAIN says it in JSON; the statement does not run. PREPARE
 * takes one SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES and nothing else, sent by the protocol that takes one statement
 * only, in a READ ONLY transaction that is rolled back. `path` is the search_path of whoever runs it. What Postgres may evaluate
 * while it plans is for the caller to judge (`plan-gate.ts`).
 */
export async function explain(
  session: pg.PoolClient,
  { timeoutMs }: Pick<ActionContext, "timeoutMs">,
  { path, statement }: { readonly path: string; readonly statement: string },
): Promise<unknown> {
  const ms = Math.max(100, Math.floor(timeoutMs));
  await session.query(
    `BEGIN READ ONLY; SET LOCAL statement_timeout = ${ms}; SET LOCAL lock_timeout = 500; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL jit = off`,
  );
  await session.query("SELECT set_config('search_path', $1, true)", [path]);
  await session.query("SAVEPOINT diagbot");
  let isPrepared = false;
  try {
    await session.query({
      text: `PREPARE ${NAME} AS ${statement}`,
      queryMode: "extended",
    } as pg.QueryConfig);
    isPrepared = true;
    const { rows } = await session.query(
      `SELECT cardinality(parameter_types) AS n FROM pg_catalog.pg_prepared_statements WHERE name = '${NAME}'`,
    );
    const none = Array.from({ length: Number(rows[0]?.n ?? 0) }, () => "NULL").join(", ");
    const plan = await session.query(
      `EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE ${NAME}${none === "" ? "" : `(${none})`}`,
    );
    return plan.rows[0]?.["QUERY PLAN"];
  } finally {
    // A prepared statement outlives its transaction; behind a pooler only here it is surely the same session.
    await session.query(`ROLLBACK TO SAVEPOINT diagbot; ${isPrepared ? `DEALLOCATE ${NAME}; ` : ""}ROLLBACK`);
  }
}
