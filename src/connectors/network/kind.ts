import { z } from "zod";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as network from "./actions.ts";
import { checkNetwork } from "./check.ts";
import { type NetworkClient, type NetworkEdge, openNetwork } from "./client.ts";
import { judgePort, judgeTls } from "./health.ts";

/** DNS, TCP and TLS of any connection with an address. `edge` replaces name servers and trusted certificates. */
export const networkConnectorWith = (edge: NetworkEdge = {}): Connector<NetworkClient> => ({
  actions: actionsIn(network),
  open: ({ face }) => openNetwork(face, edge),
  check: checkNetwork,
  close: async () => undefined,
});

export const networkConnector = networkConnectorWith();

/** A port that speaks TLS is asked to shake hands: that it takes a connection says little. */
export const tlsHealth = [asks(network.tlsCertificate(), judgeTls)];

/** A port of anything: what the network alone tells of it. */
export const kind = connectionKind({
  name: "tcp",
  settings: z.strictObject({
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535),
    tls: z.boolean().default(false),
  }),
  endpoint: ({ host, port, tls }) => ({ host, port, tls }),
  health: [asks(network.connect(), judgePort)],
  connector: networkConnector,
});
