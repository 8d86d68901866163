import { freePort } from "../../../helpers/ports.ts";
import { until } from "../../../helpers/until.ts";
import { scenario } from "../../words.ts";
import { standingServer } from "../standing-server.ts";
import { historyOf, requests } from "./history.ts";

export const targetDown = scenario({
  id: "prometheus/target-down",
  items: ["ai-saas.missing-metrics"],
  needs: ["prometheus", "servers"],
  situation: "one of two targets of the job does not answer its scrapes, so its metrics are missing",
  twin: "both targets are scraped",
  alert: { name: "PrometheusTargetMissing", severity: "warning", summary: "A target is missing" },
  expect: { first: "targets-down", remedy: "repairTargets" },
  place: async (_parts, keep) => {
    const job = "api";
    const history = await historyOf(job);
    const [one, two] = [await standingServer(keep), await standingServer(keep)];
    const dead = await freePort();
    for (const server of [one, two])
      server.answer = (_request, response) =>
        response.setHeader("content-type", "text/plain; version=0.0.4").end("demo 1\n");
    const show = async (ports: readonly number[], undo: (end: () => unknown) => void): Promise<void> => {
      const targets = { [job]: ports.map((port) => `127.0.0.1:${port}`) };
      const url = await history.show([requests(job, "/", "200", 50)], undo, targets);
      // Every target has been scraped once.
      await until(async () => {
        const answer = (await (await fetch(`${url}/api/v1/targets`)).json()) as {
          data: { activeTargets: { health: string }[] };
        };
        const { activeTargets } = answer.data;
        return (
          activeTargets.length === ports.length && activeTargets.every(({ health }) => health !== "unknown")
        );
      });
    };
    return {
      connections: { metrics: history.connection },
      break: (undo) => show([one.port, dead], undo),
      twin: (undo) => show([one.port, two.port], undo),
    };
  },
});
