import type { Connector } from "../../core/words/action.ts";
import type { ConnectionOf } from "../../core/words/connection.ts";
import * as prometheus from "./actions.ts";
import { checkPrometheus } from "./check.ts";
import { openPrometheus, type PrometheusClient } from "./client.ts";
import { prometheusTrouble } from "./trouble.ts";

/** Prometheus and what speaks its HTTP API v1; reads only. */
export const prometheusConnector: Connector<PrometheusClient> = {
  needs: "prometheus",
  actions: [
    prometheus.health,
    prometheus.targets,
    prometheus.errorRatio,
    prometheus.errorSeries,
    prometheus.latency,
    prometheus.latencySeries,
  ].map(({ action }) => action),
  open: (connection) => openPrometheus(connection as ConnectionOf<"prometheus">),
  check: checkPrometheus,
  close: async (client) => client.close(),
  trouble: prometheusTrouble,
};
