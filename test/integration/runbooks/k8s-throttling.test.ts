// What stops containers, by the counters of a real Prometheus, beside an emulated cluster.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { k8sCapacity } from "../../../runbooks/kubernetes/k8s-capacity.ts";
import { kubernetesConnector } from "../../../src/connectors/kubernetes/index.ts";
import { prometheusConnector } from "../../../src/connectors/prometheus/index.ts";
import { type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { asOfNow, wellCluster } from "../../helpers/kubernetes/well.ts";
import { startPrometheus, whyNoPrometheus } from "../../helpers/prometheus-server.ts";
import { openBench } from "../../helpers/run-runbook.ts";

const missing = whyNoPrometheus();
const POD = "api-server-85cccffd4f-cvwft";

/** Periods of 100 ms with work, a share of them stopped, and CPUs used, a second. */
const container = (pod: string, namespace: string, perSecond: number, share: number) => {
  const labels = { job: "kubelet", namespace, pod, container: "api-server" };
  const counts = [
    ["container_cpu_cfs_periods_total", perSecond],
    ["container_cpu_cfs_throttled_periods_total", perSecond * share],
    ["container_cpu_usage_seconds_total", 0.2],
  ] as const;
  return counts.map(([name, rate]) => ({ name, labels, value: (seconds: number) => seconds * rate }));
};

describe.skipIf(missing !== undefined)(`CPU throttling (skipped: ${missing ?? "no"})`, () => {
  let cluster: EmulatedCluster;
  let metrics: Awaited<ReturnType<typeof startPrometheus>>;
  beforeAll(async () => {
    cluster = await emulatedCluster({ objects: asOfNow(wellCluster()) });
    metrics = await startPrometheus(
      [
        ...container(POD, "production", 10, 0.6),
        // Stopped a third of the time, of hardly any: it did nothing.
        ...container("worker-6d4cf56db6-aaaaa", "production", 0.01, 0.34),
        ...container("api-server-85cccffd4f-bbbbb", "production", 10, 0.02),
        ...container("other-5ddf47b479-ccccc", "elsewhere", 10, 0.9),
      ],
      {},
    );
  });
  afterAll(async () => {
    await cluster?.close();
    await metrics?.stop();
  });
  const diagnose = (settings: Record<string, unknown>) => {
    const bench = openBench({
      connections: {
        cluster: { kind: "kubernetes", ...cluster.settings(settings) },
        // The application's own labels are none of the kubelet's series.
        metrics: { kind: "prometheus", url: metrics.url, labels: { job: "shop" } },
      },
      connectors: [kubernetesConnector, prometheusConnector],
    });
    return bench.diagnose(k8sCapacity).finally(() => bench.close());
  };

  it("a container that its limit stops is named with what it uses; one that is idle, and those of others, are not", async () => {
    const { findings, finding } = await diagnose({});
    expect(findings.filter(({ id }) => id.startsWith("throttled:")).map(({ id }) => id)).toEqual([
      "throttled:production/api-server/api-server",
    ]);
    const { title, because, remedies } = finding("throttled:production/api-server/api-server");
    expect(title).toContain("is stopped by its CPU limit in 60 % of its periods");
    expect(because).toContain("though it uses 0.20 CPUs on average");
    expect(remedies).toEqual(["raiseCpu"]);
  });

  it("without the kubelets' series nothing is known of it, and that is said", async () => {
    const { finding } = await diagnose({ namespace: "nowhere" });
    expect(JSON.stringify(finding("could-not-look"))).toContain(
      "CPU throttling of the containers in nowhere",
    );
  });
});
