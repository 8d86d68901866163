import { afterAll, afterEach, beforeAll } from "vitest";
import type { Notification } from "../../../src/core/words/alert.ts";
import { locksOf } from "../../../src/store/alert/alert-locks.ts";
import { instancesOf } from "../../../src/store/alert/alert-news.ts";
import { type Client, openPool, type Pool } from "../../../src/store/pool.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { deliverTo } from "./alert-fixtures.ts";

export interface AlertsRig {
  readonly pool: Pool;
  /** Delivers through one intake of its own. */
  readonly deliver: ReturnType<typeof deliverTo>;
  /** A delivery that stands still in the middle, as one does whose process was stopped; until the end of the test. */
  standsStill(held: Notification): Promise<Client>;
}

/** To be called once per test file: a database for the file, and whoever stands still in it for a test. */
export function alertsRig(label: string): AlertsRig {
  let database: FreshDatabase;
  let pool: Pool;
  let deliver: AlertsRig["deliver"];
  let holder: Client | undefined;
  beforeAll(async () => {
    database = await freshDatabase(label);
    pool = openPool(database.url);
    deliver = deliverTo(pool);
  });
  afterEach(async () => {
    await holder?.query("ROLLBACK");
    holder?.release();
    holder = undefined;
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  return {
    get pool() {
      return pool;
    },
    deliver: (...delivery) => deliver(...delivery),
    standsStill: async ({ groupKey, alerts }) => {
      holder = await pool.connect();
      // Longer than a statement of the others may take.
      await holder.query("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0");
      await holder.query(locksOf({ groupKey, instances: instancesOf(alerts) }));
      return holder;
    },
  };
}
