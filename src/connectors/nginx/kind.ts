import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import { aboutMachine } from "../machine/reach.ts";
import * as nginx from "./actions.ts";
import { checkNginx } from "./check.ts";
import { type NginxClient, openNginx } from "./client.ts";
import { judgeNginx } from "./health.ts";
import { NginxSettings } from "./settings.ts";
import { nginxTrouble } from "./trouble.ts";

const connector: Connector<NginxClient, NginxSettings> = {
  actions: actionsIn(nginx),
  open: ({ settings }) => openNginx(settings),
  check: checkNginx,
  close: (client) => client.machine.close(),
  trouble: nginxTrouble,
};

/** One nginx on a machine: its configuration, processes, logs, certificates and upstreams. */
export const kind = connectionKind({
  name: "nginx",
  settings: NginxSettings,
  about: (settings) => ({
    ...aboutMachine(settings),
    ...(settings.config === undefined ? {} : { config: settings.config }),
  }),
  health: [asks(nginx.processes(), judgeNginx)],
  connector,
});
