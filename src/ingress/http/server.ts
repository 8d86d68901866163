import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { toDiagError } from "../../core/words/errors.ts";
import { levelOf } from "../../telemetry/level.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { answerJson } from "../respond-http.ts";

export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

export interface HttpServer {
  /** Rejects with `bad_config` when the port is taken. Port 0 takes any. */
  listen(port: number, host: string): Promise<{ port: number }>;
  /** Stops accepting, lets requests under way finish, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Limits of one connection, in milliseconds and bytes. */
export interface HttpLimits {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly headerBytes: number;
  /** Open at once; one more is closed without an answer. */
  readonly connections: number;
}

const LIMITS: HttpLimits = { headersMs: 10_000, requestMs: 30_000, headerBytes: 16_384, connections: 1_024 };

/** The one HTTP server. Unknown paths are 404 and other methods 405, as JSON; a handler that throws is a 500. */
export function createHttpServer(options: {
  routes: readonly Route[];
  logger: Logger;
  limits?: Partial<HttpLimits>;
  /** Hears of requests that no route answers. */
  astray?: (request: IncomingMessage) => void;
}): HttpServer {
  const limits = { ...LIMITS, ...options.limits };
  let closing = false;
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      maxHeaderSize: limits.headerBytes,
      connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
      keepAliveTimeout: 65_000,
    },
    (request, response) => {
      if (closing) response.setHeader("connection", "close");
      void serve(options, request, response).catch((thrown: unknown) => {
        options.logger[levelOf(thrown)](
          { err: thrown, path: request.url?.split("?")[0] },
          "a request failed",
        );
        if (response.headersSent) response.destroy();
        else answerJson(response, 500, { error: "bug", reason: "diagbot failed to handle this" });
      });
    },
  );
  server.maxConnections = limits.connections;
  return {
    listen: (port, host) => listen(server, port, host),
    close: (graceMs) => {
      closing = true;
      return close(server, graceMs);
    },
  };
}

async function serve(
  { routes, astray }: { routes: readonly Route[]; astray?: (request: IncomingMessage) => void },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const here = routes.filter((route) => route.path === path);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const route = here.find((candidate) => candidate.method === method);
  if (route !== undefined) return route.handle(request, response);
  astray?.(request);
  if (here.length === 0) answerJson(response, 404, { error: "not_found", reason: "there is nothing here" });
  else
    answerJson(
      response,
      405,
      { error: "method_not_allowed", reason: `${request.method} is not answered here` },
      { allow: here.map((candidate) => candidate.method).join(", ") },
    );
}

function listen(server: Server, port: number, host: string): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(toDiagError(error, "bad_config"));
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      server.on("error", () => {});
      resolve({ port: (server.address() as AddressInfo).port });
    });
  });
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
