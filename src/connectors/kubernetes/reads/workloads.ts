import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { fitting } from "../api/fitting.ts";
import { listEverywhere } from "../api/list.ts";
import { RESOURCES, type Resource } from "../api/paths.ts";
import { Workload } from "../api/shapes.ts";
import { type WorkloadKind, WorkloadSeen, workloadSeen } from "./workload-shape.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
const MOST = 200;
export const RESOURCE_OF: Readonly<Record<WorkloadKind, Resource>> = {
  Deployment: RESOURCES.deployments,
  StatefulSet: RESOURCES.statefulSets,
  DaemonSet: RESOURCES.daemonSets,
};

/** Deployments, StatefulSets and DaemonSets of the connection's namespaces, 200 at most; those that lack replicas first. */
export const workloads = read({
  name: "kubernetes.workloads",
  title: "Lists workloads and their rollouts",
  input: z.strictObject({}),
  output: z.object({ total: z.number(), workloads: z.array(WorkloadSeen), notSeen }),
  timeoutSeconds: 20,
  run: async (client, _input, context) => {
    const of = { labelSelector: client.settings.selector };
    const lists = await Promise.all(
      Object.entries(RESOURCE_OF).map(async ([kind, resource]) => {
        const { items, notSeen: cut } = await listEverywhere(client, Workload, resource, of, context);
        return { seen: items.map((one) => workloadSeen(kind as WorkloadKind, one)), cut };
      }),
    );
    const all = lists.flatMap(({ seen }) => seen).sort((a, b) => lacks(b) - lacks(a));
    const kept = fitting(all, MOST);
    const rest: NotSeen[] =
      all.length === kept.length
        ? []
        : [{ what: `${all.length - kept.length} more workloads`, why: `${MOST} are looked at at once` }];
    return {
      total: all.length,
      workloads: kept,
      notSeen: [...lists.flatMap(({ cut }) => cut), ...rest],
    };
  },
});

const lacks = ({ desired, available, replicaFailure, progress }: WorkloadSeen): number =>
  Math.max(0, desired - available) + (replicaFailure !== "" || progress?.status === "False" ? 1000 : 0);
