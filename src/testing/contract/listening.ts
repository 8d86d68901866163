import type { Server } from "node:http";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";

/** A server of a test. */
export interface TestServer {
  readonly port: number;
  /** Ends every open connection, too. */
  close(): Promise<void>;
}

/** Any server of node:net, http, https or tls, listening on 127.0.0.1 (or `host`). */
export async function listening(
  server: NetServer | Server,
  port = 0,
  host = "127.0.0.1",
): Promise<TestServer> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
