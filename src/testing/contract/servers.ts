import { createServer, type Socket } from "node:net";
import { listening, type TestServer } from "./listening.ts";

export interface Mute extends TestServer {
  /** Resolves with the next connection. */
  connected(): Promise<unknown>;
}

/** Takes every connection and never says a word. */
export async function mute(port?: number): Promise<Mute> {
  const server = createServer((socket) => socket.resume().on("error", () => {}));
  const listens = await listening(server, port);
  return {
    ...listens,
    connected: () => new Promise((resolve) => server.once("connection", resolve)),
  };
}

/** Sends `head`, then `x` without end, as fast as it is read. With an empty head it begins by itself. */
export function endlessly(socket: Socket, head: string): void {
  const chunk = Buffer.alloc(65_536, "x");
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket
    .on("error", () => {})
    .on("drain", more)
    .resume();
  if (head === "") more();
  else
    socket.once("data", () => {
      socket.write(head);
      more();
    });
}

export const endless = (head: string): Promise<TestServer> =>
  listening(createServer((socket) => endlessly(socket, head)));
