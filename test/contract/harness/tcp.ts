import { createServer } from "node:net";
import { network } from "../../../src/sdk/index.ts";
import { listening } from "../../helpers/web-server.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

/** A real TCP server that greets. */
export const harness: Harness = {
  start: async () => {
    let greeting = "220 ready";
    const server = await listening(createServer((socket) => socket.on("error", () => {}).write(greeting)));
    const silent = await mute();
    const flooding = await endless("");
    const free = await nowhere();
    const at = (port: number) => ({ host: "127.0.0.1", port });
    return {
      settings: at(server.port),
      read: network.connect(),
      secrets: [],
      failures: { unreachable: { settings: at(free), code: "target_unreachable" } },
      hang: { settings: at(silent.port), call: network.tlsCertificate(), begun: silent.connected },
      flood: (_open, _context, run) => run(network.connect(), at(flooding.port)),
      foreign: (name, run) => {
        greeting = name;
        return run(network.connect());
      },
      writes: {},
      stop: () => Promise.all([server, silent, flooding].map((one) => one.close())),
    };
  },
};
