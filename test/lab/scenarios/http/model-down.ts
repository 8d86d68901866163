import { createServer } from "node:http";
import { freePort } from "../../../helpers/ports.ts";
import { listening } from "../../../helpers/web-server.ts";
import { scenario } from "../../words.ts";

export const modelDown = scenario({
  id: "http/model-down",
  items: ["resync.model-not-responding", "sergas-accounts.error-external-api"],
  needs: ["servers"],
  situation: "nothing listens where the model's API is expected",
  twin: "the API was restarted and answers",
  alert: { name: "ExternalApiDown", severity: "critical", summary: "The model's API does not answer" },
  expect: { first: "unanswered:model", remedy: "reachProvider" },
  place: async () => {
    const port = await freePort();
    return {
      connections: {
        model: { kind: "http", url: `http://127.0.0.1:${port}`, external: true, health: "/health" },
      },
      break: async () => undefined,
      twin: async (undo) => {
        const server = await listening(
          createServer((_request, response) => response.end('{"status":"ok"}')),
          port,
        );
        undo(server.close);
      },
    };
  },
});
