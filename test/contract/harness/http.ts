import { http } from "../../../src/sdk/index.ts";
import { webServer } from "../../helpers/web-server.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

const KEY = "quite-secret-77";
const PASSWORD = "secret-in-url-99";

/** A real HTTP server that repeats what it was sent, as some do. */
export const harness: Harness = {
  start: async () => {
    let part = "database";
    const server = await webServer((request, answer) => {
      const body = { status: "degraded", checks: { [part]: "down" }, request: request.headers };
      answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    const silent = await mute();
    const flooding = await endless("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    const free = await nowhere();
    const at = (port = server.port) => ({
      url: `http://bot:${PASSWORD}@127.0.0.1:${port}`,
      headers: { "x-api-key": KEY },
    });
    return {
      settings: at(),
      read: http.health(),
      secrets: [KEY, PASSWORD, Buffer.from(`bot:${PASSWORD}`).toString("base64")],
      failures: { unreachable: { settings: at(free), code: "target_unreachable" } },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(http.health(), at(flooding.port)),
      foreign: (name, run) => {
        part = name;
        return run(http.health());
      },
      writes: {},
      stop: () => Promise.all([server, silent, flooding].map((one) => one.close())),
    };
  },
};
