import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import type { Edge } from "../exchange.ts";
import * as http from "./actions.ts";
import { checkHttp } from "./check.ts";
import { type HttpClient, openHttp } from "./client.ts";
import { judgeHealth } from "./health.ts";
import { columnsOf, HttpSettings } from "./settings.ts";

/** HTTP services: what diagbot.yaml declares may be changed, by approval; everything else is a GET. `edge` replaces trusted certificates and name lookup. */
export const httpConnectorWith = (edge: Edge = {}): Connector<HttpClient, HttpSettings> => ({
  actions: actionsIn(http),
  open: ({ settings }) => openHttp(settings, edge),
  check: checkHttp,
  close: async (client) => client.close(),
});

export const httpConnector = httpConnectorWith();

export const kind = connectionKind({
  name: "http",
  settings: HttpSettings,
  schemes: { "http:": { port: 80 }, "https:": { port: 443, tls: true } },
  about: ({ health, external, commands }) => ({
    health,
    external,
    ...(Object.keys(commands).length === 0 ? {} : { commands: Object.keys(commands) }),
  }),
  commands: ({ commands }) => commands,
  columns: ({ commands }, name) => {
    const command = commands[name];
    return command && columnsOf(command);
  },
  health: [asks(http.health(), judgeHealth)],
  connector: httpConnector,
});
