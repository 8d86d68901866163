import { judgeTime } from "../../core/rules/response-time.ts";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as prometheus from "./actions.ts";
import { checkPrometheus } from "./check.ts";
import { openPrometheus, type PrometheusClient } from "./client.ts";
import { PrometheusSettings } from "./settings.ts";
import { prometheusTrouble } from "./trouble.ts";

/** Prometheus and what speaks its HTTP API v1; reads only. */
export const prometheusConnector: Connector<PrometheusClient, PrometheusSettings> = {
  actions: actionsIn(prometheus),
  open: ({ settings }) => openPrometheus(settings),
  check: checkPrometheus,
  close: async (client) => client.close(),
  trouble: prometheusTrouble,
};

export const kind = connectionKind({
  name: "prometheus",
  settings: PrometheusSettings,
  schemes: { "http:": { port: 80 }, "https:": { port: 443, tls: true } },
  health: [asks(prometheus.health(), ({ ms }, limits) => judgeTime(ms, limits))],
  connector: prometheusConnector,
});
