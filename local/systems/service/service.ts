import { createServer, type Server } from "node:http";
import { CONTROL, controlFace } from "./control.ts";
import { ServiceCore } from "./core.ts";
import { answerOf, send } from "./respond.ts";
import type { Answer, Face, ServiceSpec, State } from "./spec.ts";
import { mapOf } from "./state.ts";

/** A sample service that runs in this process. */
export interface Service {
  state(): State;
  stop(): Promise<void>;
}

/** Starts the service on 127.0.0.1: a port for each face, and `control`. Throws where a port is taken. */
export async function startService(
  spec: ServiceSpec,
  ports: Readonly<Record<string, number>>,
): Promise<Service> {
  const core = new ServiceCore(spec);
  const faces: Readonly<Record<string, Face>> = { ...spec.faces, [CONTROL]: controlFace(core) };
  const open = new Map<string, Server>();
  let settling: Promise<void> = Promise.resolve();
  /** Opens and closes faces as the state says, one change after the other. */
  const settle = (): Promise<void> => {
    settling = settling.then(async () => {
      for (const [name, face] of Object.entries(faces)) {
        const server = open.get(name);
        const isDown = mapOf(core.state, "down")[name] === true;
        if (isDown === (server === undefined)) continue;
        if (server === undefined) open.set(name, await listen(name, face));
        else {
          open.delete(name);
          await close(server);
        }
      }
    });
    return settling;
  };
  const listen = (name: string, face: Face): Promise<Server> => {
    const server = createServer((request, response) => {
      answerOf(core, name, face, request)
        .catch((error: Error): Answer => ({ status: 400, body: { error: error.message.slice(0, 500) } }))
        // Whoever has changed something finds it so when the answer is there.
        .then(async (answer) => {
          if (request.method !== "GET") await settle();
          send(response, answer);
        })
        .catch((error: Error) => process.stderr.write(`${name}: ${error.message}\n`));
    });
    // A connection that is kept and closed just when the next request is sent would look like a fault nobody made.
    server.keepAliveTimeout = 0;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(ports[name], "127.0.0.1", () => resolve(server));
    });
  };
  await settle();
  return {
    state: () => core.state,
    stop: async () => {
      core.stop();
      await settling;
      await Promise.all([...open.values()].map(close));
    },
  };
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
