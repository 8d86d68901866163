import { scenario } from "../../words.ts";
import { durations, historyOf } from "./history.ts";

export const slowRoute = scenario({
  id: "prometheus/slow-route",
  items: [
    "resync.slow-responses",
    "tektra.performance",
    "sergas-agents.slow-responses",
    "ai-saas.slow-responses",
    "sergas-accounts.high-response-times",
  ],
  needs: ["prometheus"],
  situation: "one route takes seconds, the others are quick",
  twin: "the same routes within the limit, with a few slow requests among many",
  alert: { name: "HighLatency", severity: "warning", summary: "Responses are slow" },
  expect: { first: "slow", remedy: "findCause" },
  place: async () => {
    const job = "shop";
    const history = await historyOf(job);
    return {
      connections: { metrics: history.connection },
      break: async (keep) => {
        await history.show(
          [
            ...durations(job, "/search", 10, { "0.1": 0.2, "1": 0.5, "5": 1, "+Inf": 1 }),
            ...durations(job, "/", 10, { "0.1": 0.99, "1": 1, "5": 1, "+Inf": 1 }),
          ],
          keep,
        );
      },
      twin: async (keep) => {
        await history.show(
          [
            ...durations(job, "/search", 10, { "0.1": 0.9, "1": 0.98, "5": 1, "+Inf": 1 }),
            ...durations(job, "/", 10, { "0.1": 0.99, "1": 1, "5": 1, "+Inf": 1 }),
          ],
          keep,
        );
      },
    };
  },
});
