import { busyFor } from "../../../helpers/faults/postgres.ts";
import { scenario } from "../../words.ts";

export const longStatement = scenario({
  id: "postgres/long-statement",
  items: ["sergas-agents.slow-queries", "sergas-accounts.error-db-timeout", "sergas-accounts.slow-queries"],
  needs: ["postgres"],
  situation: "a report has been running for long, and nobody waits for its end",
  twin: "a dump that runs for long because that is its work, and short statements of the application",
  alert: {
    name: "PostgresLongRunningQueries",
    severity: "warning",
    summary: "A statement runs for long on shop",
  },
  expect: { first: "long-running", remedy: "cancelStatements", apply: true },
  place: ({ postgres }) => {
    let report: Promise<unknown> | undefined;
    return {
      connections: { database: { kind: "postgres", url: postgres.botUrl } },
      thresholds: { statementSeconds: 1 },
      break: async () => {
        const session = await postgres.session("reports");
        report = session.query("SELECT pg_sleep(600)").catch(({ code }: { code?: string }) => code);
        await busyFor(postgres, "reports", 1.5);
      },
      gone: async () => (await report) === "57014",
      twin: async () => {
        const web = await postgres.session("web");
        for (let n = 0; n < 5; n++) await web.query("SELECT pg_sleep(0.05)");
        await web.query("SELECT 1");
      },
    };
  },
});
