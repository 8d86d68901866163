import { judgeTime } from "../../core/rules/response-time.ts";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as jaeger from "./actions.ts";
import { checkTraces } from "./check.ts";
import { openTraces, type TraceClient } from "./client.ts";
import { pageOf, TraceSettings } from "./settings.ts";
import { traceTrouble } from "./trouble.ts";

const connector: Connector<TraceClient, TraceSettings> = {
  actions: actionsIn(jaeger),
  open: ({ settings }) => openTraces(settings),
  check: checkTraces,
  close: async (client) => client.close(),
  trouble: traceTrouble,
};

/** Traces: Jaeger's query service, or Tempo. */
export const kind = connectionKind({
  name: "jaeger",
  settings: TraceSettings,
  schemes: { "http:": { port: 80 }, "https:": { port: 443, tls: true } },
  about: (settings) => {
    const { api, service } = settings;
    const page = pageOf(settings);
    return { api, ...(service === undefined ? {} : { service }), ...(page === undefined ? {} : { page }) };
  },
  health: [asks(jaeger.services(), ({ ms }, limits) => judgeTime(ms, limits))],
  connector,
});
