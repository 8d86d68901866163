import { kubernetes } from "../../../src/sdk/index.ts";
import type { WriteCase } from "../../contract/harness.ts";
import type { EmulatedCluster } from "./api-server.ts";
import { recordedCluster } from "./fixtures.ts";
import { at, type KubeObject } from "./objects.ts";

const NAMESPACE = "production";
const MIB = 2 ** 20;

/** One case per write of the connector, each on the recorded cluster made anew. */
export function writeCases(cluster: EmulatedCluster): Record<string, WriteCase> {
  const anew = (kind: string, name: string): KubeObject => {
    const found = recordedCluster().find((one) => one.kind === kind && one.metadata.name === name);
    if (found === undefined) throw new Error(`${kind} ${name} is not recorded`);
    return cluster.store.put(found);
  };
  const target = ({ metadata: { name, uid } }: KubeObject) => ({ namespace: NAMESPACE, name, uid });
  const becomes = (kind: string, name: string, spec: Record<string, unknown>) => async () => {
    const found = anew(kind, name);
    cluster.store.put({ ...found, spec: { ...found.spec, ...spec } });
  };
  const workers = () => Number(at(anew("Deployment", "worker"), "spec.replicas"));
  return {
    "kubernetes.rollout-undo": {
      prepare: async () => {
        const [current, before] = apiServerRevisions(cluster);
        const { from, to } = { from: current?.metadata.name ?? "", to: before?.metadata.name ?? "" };
        return kubernetes.rolloutUndo({
          ...target(anew("Deployment", "api-server")),
          from,
          to,
          revision: revisionOf(before),
        });
      },
      spoil: becomes("Deployment", "api-server", { template: { spec: { containers: [] } } }),
    },
    "kubernetes.rollout-restart": {
      prepare: async () =>
        kubernetes.rolloutRestart({
          ...target(anew("Deployment", "worker")),
          from: null,
          at: "2026-11-22T03:00:00Z",
        }),
      spoil: becomes("Deployment", "worker", { paused: true }),
    },
    "kubernetes.set-paused": {
      prepare: async () =>
        kubernetes.setPaused({ ...target(anew("Deployment", "worker")), from: false, to: true }),
      spoil: becomes("Deployment", "worker", { paused: true }),
    },
    "kubernetes.scale": {
      prepare: async () =>
        kubernetes.scale({ ...target(anew("Deployment", "websocket-gateway")), from: 1, to: 2 }),
      spoil: becomes("Deployment", "websocket-gateway", { replicas: 3 }),
    },
    "kubernetes.set-variables": {
      prepare: async () =>
        kubernetes.setVariables({
          ...target(anew("Deployment", "worker")),
          container: "worker",
          from: { DATABASE_HOST: null },
          to: { DATABASE_HOST: "pgbouncer" },
        }),
      spoil: becomes("Deployment", "worker", { paused: true }),
    },
    "kubernetes.stop": {
      prepare: async () => kubernetes.stop({ ...target(anew("Deployment", "worker")), replicas: workers() }),
      spoil: becomes("Deployment", "worker", { replicas: 7 }),
    },
    "kubernetes.start-again": {
      prepare: async () => {
        const found = anew("Deployment", "worker");
        const annotations = { ...found.metadata.annotations, "diagbot/stopped-from": "2" };
        cluster.store.put({
          ...found,
          metadata: { ...found.metadata, annotations },
          spec: { ...found.spec, replicas: 0 },
        });
        return kubernetes.startAgain({ ...target(found), replicas: 2 });
      },
      spoil: becomes("Deployment", "worker", { replicas: 7 }),
    },
    "kubernetes.set-autoscaler-bounds": {
      prepare: async () =>
        kubernetes.setAutoscalerBounds({
          ...target(anew("HorizontalPodAutoscaler", "api-server")),
          of: "api-server",
          from: { min: 3, max: 6 },
          to: { min: 3, max: 8 },
        }),
      spoil: becomes("HorizontalPodAutoscaler", "api-server", { maxReplicas: 7 }),
    },
    "kubernetes.set-resources": {
      prepare: async () =>
        kubernetes.setResources({
          ...target(anew("Deployment", "image-resizer")),
          container: "image-resizer",
          from: 128 * MIB,
          to: 192 * MIB,
        }),
      spoil: becomes("Deployment", "image-resizer", { template: { spec: { containers: [] } } }),
    },
    "kubernetes.delete-pod": {
      prepare: async () => kubernetes.deletePod(target(aWorker(cluster))),
      spoil: async ({ input }) => {
        const { name } = input as { name: string };
        cluster.store.delete({ group: "", plural: "pods", namespace: NAMESPACE, name }, undefined, false);
      },
    },
    "kubernetes.set-cordoned": {
      prepare: async () => {
        const { name, uid } = anew("Node", "node-3").metadata;
        return kubernetes.setCordoned({ name, uid, from: false, to: true });
      },
      spoil: becomes("Node", "node-3", { unschedulable: true }),
    },
    "kubernetes.set-suspended": {
      prepare: async () =>
        kubernetes.setSuspended({ ...target(anew("CronJob", "cleanup")), from: false, to: true }),
      spoil: becomes("CronJob", "cleanup", { suspend: true }),
    },
  };
}

const revisionOf = (one: KubeObject | undefined): number =>
  Number(one?.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);

/** The ReplicaSets of api-server, newest first. */
export const apiServerRevisions = ({ store }: EmulatedCluster): KubeObject[] =>
  store
    .list({ group: "apps", plural: "replicasets", namespace: NAMESPACE })
    .filter(({ metadata }) => metadata.name.startsWith("api-server-"))
    .sort((a, b) => revisionOf(b) - revisionOf(a));

function aWorker({ store }: EmulatedCluster): KubeObject {
  const found = store
    .list({ group: "", plural: "pods", namespace: NAMESPACE })
    .find((one) => at(one, "metadata.labels.app") === "worker");
  if (found === undefined) throw new Error("no pod of worker");
  return found;
}
