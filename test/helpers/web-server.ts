import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";

export interface TestServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A real HTTP server on a private port; every open connection ends with it. */
export const webServer = (handler: RequestListener): Promise<TestServer> =>
  listening(createHttpServer(handler));

/** The same over TLS. */
export const tlsWebServer = (
  tls: ServerOptions,
  handler: RequestListener,
  staple?: (
    certificate: Buffer,
    issuer: Buffer,
    reply: (error: Error | null, response: Buffer) => void,
  ) => void,
): Promise<TestServer> => {
  const server = createHttpsServer(tls, handler);
  if (staple !== undefined) server.on("OCSPRequest", staple);
  return listening(server);
};

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
