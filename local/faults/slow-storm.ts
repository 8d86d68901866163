import { fault } from "./fault.ts";
import { slowStatements } from "./rules.ts";

const DASHBOARD = "price-dashboard";
const VIEWERS = 6;

/** Every viewer of a dashboard asks the supplier's slow price function for every order. */
export const slowStorm = fault({
  id: "slow-storm",
  title: "Release a storm of slow queries",
  description: "Six dashboards ask for prices row by row; each statement runs for minutes.",
  runbook: "pg-slow-queries",
  expects: { finding: "long-running", remedy: "cancelStatements" },
  rule: slowStatements,
  break: async (shop) => {
    const viewers = await Promise.all(Array.from({ length: VIEWERS }, () => shop.session(DASHBOARD)));
    // All at once: those that began later would not count as slow yet when the others do.
    for (const viewer of viewers)
      viewer.begin("SELECT customer, sum(supplier_price(product)) FROM orders GROUP BY customer");
  },
  heal: (shop) => shop.closeSessions(DASHBOARD),
});
