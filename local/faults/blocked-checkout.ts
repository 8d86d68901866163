import { fault } from "./fault.ts";
import { lockWaits } from "./rules.ts";

const CONSOLE = "admin-console";

/** An administrator corrected the stock by hand and went to lunch before COMMIT: every checkout waits for those rows. */
export const blockedCheckout = fault({
  id: "blocked-checkout",
  title: "Block the checkout with an open transaction",
  description: "A forgotten BEGIN; UPDATE products … holds row locks; customers cannot buy.",
  runbook: "pg-locks",
  expects: { finding: "blocked-sessions", remedy: "terminateBlockers" },
  rule: lockWaits,
  break: async (shop) => {
    const session = await shop.session(CONSOLE);
    await session.run("BEGIN");
    await session.run("UPDATE products SET stock = stock + 1");
  },
  heal: (shop) => shop.closeSessions(CONSOLE),
});
