import { scenario } from "../../words.ts";
import { answerWith, standingServer } from "../standing-server.ts";

export const dashboardMissing = scenario({
  id: "http/dashboard-missing",
  items: ["resync.dashboard-404"],
  needs: ["servers"],
  situation: "the dashboard answers 404: its page is not where it is asked for",
  twin: "the dashboard is a page",
  alert: { name: "BlackboxProbeHttpFailure", severity: "warning", summary: "The dashboard does not answer" },
  expect: { first: "*", remedy: "repairComponents" },
  place: async (_parts, keep) => {
    const site = await standingServer(keep);
    return {
      connections: { dashboard: { kind: "http", url: site.url, health: "/dashboard" } },
      break: async (undo) =>
        answerWith(
          site,
          (_request, response) =>
            response.writeHead(404, { "content-type": "application/json" }).end('{"detail":"Not Found"}'),
          undo,
        ),
      twin: async (undo) =>
        answerWith(
          site,
          (_request, response) =>
            response
              .writeHead(200, { "content-type": "application/json" })
              .end('{"status":"ok","page":"templates/index.html"}'),
          undo,
        ),
    };
  },
});
