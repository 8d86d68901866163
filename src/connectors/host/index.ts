import type { Connector } from "../../core/words/action.ts";
import type { ConnectionOf } from "../../core/words/connection.ts";
import * as actions from "./actions.ts";
import { checkHost } from "./check.ts";
import { type HostClient, openHost } from "./client.ts";
import { hostTrouble } from "./trouble.ts";

/** Linux machines: this one, or one behind SSH. */
export const hostConnector: Connector<HostClient> = {
  needs: "host",
  actions: Object.values(actions).map((maker) => maker.action),
  open: (connection) => openHost(connection as ConnectionOf<"host">),
  check: checkHost,
  close: (client) => client.machine.close(),
  trouble: hostTrouble,
};
