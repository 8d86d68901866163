import { prometheus } from "../../../src/sdk/index.ts";
import { NAMES } from "../../../src/testing/contract/hands.ts";
import { startPrometheus, whyNoPrometheus } from "../../helpers/prometheus-server.ts";
import { webServer } from "../../helpers/web-server.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

const TOKEN = "quite-secret-77";

/** A real Prometheus whose routes have the names of the contract. */
export const harness: Harness = {
  missing: whyNoPrometheus(),
  start: async () => {
    // Its text format takes no NUL.
    const routes = Object.values(NAMES).map((name) => name.replaceAll("\u0000", ""));
    const past = routes.map((route) => ({
      name: "http_requests_total",
      labels: { job: "shop", route, status: "500" },
      value: (seconds: number) => seconds,
    }));
    const server = await startPrometheus(past, {});
    const locked = await webServer((_request, answer) => answer.writeHead(401).end("no"));
    const silent = await mute();
    const flooding = await endless("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    const free = await nowhere();
    const at = (url: string) => ({ url, headers: { authorization: `Bearer ${TOKEN}` } });
    const port = (number: number) => at(`http://127.0.0.1:${number}`);
    return {
      settings: at(server.url),
      read: prometheus.health(),
      secrets: [TOKEN],
      failures: {
        unreachable: { settings: port(free), code: "target_unreachable" },
        denied: { settings: port(locked.port), code: "target_auth" },
      },
      hang: { settings: port(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(prometheus.health(), port(flooding.port)),
      foreign: (_name, run) => run(prometheus.errorRatio({ windowMinutes: 60 })),
      writes: {},
      stop: () => Promise.all([server.stop(), ...[locked, silent, flooding].map((one) => one.close())]),
    };
  },
};
