import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { k8sWorkload } from "../../../runbooks/kubernetes/k8s-workload.ts";
import { type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { benchOn } from "../../helpers/kubernetes/bench.ts";
import { bodyOf, itemsOf, recorded } from "../../helpers/kubernetes/fixtures.ts";
import type { KubeObject } from "../../helpers/kubernetes/objects.ts";
import { theOne, wellCluster } from "../../helpers/kubernetes/well.ts";
import { freePort } from "../../helpers/ports.ts";
import type { Bench } from "../../helpers/run-runbook.ts";

let cluster: EmulatedCluster;
let bench: Bench;
const begin = async (objects?: readonly KubeObject[], more = {}) => {
  cluster = await emulatedCluster(objects === undefined ? {} : { objects });
  bench = benchOn(cluster, more);
};
beforeEach(() => {
  vi.setSystemTime(new Date("2026-11-22T02:14:30Z"));
});
afterEach(async () => {
  await bench.close();
  await cluster.close();
  vi.useRealTimers();
});
const ids = async (params = {}) => (await bench.diagnose(k8sWorkload, params)).findings.map(({ id }) => id);

describe("everything that fails in the recorded cluster", () => {
  const CASES: readonly (readonly [
    id: string,
    severity: string,
    says: RegExp,
    remedies: readonly string[],
  ])[] = [
    ["mount:billing-exporter", "critical", /secret "billing-exporter-tls" not found/, ["fixMount"]],
    [
      "unschedulable:ml-inference",
      "critical",
      /Of 4 nodes none takes it .*4: Insufficient nvidia\.com\/gpu/,
      ["giveRoom"],
    ],
    ["config:notifier", "critical", /configmap "notifier-config" not found/, ["fixConfig"]],
    [
      "crash:payments",
      "critical",
      /exit code 1.*Missing required environment variable STRIPE_API_BASE/s,
      ["fixCrash"],
    ],
    ["image:recommendation", "critical", /has no such image or tag/, ["fixImage"]],
    ["init:search-indexer", "critical", /Could not resolve host: elasticsearch/, ["fixCrash"]],
    [
      "liveness:websocket-gateway",
      "warning",
      /context deadline exceeded.*is the kubelet's then, and no memory/s,
      ["fixProbe"],
    ],
    ["not-made:report-generator", "warning", /has 3 of 4 pods.*exceeded quota/s, ["giveQuota"]],
  ];
  it("is told by cause, each with what answers it (trap k8s-oom-grep)", async () => {
    await begin();
    const { findings, finding } = await bench.diagnose(k8sWorkload);
    for (const [id, severity, says, remedies] of CASES) {
      const one = finding(id);
      expect([id, one.severity, one.remedies]).toEqual([id, severity, remedies]);
      expect(`${one.title} ${one.because}`).toMatch(says);
    }
    expect(finding("oom:image-resizer")).toMatchObject({
      title: expect.stringContaining("at its limit of 128 MiB"),
      because: expect.stringMatching(
        /may grow to 512 MiB by its own word \(-Xmx\), which is more than the limit/,
      ),
      remedies: ["raiseMemory", "raiseByHand"],
    });
    expect(
      findings.filter(({ id }) => /db-migrate|nightly|cleanup|seed-data|api-server|worker|redis/.test(id)),
    ).toEqual([]);
    expect(findings.find(({ id }) => id === "could-not-look")?.title).toContain("usage of the containers");
  });

  it("OOMKilled: the limit is raised, and the rollout is awaited", async () => {
    await begin();
    const { calls, previews, holds } = await (
      await bench.diagnose(k8sWorkload, { workload: "image-resizer" })
    ).apply("raiseMemory");
    expect(calls).toMatchObject([
      { input: { container: "image-resizer", from: 128 * 2 ** 20, to: 512 * 2 ** 20 } },
    ]);
    expect(previews[0]?.changes[0]).toContain("from 128 MiB to 512 MiB; its 1 pods are replaced");
    expect(holds).toBe(true);
  });

  it("an alert names the workload, and nothing else is looked at", async () => {
    await begin();
    expect(k8sWorkload.fromAlert?.({ namespace: "production", deployment: "notifier" })).toEqual({
      namespace: "production",
      workload: "notifier",
    });
    expect(await ids({ namespace: "production", workload: "notifier" })).toEqual(["config:notifier"]);
  });

  it("an alert about a namespace that the connection does not see is said to be one", async () => {
    await begin(wellCluster());
    expect(await ids({ namespace: "staging" })).toEqual(["other-namespace"]);
  });
});

describe("nodes", () => {
  it("a lost one is the cause of what is on it, although its pods still say that they run", async () => {
    vi.setSystemTime(new Date("2026-11-22T02:20:30Z"));
    await begin([
      ...wellCluster().filter(
        ({ metadata: { name } }) => name !== "node-4" && name !== "worker-b78d7d8cc-mbqrw",
      ),
      bodyOf(recorded("node-lost")[0] as never) as KubeObject,
      ...itemsOf(recorded("node-lost")[1] as never).filter(({ metadata: { name } }) =>
        name.startsWith("worker"),
      ),
    ]);
    const { findings } = await bench.diagnose(k8sWorkload);
    expect(findings.map(({ id, severity }) => [id, severity])).toEqual([["node-lost:node-4", "critical"]]);
    expect(findings[0]?.because).toMatch(/sent no sign.*1 pod that is not well \(worker\)/s);
  });

  it("one short of memory evicts: the eviction is its effect; a pod that was replaced is a note", async () => {
    vi.setSystemTime(new Date("2026-11-22T02:19:30Z"));
    const evicted = itemsOf(recorded("node-memory-pressure")[3] as never).filter(
      ({ status }) => status?.reason === "Evicted",
    );
    await begin([
      ...wellCluster().filter(({ metadata: { name } }) => name !== "node-2"),
      bodyOf(recorded("node-memory-pressure")[1] as never) as KubeObject,
      ...evicted,
    ]);
    const { findings } = await bench.diagnose(k8sWorkload);
    expect(findings.map(({ id, severity }) => [id, severity])).toEqual([
      ["node-pressure:node-2", "warning"],
      ["evicted:worker", "info"],
    ]);
  });
});

describe("what is normal", () => {
  it("a well cluster: completed jobs, ready replicas", async () => {
    await begin(wellCluster());
    expect(await ids()).toEqual([]);
  });

  it("a node that somebody cordoned, a workload scaled to zero, a cronjob's pods", async () => {
    const [node, worker] = [theOne("Node", "node-3"), theOne("Deployment", "worker")];
    await begin([
      ...wellCluster().filter(({ metadata: { name } }) => !name.startsWith("worker") && name !== "node-3"),
      { ...node, spec: { ...node.spec, unschedulable: true } },
      { ...worker, spec: { ...worker.spec, replicas: 0 }, status: { observedGeneration: 1 } },
    ]);
    expect(await ids()).toEqual([]);
  });

  it("a rollout under way, half of it done", async () => {
    vi.setSystemTime(new Date("2026-11-22T02:17:20Z"));
    const starting = itemsOf(recorded("rollout-stuck")[5] as never);
    await begin([
      ...wellCluster().filter(
        ({ kind, metadata: { name } }) => !(kind === "Pod" && name.startsWith("api-server")),
      ),
      bodyOf(recorded("rollout-stuck")[2] as never) as KubeObject,
      ...starting,
    ]);
    expect(await ids()).toEqual([]);
  });

  it("a container that came back hours ago; the same within the hour is told", async () => {
    const gateway = [theOne("Pod", "websocket-gateway"), theOne("Deployment", "websocket-gateway")];
    vi.setSystemTime(new Date("2026-11-22T05:14:30Z"));
    await begin([...wellCluster(), ...gateway]);
    expect(await ids()).toEqual([]);
    expect(await ids({ recentMinutes: 600 })).toEqual(["crash:websocket-gateway"]);
  });

  it("a pod that is being deleted within its grace; long after it is stuck", async () => {
    const pod = theOne("Pod", "worker");
    pod.metadata.deletionTimestamp = "2026-11-22T02:14:20Z";
    pod.metadata.name = "worker-old";
    pod.metadata.uid = "old";
    await begin([...wellCluster(), pod]);
    expect(await ids()).toEqual([]);
    vi.setSystemTime(new Date("2026-11-22T02:30:00Z"));
    expect(await ids()).toEqual(["terminating:worker"]);
  });

  it("a pod that a cluster autoscaler makes room for", async () => {
    const pod = theOne("Pod", "ml-inference");
    await begin([...wellCluster(), pod]);
    cluster.store.put({
      kind: "Event",
      apiVersion: "v1",
      metadata: { name: "up", namespace: "production", uid: "up" },
      involvedObject: {
        kind: "Pod",
        name: pod.metadata.name,
        namespace: "production",
        uid: pod.metadata.uid,
      },
      ...{ type: "Normal", lastTimestamp: new Date().toISOString(), reason: "TriggeredScaleUp" },
      message: "pod triggered scale-up",
    });
    expect(await ids()).toEqual([]);
  });
});

describe("what cannot be looked at", () => {
  it("nodes that the account may not list are said, with the rule that allows it; all else is judged", async () => {
    await begin();
    cluster.denies = (_verb, resource) => resource === "nodes";
    const { findings } = await bench.diagnose(k8sWorkload);
    expect(findings.map(({ id }) => id)).toContain("crash:payments");
    expect(JSON.stringify(findings.find(({ id }) => id === "could-not-look"))).toContain("nodes");
  });

  it("an API server that is not there is one finding, and no other", async () => {
    await begin();
    await bench.close();
    bench = benchOn(cluster, { kubeconfig: cluster.kubeconfig({ token: "x" }, await freePort()) });
    const { findings } = await bench.diagnose(k8sWorkload);
    expect(findings.map(({ id }) => id)).toEqual(["cluster-unreachable"]);
    expect(findings[0]?.title).toContain("connection refused");
  });
});

it("a paused deployment with a change that waits is resumed", async () => {
  const worker = theOne("Deployment", "worker");
  await begin([
    ...wellCluster().filter(({ kind, metadata: { name } }) => !(kind === "Deployment" && name === "worker")),
    { ...worker, spec: { ...worker.spec, paused: true }, status: { ...worker.status, updatedReplicas: 1 } },
  ]);
  const diagnosis = await bench.diagnose(k8sWorkload);
  expect(diagnosis.findings.map(({ id, remedies }) => [id, remedies])).toEqual([
    ["paused:worker", ["resume"]],
  ]);
  expect((await diagnosis.apply("resume")).holds).toBe(true);
});

it("one replica that hangs while its twins serve is replaced; not where all of them have it", async () => {
  vi.setSystemTime(new Date("2026-11-22T06:00:00Z"));
  const hung = theOne("Pod", "worker");
  const status = hung.status as {
    conditions: { type: string; status: string }[];
    containerStatuses: { ready: boolean }[];
  };
  for (const one of status.conditions) if (one.type === "Ready") one.status = "False";
  for (const one of status.containerStatuses) one.ready = false;
  const worker = theOne("Deployment", "worker");
  await begin([
    ...wellCluster().filter(({ metadata: { name, uid } }) => uid !== hung.metadata.uid && name !== "worker"),
    hung,
    { ...worker, status: { ...worker.status, readyReplicas: 2, availableReplicas: 2 } },
  ]);
  const diagnosis = await bench.diagnose(k8sWorkload);
  expect(diagnosis.finding("not-ready:worker").remedies).toEqual(["replacePod", "fixProbe"]);
  expect((await diagnosis.apply("replacePod")).holds).toBe(true);
});
