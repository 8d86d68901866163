import type { ConnectionFace, Endpoint } from "../../core/words/connection.ts";
import { DiagError } from "../../core/words/errors.ts";

/** What may differ from the machine's own settings: in tests, and where a network has resolvers of its own. */
export interface NetworkEdge {
  /** Name servers (`address` or `address:port`) asked instead of the machine's. */
  readonly servers?: readonly string[];
  /** Certificates (PEM) trusted instead of Node's own list. */
  readonly ca?: readonly string[];
}

/** The address of any connection; no connection is kept between calls. */
export interface NetworkClient extends NetworkEdge {
  /** Throws `missing_connection` where the connection has no address (a socket, the local machine). */
  endpoint(): Endpoint;
}

export function openNetwork({ kind, endpoint }: ConnectionFace, edge: NetworkEdge = {}): NetworkClient {
  return {
    ...edge,
    endpoint: () => {
      if (endpoint !== undefined) return endpoint;
      throw new DiagError("missing_connection", `a ${kind} connection has no network address`);
    },
  };
}

/** `host:port` for people, IPv6 in brackets. */
export const sayEndpoint = ({ host, port }: Pick<Endpoint, "host" | "port">): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;
