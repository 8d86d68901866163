import { scenario } from "../../words.ts";
import { historyOf, requests } from "./history.ts";

export const errorRate = scenario({
  id: "prometheus/error-rate",
  items: ["sergas-agents.high-error-rate", "ai-saas.high-error-rate", "sergas-accounts.high-error-rate"],
  needs: ["prometheus"],
  situation: "a tenth of the requests fail since ten minutes, nearly all on one route",
  twin: "one error in a thousand requests, and many answers of 404",
  alert: { name: "HighErrorRate", severity: "critical", summary: "Many requests fail" },
  expect: { first: "error-rate", remedy: "findCause" },
  place: async () => {
    const job = "shop";
    const history = await historyOf(job);
    return {
      connections: { metrics: history.connection },
      break: async (keep) => {
        await history.show(
          [
            requests(job, "/", "200", 50),
            requests(job, "/pay", "200", 40),
            requests(job, "/pay", "503", 10, true),
          ],
          keep,
        );
      },
      twin: async (keep) => {
        await history.show(
          [requests(job, "/", "200", 100), requests(job, "/", "404", 20), requests(job, "/", "500", 0.1)],
          keep,
        );
      },
    };
  },
});
