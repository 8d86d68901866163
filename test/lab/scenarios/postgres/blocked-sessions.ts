import { blockOrders, makeOrders, waitedFor } from "../../../helpers/faults/postgres.ts";
import { scenario } from "../../words.ts";

/** Longer than the runbook takes for a wait that passes by itself. */
const LONG_SECONDS = 2.5;

export const blockedSessions = scenario({
  id: "postgres/blocked-sessions",
  items: ["sergas-agents.slow-queries", "sergas-accounts.error-db-timeout"],
  needs: ["postgres"],
  quick: true,
  situation:
    "a worker left a transaction open; a migration waits for it, and everybody else for the migration",
  twin: "a transaction that was opened a moment ago, and readers beside it that wait for nobody",
  alert: {
    name: "PostgresqlTooManyLocksAcquired",
    severity: "critical",
    summary: "Many locks are held on shop",
  },
  expect: { first: "blocked-sessions", remedy: "terminateBlockers", apply: true },
  place: ({ postgres }) => {
    let altered: Promise<string> | undefined;
    return {
      connections: { database: { kind: "postgres", url: postgres.botUrl } },
      break: async () => {
        await makeOrders(postgres);
        const blocked = await blockOrders(postgres);
        altered = blocked.altered;
        await waitedFor(postgres, LONG_SECONDS);
      },
      gone: async () => (await altered) === "done",
      twin: async () => {
        await makeOrders(postgres);
        const worker = await postgres.session("orders-worker");
        await worker.query("BEGIN");
        await worker.query("UPDATE orders SET status = 'paid' WHERE id = 1");
        for (let n = 0; n < 4; n++)
          await (await postgres.session("web")).query("SELECT count(*) FROM orders");
      },
    };
  },
});
