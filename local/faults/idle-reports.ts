import { fault } from "./fault.ts";
import { connections } from "./rules.ts";

const TOOL = "report-designer";
const WINDOWS = 22;

/** Others may hold more than usual: then fewer windows do. */
function noSlotLeft(error: Error & { code?: string }): undefined {
  if (error.code !== "53300") throw error;
}

/** A reporting tool opens a session per open window and keeps them: over the threshold, but the shop still works. */
export const idleReports = fault({
  id: "idle-reports",
  title: "Leave a reporting tool connected",
  description: "Some twenty forgotten report windows hold a session each; the pool is nearly used up.",
  runbook: "pg-pool-exhausted",
  expects: { finding: "slots-taken", remedy: "terminateIdle" },
  rule: connections,
  break: async (shop) => {
    for (let window = 0; window < WINDOWS; window++) {
      const session = await shop.session(TOOL).catch(noSlotLeft);
      if (session === undefined) return;
      await session.run("SELECT count(*) FROM orders");
    }
  },
  heal: (shop) => shop.closeSessions(TOOL),
});
