import { scenario } from "../../words.ts";
import { answerWith, standingServer } from "../standing-server.ts";

export const tokenExpired = scenario({
  id: "http/token-expired",
  items: ["sergas-accounts.zoho-auth"],
  needs: ["servers"],
  situation: "the service says ok of itself, and that its token for Zoho has expired",
  twin: "the same answer with Zoho authenticated",
  alert: {
    name: "HealthCheckFailing",
    severity: "warning",
    summary: "The health check of the accounts fails",
  },
  expect: { first: "*", remedy: "repairComponents" },
  place: async (_parts, keep) => {
    const api = await standingServer(keep);
    const says = (zoho: string, undo: (end: () => unknown) => void): void =>
      answerWith(
        api,
        (_request, response) =>
          response
            .writeHead(200, { "content-type": "application/json" })
            .end(JSON.stringify({ status: "ok", zoho, version: "1.2" })),
        undo,
      );
    return {
      connections: { accounts: { kind: "http", url: api.url, health: "/health" } },
      break: async (undo) => says("expired", undo),
      twin: async (undo) => says("authenticated", undo),
    };
  },
});
