import { jaeger } from "../../../src/sdk/index.ts";
import { emulatedTraces } from "../../helpers/trace-server.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

const TOKEN = "Bearer token-secret-71";
const PASSWORD = "secret-in-url-72";

/** An emulated Jaeger. */
export const harness: Harness = {
  start: async () => {
    const server = await emulatedTraces("jaeger");
    server.token = TOKEN;
    const silent = await mute();
    const flooding = await endless("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    const free = await nowhere();
    const at = (port = server.port, authorization = TOKEN) => ({
      url: `http://127.0.0.1:${port}`,
      headers: { authorization },
    });
    return {
      settings: at(),
      read: jaeger.services(),
      secrets: ["token-secret-71", PASSWORD],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(server.port, `Basic ${PASSWORD}`), code: "target_auth" },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(jaeger.slowTraces({ service: "api" }), at(flooding.port)),
      foreign: (name, run) => {
        server.traces = [
          {
            id: "4bf92f3577b34da6",
            at: Date.now() / 1000 - 5,
            spans: [{ id: "a1", service: "api", name, from: 0, to: 4_000, tags: { "db.statement": name } }],
          },
        ];
        return run(jaeger.slowTraces({ service: "api" }));
      },
      writes: {},
      stop: () => Promise.all([server, silent, flooding].map((one) => one.close())),
    };
  },
};
