import pg from "pg";
import type { LocalSlack } from "../local/slack/local-slack.ts";
import type { Product, Served } from "../test/helpers/product.ts";
import { until } from "../test/helpers/until.ts";

/** A product with a Postgres and, where there is one, a Redis of its own, and what asks it. */
export interface Bench {
  readonly slack: LocalSlack;
  readonly product: Product;
  /** The doors alone; nothing works the runs until `startWorker`. */
  readonly doors: Served;
  startWorker(): Promise<Served>;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  /** Small: to see that it works; its figures say nothing. */
  readonly quick: boolean;
}

/** What a program needs to be a bot of the bench's Slack. */
export const slackEnvironment = ({ slack }: Bench): Record<string, string> => ({
  SLACK_BOT_TOKEN: slack.token,
  SLACK_SIGNING_SECRET: slack.signingSecret,
  SLACK_API_URL: slack.apiUrl,
});

/** Rows of one statement, on a session of its own. */
export async function query<T extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

const GIVE_UP_MS = 300_000;

/** Until no run is open any more. */
export const allEnded = ({ databaseUrl }: Bench): Promise<unknown> =>
  until(async () => {
    const [row] = await query<{ open: number }>(
      databaseUrl,
      "SELECT count(*)::int AS open FROM run WHERE ended_at IS NULL",
    );
    return row?.open === 0;
  }, GIVE_UP_MS);

/** Runs of one runbook, one after the other: milliseconds from the row of each to its end. */
export async function timesOf(bench: Bench, runbook: string, times: number): Promise<number[]> {
  const [last] = await query<{ id: number }>(bench.databaseUrl, "SELECT coalesce(max(id), 0) AS id FROM run");
  for (let n = 0; n < times; n += 1) {
    await bench.slack.command("U0ALICE", "C0OPS", "/diag", `bench ${runbook}`);
    await allEnded(bench);
  }
  const rows = await query<{ ms: number; status: string }>(
    bench.databaseUrl,
    `SELECT 1000 * extract(epoch FROM ended_at - created_at)::float8 AS ms, status FROM run WHERE runbook = $1 AND id > $2`,
    [runbook, last?.id ?? 0],
  );
  if (rows.length !== times || rows.some(({ status }) => status !== "succeeded"))
    throw new Error(`${runbook}: ${rows.map(({ status }) => status).join(", ")} instead of ${times} answers`);
  return rows.map(({ ms }) => ms);
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
