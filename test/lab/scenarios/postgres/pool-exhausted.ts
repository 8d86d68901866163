import { fillSlots } from "../../../helpers/faults/postgres.ts";
import { scenario } from "../../words.ts";

export const poolExhausted = scenario({
  id: "postgres/pool-exhausted",
  items: [
    "sergas-agents.pool-exhausted",
    "sergas-agents.error-db-connections",
    "sergas-accounts.pool-exhausted",
  ],
  needs: ["postgres"],
  quick: true,
  situation: "one application opens sessions and never gives them back, until the server has none left",
  twin: "a pool that opened what it may and waits for work; others still get in",
  alert: {
    name: "PostgresqlTooManyConnections",
    severity: "critical",
    summary: "Postgres has nearly no connection left",
  },
  expect: { first: "slots-taken", remedy: "terminateIdle", apply: true },
  place: ({ postgres }) => ({
    connections: { database: { kind: "postgres", url: postgres.botUrl } },
    // A leak of hours in seconds.
    thresholds: { idleMinutes: 0.01 },
    break: async () => {
      await fillSlots(postgres, "orders-api");
    },
    gone: async () => {
      const one = await postgres.session("probe").catch(() => undefined);
      return one !== undefined;
    },
    twin: async () => {
      for (let n = 0; n < 8; n++) await (await postgres.session("orders-api")).query("SELECT 1");
    },
  }),
});
