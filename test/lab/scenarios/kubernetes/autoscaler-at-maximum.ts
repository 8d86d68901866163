import { itemsOf, recorded } from "../../../helpers/kubernetes/fixtures.ts";
import type { KubeObject } from "../../../helpers/kubernetes/objects.ts";
import { wellCluster } from "../../../helpers/kubernetes/well.ts";
import { scenario } from "../../words.ts";
import { clusterFor } from "./cluster.ts";

/** api-server's autoscaler with three of three, that wants more or has enough. */
function autoscaler(isLimited: boolean): KubeObject {
  const exchange = recorded("hpa-with-metrics").find(({ request }) => request.path.includes("v2beta2"));
  const one = exchange && itemsOf(exchange).find(({ metadata }) => metadata.name === "api-server");
  if (one === undefined) throw new Error("the autoscaler is not recorded");
  const limited = isLimited
    ? { type: "ScalingLimited", status: "True", reason: "TooManyReplicas" }
    : { type: "ScalingLimited", status: "False", reason: "DesiredWithinRange" };
  return {
    ...one,
    spec: { ...one.spec, maxReplicas: 3 },
    status: {
      ...one.status,
      currentReplicas: 3,
      desiredReplicas: 3,
      conditions: [
        { type: "AbleToScale", status: "True", reason: "SucceededRescale" },
        { type: "ScalingActive", status: "True", reason: "ValidMetricFound" },
        limited,
      ],
    },
  };
}

export const autoscalerAtMaximum = scenario({
  id: "kubernetes/autoscaler-at-maximum",
  items: ["sergas-agents.insufficient-resources"],
  needs: ["kubernetes"],
  situation: "an autoscaler has as many replicas as it may and wants more",
  twin: "an autoscaler that has as many as it may, and needs no more",
  alert: { name: "KubeHpaMaxedOut", severity: "warning", summary: "An autoscaler is at its maximum" },
  expect: { first: "hpa-max:production/api-server", remedy: "raiseBounds", apply: true },
  place: async (_parts, keep) => {
    const cluster = await clusterFor(keep);
    return {
      connections: { cluster: cluster.connection },
      labels: { namespace: "production", horizontalpodautoscaler: "api-server" },
      break: async () => cluster.show([...wellCluster(), autoscaler(true)]),
      twin: async () => cluster.show([...wellCluster(), autoscaler(false)]),
    };
  },
});
