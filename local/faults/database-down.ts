import { fault } from "./fault.ts";
import { down } from "./refusal.ts";

/** The server ends, as after a failed upgrade: everything the shop does needs it. */
export const databaseDown = fault({
  id: "database-down",
  title: "Stop the database",
  description: "The shop's Postgres is stopped: nobody can look, buy or log in.",
  runbook: "pg-connectivity",
  expects: { finding: "refused", remedy: "recover", advice: true },
  rule: down(
    {
      alertname: "PostgresDown",
      labels: { instance: "shop-database" },
      summary: "The shop's database is down",
    },
    (shop) => shop.databaseUrl,
  ),
  break: (shop) => shop.services.database.stop(),
  heal: (shop) => shop.services.database.start(),
});
