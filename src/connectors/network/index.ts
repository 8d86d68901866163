import type { Connector } from "../../core/words/action.ts";
import type { Connection } from "../../core/words/connection.ts";
import * as network from "./actions.ts";
import { checkNetwork } from "./check.ts";
import { type NetworkClient, type NetworkEdge, openNetwork } from "./client.ts";

/** DNS, TCP and TLS of any connection with an address. `edge` replaces name servers and trusted certificates. */
export const networkConnectorWith = (edge: NetworkEdge = {}): Connector<NetworkClient> => ({
  needs: "endpoint",
  actions: [network.resolve, network.connect, network.tlsCertificate].map(({ action }) => action),
  open: (connection) => openNetwork(connection as Connection, edge),
  check: checkNetwork,
  close: async () => undefined,
});

export const networkConnector = networkConnectorWith();
