import { scenario } from "../../words.ts";
import { answerWith, standingServer } from "../standing-server.ts";

export const breakerOpen = scenario({
  id: "http/breaker-open",
  items: ["sergas-agents.circuit-breaker-open", "sergas-agents.error-external-api"],
  needs: ["servers"],
  situation: "the circuit breaker is open because the provider behind it fails every request",
  twin: "the breaker opened over a provider that answers again",
  alert: {
    name: "CircuitBreakerOpen",
    severity: "critical",
    summary: "The circuit breaker for Zoho is open",
  },
  expect: { first: "server-error:zoho", remedy: "waitForProvider" },
  place: async (_parts, keep) => {
    const zoho = await standingServer(keep);
    return {
      connections: { zoho: { kind: "http", url: zoho.url, external: true, health: "/status" } },
      break: async (undo) =>
        answerWith(zoho, (_request, response) => response.writeHead(503).end("upstream failed"), undo),
      twin: async (undo) => answerWith(zoho, (_request, response) => response.end('{"status":"up"}'), undo),
    };
  },
});
