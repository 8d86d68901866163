import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as kubernetes from "./actions.ts";
import { type KubernetesClient, openKubernetes } from "./api/client.ts";
import { checkKubernetes } from "./check.ts";
import { judgeServer, judgeWorkloads } from "./health.ts";
import { KubernetesSettings, namespacesOf } from "./settings.ts";
import { kubernetesTrouble } from "./trouble.ts";

/** Clusters through their API server, with a kubeconfig or the service account of diagbot's own pod. */
export const kubernetesConnector: Connector<KubernetesClient, KubernetesSettings> = {
  actions: actionsIn(kubernetes),
  open: ({ settings }) => openKubernetes(settings),
  check: checkKubernetes,
  close: async (client) => client.close(),
  trouble: kubernetesTrouble,
};

export const kind = connectionKind({
  name: "kubernetes",
  settings: KubernetesSettings,
  about: (settings) => ({
    namespaces: namespacesOf(settings),
    scaleMin: settings.scale.min,
    scaleMax: settings.scale.max,
  }),
  health: [
    asks(kubernetes.version(), judgeServer),
    asks(kubernetes.workloads(), judgeWorkloads, "workloads"),
  ],
  connector: kubernetesConnector,
});
