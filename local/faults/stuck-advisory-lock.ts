import { fault } from "./fault.ts";
import { lockWaits } from "./rules.ts";

const OLD_WORKER = "stock-count-v1";

/** A worker of the last release still holds the advisory lock of the stock count; it is idle, in no transaction. */
export const stuckAdvisoryLock = fault({
  id: "stuck-advisory-lock",
  title: "Leave an advisory lock behind",
  description: "An old worker keeps pg_advisory_lock(4711) for ever; the stock is no longer counted.",
  runbook: "pg-locks",
  expects: { finding: "blocked-sessions", remedy: "terminateBlockers" },
  rule: lockWaits,
  break: async (shop) => {
    const session = await shop.session(OLD_WORKER);
    await session.run("SELECT pg_advisory_lock(4711)");
  },
  heal: (shop) => shop.closeSessions(OLD_WORKER),
});
