import { fault } from "./fault.ts";
import { slowStatements } from "./rules.ts";

const REPORT = "monthly-report";

/** Somebody forgot the join condition: 20,000 × 20,000 rows, computed by one backend at full speed. */
export const runawayReport = fault({
  id: "runaway-report",
  title: "Start a runaway report",
  description: "A report without a join condition burns a processor core for hours.",
  runbook: "pg-slow-queries",
  expects: { finding: "long-running", remedy: "cancelStatements" },
  rule: slowStatements,
  break: async (shop) => {
    const session = await shop.session(REPORT);
    await session.run("SET max_parallel_workers_per_gather = 0");
    session.begin(
      "SELECT a.customer, count(*), max(md5(a.note || b.note)) FROM orders a, orders b GROUP BY a.customer",
    );
  },
  heal: (shop) => shop.closeSessions(REPORT),
});
