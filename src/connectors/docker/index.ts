import type { Connector } from "../../core/action.ts";
import type { ConnectionOf } from "../../core/connection.ts";
import * as actions from "./actions.ts";
import { type DockerClient, openDocker } from "./client.ts";

/** Docker engines over their unix socket (Engine API, no command line). */
export const dockerConnector: Connector<DockerClient> = {
  needs: "docker",
  actions: Object.values(actions).map((maker) => maker.action),
  open: (connection) => openDocker(connection as ConnectionOf<"docker">),
  close: async (client) => client.close(),
};
