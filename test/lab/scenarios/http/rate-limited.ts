import { scenario } from "../../words.ts";
import { answerWith, standingServer } from "../standing-server.ts";

export const rateLimited = scenario({
  id: "http/rate-limited",
  items: ["sergas-accounts.zoho-rate-limit"],
  needs: ["servers"],
  quick: true,
  situation: "the provider answers 429 and says how long to wait",
  twin: "a provider that answers, and says in its headers how much of the limit is used",
  alert: { name: "ZohoApiErrors", severity: "warning", summary: "Requests to Zoho fail" },
  expect: { first: "rate-limited:zoho", remedy: "slowDown" },
  place: async (_parts, keep) => {
    const zoho = await standingServer(keep);
    return {
      connections: { zoho: { kind: "http", url: zoho.url, external: true, health: "/status" } },
      break: async (undo) =>
        answerWith(
          zoho,
          (_request, response) => response.writeHead(429, { "retry-after": "60" }).end('{"code":"TOO_MANY"}'),
          undo,
        ),
      twin: async (undo) =>
        answerWith(
          zoho,
          (_request, response) =>
            response
              .writeHead(200, { "x-ratelimit-limit": "100", "x-ratelimit-remaining": "40" })
              .end('{"status":"ok"}'),
          undo,
        ),
    };
  },
});
