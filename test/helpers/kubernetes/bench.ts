import { kubernetesConnector } from "../../../src/connectors/kubernetes/index.ts";
import { type Bench, openBench } from "../run-runbook.ts";
import type { EmulatedCluster } from "./api-server.ts";
import { recordedCluster } from "./fixtures.ts";
import type { KubeObject } from "./objects.ts";

/** A bench on an emulated cluster, with more settings of the connection where wanted. */
export const benchOn = (cluster: EmulatedCluster, more: Record<string, unknown> = {}): Bench =>
  openBench({
    connections: { cluster: { kind: "kubernetes", ...cluster.settings(more) } },
    connectors: [kubernetesConnector],
  });

/** Names of what is well in the recorded cluster. */
const WELL = /^(api-server|worker|redis|node-|production|seed-data|cleanup|data-redis)/;

/** Its only budget never lets a pod go, and its autoscalers have no metrics. */
const NOT_WELL = ["Event", "HorizontalPodAutoscaler", "PodDisruptionBudget"];

/** The recorded cluster without what fails in it: three workloads, their nodes, a completed job. */
export const wellCluster = (): KubeObject[] =>
  recordedCluster().filter(
    ({ kind = "", metadata: { name } }) => !NOT_WELL.includes(kind) && WELL.test(name),
  );

/** One recorded object, to be changed and put. */
export function theOne(kind: string, begins: string): KubeObject {
  const found = recordedCluster().find((one) => one.kind === kind && one.metadata.name.startsWith(begins));
  if (found === undefined) throw new Error(`no ${kind} ${begins} is recorded`);
  return structuredClone(found);
}
