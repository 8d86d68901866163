import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import { listening, type TestServer } from "../../src/testing/contract/listening.ts";

export { listening, type TestServer };

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
