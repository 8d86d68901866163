import { loki } from "../../../src/sdk/index.ts";
import { emulatedLoki } from "../../helpers/loki-server.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

const TENANT = "tenant-secret-77";
const PASSWORD = "secret-in-url-98";

/** An emulated Loki. */
export const harness: Harness = {
  start: async () => {
    const server = await emulatedLoki(TENANT);
    const silent = await mute();
    const flooding = await endless("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    const free = await nowhere();
    const at = (port = server.port, tenant = TENANT) => ({
      url: `http://bot:${PASSWORD}@127.0.0.1:${port}`,
      headers: { "X-Scope-OrgID": tenant },
      labels: { job: "shop" },
    });
    return {
      settings: at(),
      read: loki.streams(),
      secrets: [PASSWORD],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(server.port, "other"), code: "target_auth" },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(loki.searchLogs(), at(flooding.port)),
      foreign: (name, run) => {
        server.streams = [
          { labels: { job: "shop", app: name }, lines: [[Date.now() / 1000 - 5, `ERROR ${name}`]] },
        ];
        return run(loki.searchLogs());
      },
      writes: {},
      stop: () => Promise.all([server, silent, flooding].map((one) => one.close())),
    };
  },
};
