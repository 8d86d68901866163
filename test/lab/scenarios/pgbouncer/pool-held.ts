import { startPgbouncer } from "../../../helpers/pgbouncer.ts";
import { until } from "../../../helpers/until.ts";
import { scenario } from "../../words.ts";

export const poolHeld = scenario({
  id: "pgbouncer/pool-held",
  items: ["sergas-agents.pool-exhausted", "sergas-agents.error-db-connections"],
  needs: ["postgres", "pgbouncer"],
  situation: "clients hold all servers of the pool in transactions they do not go on with, and others wait",
  twin: "as many clients, whose transactions end at once",
  alert: { name: "PgbouncerClientsWaiting", severity: "critical", summary: "Clients wait for PgBouncer" },
  expect: { first: "waiting:held", remedy: "findHolders" },
  place: async ({ postgres }, keep) => {
    const pool = await startPgbouncer([
      `shop = host=127.0.0.1 port=${postgres.port} dbname=shop user=app password=app`,
    ]);
    keep(pool.stop);
    return {
      connections: {
        pool: { kind: "pgbouncer", url: pool.botUrl },
        database: { kind: "postgres", url: postgres.botUrl },
      },
      break: async (undo) => {
        undo(pool.endClients);
        for (const client of [await pool.client("shop"), await pool.client("shop")])
          await client.query("BEGIN");
        pool.knock("shop");
        await until(async () =>
          (await pool.tell("SHOW POOLS")).some(
            ({ database, cl_waiting: waiting }) => database === "shop" && Number(waiting) >= 1,
          ),
        );
      },
      twin: async (undo) => {
        undo(pool.endClients);
        for (let n = 0; n < 4; n++) await (await pool.client("shop")).query("SELECT 1");
      },
    };
  },
});
