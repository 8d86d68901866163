import { scenario } from "../../words.ts";
import { answerWith, standingServer } from "../standing-server.ts";

const SLOW_MS = 1_500;

export const slowProvider = scenario({
  id: "http/slow-provider",
  items: ["sergas-agents.external-api-slow", "resync.model-timeout"],
  needs: ["servers"],
  situation: "the model's provider takes longer for its first byte than anybody waits",
  twin: "a provider that answers at once, with a long answer",
  alert: { name: "ExternalApiSlow", severity: "warning", summary: "The model's API is slow" },
  expect: { first: "slow:model", remedy: "bridgeSlowness" },
  place: async (_parts, keep) => {
    const model = await standingServer(keep);
    return {
      connections: { model: { kind: "http", url: model.url, external: true, health: "/v1/models" } },
      thresholds: { p95Seconds: 1 },
      break: async (undo) =>
        answerWith(
          model,
          (_request, response) => {
            setTimeout(() => response.end("{}"), SLOW_MS);
          },
          undo,
        ),
      twin: async (undo) =>
        answerWith(
          model,
          (_request, response) => {
            response.writeHead(200, { "content-type": "application/json" }).end(`["${"x".repeat(200_000)}"]`);
          },
          undo,
        ),
    };
  },
});
