import { wellCluster } from "../../../helpers/kubernetes/well.ts";
import type { PastSeries } from "../../../helpers/prometheus-server.ts";
import { scenario } from "../../words.ts";
import { historyOf } from "../prometheus/history.ts";
import { clusterFor } from "./cluster.ts";

const POD = "api-server-85cccffd4f-cvwft";

/** What the kubelet counts of the container: periods in which it worked, a share of them stopped, and CPUs used. */
const counted = (stopped: number): PastSeries[] => {
  const labels = { job: "kubelet", namespace: "production", pod: POD, container: "api-server" };
  const rates = {
    container_cpu_cfs_periods_total: 10,
    container_cpu_cfs_throttled_periods_total: 10 * stopped,
    container_cpu_usage_seconds_total: 0.2,
  };
  return Object.entries(rates).map(([name, rate]) => ({ name, labels, value: (seconds) => seconds * rate }));
};

export const podCpuLimit = scenario({
  id: "kubernetes/cpu-limit",
  items: ["sergas-accounts.error-resource-contention"],
  needs: ["kubernetes", "prometheus"],
  situation: "pods stand still for most of each period, because they have used up their CPU limit",
  twin: "pods that use as much CPU and are stopped now and then",
  alert: { name: "CPUThrottlingHigh", severity: "warning", summary: "Pods are held back by their CPU limit" },
  expect: { first: "throttled:production/api-server/api-server", remedy: "raiseCpu" },
  place: async (_parts, keep) => {
    const cluster = await clusterFor(keep);
    const history = await historyOf("shop");
    cluster.show(wellCluster());
    return {
      connections: { cluster: cluster.connection, metrics: history.connection },
      labels: { namespace: "production", pod: POD },
      break: async (undo) => void (await history.show(counted(0.7), undo)),
      twin: async (undo) => void (await history.show(counted(0.05), undo)),
    };
  },
});
