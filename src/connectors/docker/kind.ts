import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as docker from "./actions.ts";
import { checkDocker } from "./check.ts";
import { type DockerClient, openDocker } from "./client.ts";
import { judgeContainers } from "./health.ts";
import { DockerSettings } from "./settings.ts";
import { dockerTrouble } from "./trouble.ts";

/** Docker engines over their unix socket (Engine API, no command line). */
export const dockerConnector: Connector<DockerClient, DockerSettings> = {
  actions: actionsIn(docker),
  open: ({ settings }) => openDocker(settings),
  check: checkDocker,
  close: async (client) => client.close(),
  trouble: dockerTrouble,
};

export const kind = connectionKind({
  name: "docker",
  settings: DockerSettings,
  health: [
    asks(docker.ping(), ({ product, version }) => `${product} ${version}`),
    asks(docker.containers(), judgeContainers, "containers"),
  ],
  connector: dockerConnector,
});
