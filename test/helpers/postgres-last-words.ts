import { connect, createServer } from "node:net";
import { listening } from "./web-server.ts";

const fatal = (code: string, message: string): Buffer => {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
/** What a Postgres answers to a login while it starts. */
export const STARTING_UP = fatal("57P03", "the database system is starting up");
/** What it says to everybody when it is shut down. */
const SHUTTING_DOWN = fatal("57P01", "terminating connection due to administrator command");
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/**
 * A server in front of the real one that is shut down the moment somebody is logged in: "ready" and its last words are read as
 * one. The first `spared` connections go on.
 */
export const shutDownAtLogin = async (port: number, spared: number) => {
  let connections = 0;
  const front = await listening(
    createServer((socket) => {
      const isSpared = ++connections <= spared;
      const server = connect(port, "127.0.0.1");
      server.on("data", (chunk) => {
        if (isSpared || !chunk.subarray(-READY.length).equals(READY)) socket.write(chunk);
        else socket.end(Buffer.concat([chunk, SHUTTING_DOWN]), () => server.destroy());
      });
      socket.on("data", (chunk) => server.write(chunk));
      for (const [one, other] of [
        [socket, server],
        [server, socket],
      ] as const)
        one.on("error", () => {}).on("close", () => other.destroy());
    }),
  );
  return { ...front, connections: () => connections };
};
