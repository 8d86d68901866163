import { judgeTime } from "../../core/rules/response-time.ts";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as loki from "./actions.ts";
import { checkLoki } from "./check.ts";
import { type LokiClient, openLoki } from "./client.ts";
import { LokiSettings } from "./settings.ts";
import { lokiTrouble } from "./trouble.ts";

/** Loki's HTTP API; reads only. */
export const lokiConnector: Connector<LokiClient, LokiSettings> = {
  actions: actionsIn(loki),
  open: ({ settings }) => openLoki(settings),
  check: checkLoki,
  close: async (client) => client.close(),
  trouble: lokiTrouble,
};

export const kind = connectionKind({
  name: "loki",
  settings: LokiSettings,
  schemes: { "http:": { port: 80 }, "https:": { port: 443, tls: true } },
  health: [asks(loki.streams(), ({ ms }, limits) => judgeTime(ms, limits))],
  connector: lokiConnector,
});
