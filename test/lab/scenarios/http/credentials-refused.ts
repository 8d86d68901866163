import { scenario } from "../../words.ts";
import { answerWith, standingServer } from "../standing-server.ts";

export const credentialsRefused = scenario({
  id: "http/credentials-refused",
  items: ["tektra.api-key-failure"],
  needs: ["servers"],
  situation: "the API refuses the key it is sent",
  twin: "the API takes the key",
  alert: { name: "ExternalAPIErrors", severity: "warning", summary: "Requests to the API are refused" },
  expect: { first: "credentials:tektra", remedy: "fixRequest" },
  place: async (_parts, keep) => {
    const api = await standingServer(keep);
    return {
      connections: {
        tektra: {
          kind: "http",
          url: api.url,
          external: true,
          health: "/v1/health",
          headers: { authorization: "Bearer a-key-of-the-lab" },
        },
      },
      break: async (undo) =>
        answerWith(
          api,
          (_request, response) => response.writeHead(401).end('{"detail":"Invalid API key"}'),
          undo,
        ),
      twin: async (undo) => answerWith(api, (_request, response) => response.end('{"status":"ok"}'), undo),
    };
  },
});
