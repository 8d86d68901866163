import { judgeTime } from "../../core/rules/response-time.ts";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as alertmanager from "./actions.ts";
import { type AlertmanagerClient, AlertmanagerSettings, openAlertmanager } from "./client.ts";
import { alertmanagerTrouble, checkAlertmanager } from "./trouble.ts";

const connector: Connector<AlertmanagerClient, AlertmanagerSettings> = {
  actions: actionsIn(alertmanager),
  open: ({ settings }) => openAlertmanager(settings),
  check: checkAlertmanager,
  close: async (client) => client.close(),
  trouble: alertmanagerTrouble,
};

/** Alertmanager by its API v2. */
export const kind = connectionKind({
  name: "alertmanager",
  settings: AlertmanagerSettings,
  schemes: { "http:": { port: 80 }, "https:": { port: 443, tls: true } },
  about: ({ labels }) => ({ scoped: Object.keys(labels).length > 0 }),
  health: [asks(alertmanager.health(), ({ ms }, limits) => judgeTime(ms, limits))],
  connector,
});
