import { createServer } from "node:net";
import { freePort } from "../../../helpers/ports.ts";
import { listening } from "../../../helpers/web-server.ts";
import { scenario } from "../../words.ts";

export const dependencyRefused = scenario({
  id: "http/dependency-refused",
  items: ["resync.tws-connection-failure", "tektra.network-connectivity"],
  needs: ["servers"],
  situation: "the scheduler's port refuses connections",
  twin: "the scheduler takes connections and greets",
  alert: { name: "TWSConnectionDown", severity: "critical", summary: "TWS cannot be reached" },
  expect: { first: "unreachable:tws", remedy: "repairPath" },
  place: async () => {
    const port = await freePort();
    return {
      connections: { tws: { kind: "tcp", host: "127.0.0.1", port } },
      break: async () => undefined,
      twin: async (undo) => {
        const server = await listening(
          createServer((socket) => socket.on("error", () => undefined).write("220 tws ready\r\n")),
          port,
        );
        undo(server.close);
      },
    };
  },
});
