// Damage that tests and the lab do to a private Postgres. The orders are a table `orders (id int PRIMARY KEY, status text)`.
import type { LabPostgres } from "../postgres.ts";
import { until } from "../until.ts";

/** Makes the orders anew, as the application's. */
export async function makeOrders(lab: LabPostgres): Promise<void> {
  const app = await lab.session("setup");
  await app.query("DROP TABLE IF EXISTS orders");
  await app.query("CREATE TABLE orders (id int PRIMARY KEY, status text)");
  await app.query("INSERT INTO orders SELECT i, 'new' FROM generate_series(1, 10) i");
}

/** Resolves once so many sessions wait for a lock. */
export const lockWaiters = (lab: LabPostgres, n: number) =>
  until(async () => {
    const [row] = await lab.admin<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
    );
    return row?.n === n;
  });

/** Resolves once every lock that is waited for was waited for so long. */
export const waitedFor = (lab: LabPostgres, seconds: number) =>
  until(async () => {
    const [row] = await lab.admin<{ old: boolean }>(
      `SELECT bool_and(clock_timestamp() - waitstart > '${seconds}s') AS old FROM pg_locks WHERE NOT granted`,
    );
    return row?.old;
  });

/** A session holds a row of the orders, a migration waits for it, and a reader for the migration. */
export async function blockOrders(lab: LabPostgres, holder = "orders-worker", url = lab.appUrl) {
  const head = await lab.session(holder, url);
  await head.query("BEGIN");
  await head.query("UPDATE orders SET status = 'secret-literal' WHERE id = 1");
  const alter = await lab.session("migration-tool");
  const altered = ended(alter.query("ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text"));
  await lockWaiters(lab, 1);
  const reader = await lab.session("web");
  const read = ended(reader.query("SELECT count(*) FROM orders"));
  await lockWaiters(lab, 2);
  return { head, altered, read };
}

/** "done", or why not. */
const ended = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: Error) => error.message,
  );

/** Opens sessions until the server has no slot left; resolves with how many there are. Throws any other error. */
export async function fillSlots(lab: LabPostgres, application: string): Promise<number> {
  for (let n = 0; ; n++) {
    try {
      await (await lab.session(application)).query("SELECT 1");
    } catch (error) {
      if ((error as { code?: string }).code === "53300") return n;
      throw error;
    }
  }
}

/** Resolves once a session of the application has been at one statement for so long. */
export const busyFor = (lab: LabPostgres, application: string, seconds = 0.3) =>
  until(async () => {
    const [row] = await lab.admin<{ old: boolean }>(
      `SELECT bool_or(now() - query_start > '${seconds}s' AND state = 'active') AS old FROM pg_stat_activity WHERE application_name = $1`,
      [application],
    );
    return row?.old;
  });
