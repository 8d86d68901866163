import { scenario } from "../../words.ts";
import { clusterFor } from "./cluster.ts";

const WORKLOAD = "image-resizer";

export const podOutOfMemory = scenario({
  id: "kubernetes/out-of-memory",
  items: ["sergas-agents.error-memory", "sergas-agents.memory-leak"],
  needs: ["kubernetes"],
  quick: true,
  situation: "a pod is killed at its memory limit again and again",
  twin: "a well cluster: ready pods, completed jobs",
  alert: { name: "KubePodCrashLooping", severity: "critical", summary: "A pod crashes again and again" },
  expect: { first: `oom:${WORKLOAD}`, remedy: "raiseMemory", apply: true },
  place: async (_parts, keep) => {
    const cluster = await clusterFor(keep);
    const limit = (): string | undefined => {
      const [found] = cluster.cluster.store
        .list({ group: "apps", plural: "deployments", namespace: "production" })
        .filter(({ metadata }) => metadata.name === WORKLOAD);
      return JSON.stringify(found?.spec).match(/"limits":\{[^}]*"memory":"([^"]+)"/)?.[1];
    };
    return {
      connections: { cluster: cluster.connection },
      labels: { namespace: "production", deployment: WORKLOAD },
      break: async () => cluster.with(WORKLOAD),
      gone: async () => limit() !== "128Mi",
      twin: async () => cluster.with("api-server"),
    };
  },
});
