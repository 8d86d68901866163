import type { Connector } from "../../core/words/action.ts";
import type { ConnectionOf } from "../../core/words/connection.ts";
import type { Edge } from "../exchange.ts";
import * as http from "./actions.ts";
import { checkHttp } from "./check.ts";
import { type HttpClient, openHttp } from "./client.ts";

/** HTTP services: GET only, nothing is changed. `edge` replaces trusted certificates and name lookup. */
export const httpConnectorWith = (edge: Edge = {}): Connector<HttpClient> => ({
  needs: "http",
  actions: [http.health, http.samples].map(({ action }) => action),
  open: (connection) => openHttp(connection as ConnectionOf<"http">, edge),
  check: checkHttp,
  close: async (client) => client.close(),
});

export const httpConnector = httpConnectorWith();
