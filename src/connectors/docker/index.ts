import type { Connector } from "../../core/words/action.ts";
import type { ConnectionOf } from "../../core/words/connection.ts";
import * as actions from "./actions.ts";
import { checkDocker } from "./check.ts";
import { type DockerClient, openDocker } from "./client.ts";
import { dockerTrouble } from "./trouble.ts";

/** Docker engines over their unix socket (Engine API, no command line). */
export const dockerConnector: Connector<DockerClient> = {
  needs: "docker",
  actions: Object.values(actions).map((maker) => maker.action),
  open: (connection) => openDocker(connection as ConnectionOf<"docker">),
  check: checkDocker,
  close: async (client) => client.close(),
  trouble: dockerTrouble,
};
