import type { IncomingMessage } from "node:http";

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

const hostname = (host: string | undefined): string => (host ?? "").replace(/:\d+$/, "").toLowerCase();

/** Whether a request was addressed to this machine by name: another site's name that leads here (DNS rebinding) is not. */
export const isLocal = (request: IncomingMessage, host: string): boolean => {
  const name = hostname(request.headers.host);
  return LOCAL.has(name) || name === host;
};

/** Whether a page of ours sent this; any other site's page sends another Origin, or none. */
export const isOwnPage = (request: IncomingMessage): boolean =>
  request.headers.origin === `http://${request.headers.host ?? ""}` &&
  (request.headers["content-type"] ?? "").startsWith("application/json");
