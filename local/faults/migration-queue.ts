import { fault } from "./fault.ts";
import { lockWaits } from "./rules.ts";

const ANALYTICS = "analytics";
const MIGRATION = "migration";

/** ALTER TABLE waits for a long transaction that once read the table, and everybody else queues behind ALTER TABLE. */
export const migrationQueue = fault({
  id: "migration-queue",
  title: "Run a migration behind a long transaction",
  description: "ALTER TABLE orders waits for an analyst's transaction, and the whole shop waits behind it.",
  runbook: "pg-locks",
  expects: { finding: "blocked-sessions", remedy: "terminateBlockers" },
  rule: lockWaits,
  break: async (shop) => {
    const analyst = await shop.session(ANALYTICS);
    await analyst.run("BEGIN");
    await analyst.run("SELECT count(*) FROM orders");
    const migration = await shop.session(MIGRATION);
    migration.begin("ALTER TABLE orders ADD COLUMN IF NOT EXISTS gift boolean");
  },
  heal: async (shop) => {
    await shop.closeSessions(MIGRATION);
    await shop.closeSessions(ANALYTICS);
  },
});
