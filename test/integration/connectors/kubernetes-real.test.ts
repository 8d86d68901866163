import { describe, expect, it } from "vitest";
import { k8sCapacity } from "../../../runbooks/kubernetes/k8s-capacity.ts";
import { k8sJobs } from "../../../runbooks/kubernetes/k8s-jobs.ts";
import { k8sService } from "../../../runbooks/kubernetes/k8s-service.ts";
import { k8sWorkload } from "../../../runbooks/kubernetes/k8s-workload.ts";
import { kubernetesConnector } from "../../../src/connectors/kubernetes/index.ts";
import { type Call, kubernetes } from "../../../src/sdk/index.ts";
import { openBench } from "../../helpers/run-runbook.ts";

// Against a real cluster, where one is given: `KUBECONFIG=… KUBE_NAMESPACE=… npx vitest run …/kubernetes-real`. It only looks.
const { KUBECONFIG: kubeconfig, KUBE_NAMESPACE: namespace = "default" } = process.env;

describe.skipIf(kubeconfig === undefined)(
  `a real cluster${kubeconfig === undefined ? " (skipped: KUBECONFIG is not set)" : ""}`,
  () => {
    const open = () =>
      openBench({
        connections: { cluster: { kind: "kubernetes", kubeconfig, namespace } },
        connectors: [kubernetesConnector],
      });

    it("answers every read in the shape that is expected, or says that the account may not", async () => {
      const bench = open();
      try {
        const calls: readonly Call[] = [
          kubernetes.version(),
          kubernetes.pods(),
          kubernetes.workloads(),
          kubernetes.events(),
          kubernetes.nodes(),
          kubernetes.services(),
          kubernetes.claims(),
          kubernetes.quotas(),
          kubernetes.budgets(),
          kubernetes.autoscalers(),
          kubernetes.jobs(),
          kubernetes.usage(),
        ];
        for (const call of calls) {
          const error = await bench.call(call).then(
            () => undefined,
            (thrown: { detail?: string }) => thrown,
          );
          if (error !== undefined) expect(error).toMatchObject({ detail: "forbidden" });
        }
      } finally {
        await bench.close();
      }
    });

    it.each([k8sWorkload, k8sService, k8sCapacity, k8sJobs])("is judged by $id", async (runbook) => {
      const bench = open();
      try {
        const { findings } = await bench.diagnose(runbook);
        expect(findings.map(({ id }) => id)).not.toContain("cluster-unreachable");
      } finally {
        await bench.close();
      }
    });
  },
);
