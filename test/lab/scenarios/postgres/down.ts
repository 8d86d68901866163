import { scenario } from "../../words.ts";

export const postgresDown = scenario({
  id: "postgres/down",
  items: ["tektra.startup-db-connection", "sergas-accounts.db-connection-failed", "tektra.database-health"],
  needs: ["postgres"],
  quick: true,
  situation: "the server is stopped, and nothing listens at its port",
  twin: "the server was restarted and answers again before anybody looks",
  alert: { name: "PostgresqlDown", severity: "critical", summary: "Postgres does not answer" },
  expect: { first: "refused", remedy: "recover" },
  place: ({ postgres }) => ({
    connections: { database: { kind: "postgres", url: postgres.botUrl } },
    break: async (keep) => {
      keep(postgres.start);
      await postgres.pause();
    },
    twin: async () => {
      await postgres.pause();
      await postgres.start();
    },
  }),
});
