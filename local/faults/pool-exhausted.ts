import { fault } from "./fault.ts";
import { connections } from "./rules.ts";

/** The worker's importer leaks a session per unreadable file until the server says 53300 "sorry, too many clients already". */
export const poolExhausted = fault({
  id: "pool-exhausted",
  title: "Leak every database connection",
  description: "A bad import batch leaves its sessions open until nobody else can connect.",
  runbook: "pg-pool-exhausted",
  expects: { finding: "slots-taken", remedy: "terminateIdle" },
  rule: connections,
  break: (shop) => shop.plant({ bug: "leak-sessions", count: 60 }),
  heal: (shop) => shop.closeSessions("shop-importer"),
});
