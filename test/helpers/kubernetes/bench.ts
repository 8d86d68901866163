import { kubernetesConnector } from "../../../src/connectors/kubernetes/index.ts";
import { type Bench, type BenchOptions, openBench } from "../run-runbook.ts";
import type { EmulatedCluster } from "./api-server.ts";

/** A bench on an emulated cluster, with more settings of the connection where wanted. */
export const benchOn = (
  cluster: EmulatedCluster,
  more: Record<string, unknown> = {},
  options: Pick<BenchOptions, "patienceMs"> = {},
): Bench =>
  openBench({
    ...options,
    connections: { cluster: { kind: "kubernetes", ...cluster.settings(more) } },
    connectors: [kubernetesConnector],
  });
