import { describe, expect, it } from "vitest";
import type { Pod, Sight } from "../../../runbooks/kubernetes/case.ts";
import { k8sWorkload } from "../../../runbooks/kubernetes/k8s-workload.ts";
import { causeOf } from "../../../runbooks/kubernetes/pod-cause.ts";
import { workloadFindings } from "../../../runbooks/kubernetes/rollouts.ts";
import { partsOf } from "../../../runbooks/kubernetes/scheduling.ts";
import { quantity } from "../../../src/connectors/kubernetes/api/quantity.ts";
import { templateDiff } from "../../../src/connectors/kubernetes/reads/template-diff.ts";

const NOW = new Date("2026-11-30T12:00:00Z");

describe("the scheduler's reasons", () => {
  it("are summed up over the nodes; the tail about preemption is left out", () => {
    expect(
      partsOf(
        "0/6 nodes are available: 1 node(s) had taint {dedicated: gpu}, that the pod didn't tolerate, 2 node(s) were unschedulable, 3 Insufficient cpu. preemption: 0/6 nodes are available: 3 No preemption victims found for incoming pod.",
      ),
    ).toEqual({
      total: 6,
      parts: [
        { nodes: 1, why: "had taint {dedicated: gpu}, that the pod didn't tolerate" },
        { nodes: 2, why: "were unschedulable" },
        { nodes: 3, why: "Insufficient cpu" },
      ],
    });
  });

  it("in a form that is not known are not taken apart", () => {
    expect(partsOf("no nodes available to schedule pods")).toEqual({ total: null, parts: [] });
  });
});

it("a scheduling gate is no lack of room; a node that was asked for does not come for ever", () => {
  const pod = (minutes: number, unschedulable: string) =>
    ({
      ...{ namespace: "shop", name: "api-1", uid: "u", owner: null, isControlled: false, node: null },
      ...{ phase: "Pending", reason: "", message: "", deletedAt: null, graceSeconds: null, finalizers: [] },
      ...{ ready: false, readySince: null, restartPolicy: "Always", containers: [], unschedulable },
      createdAt: new Date(NOW.getTime() - minutes * 60_000).toISOString(),
    }) satisfies Pod;
  const up = (minutes: number): Sight["events"] => ({
    events: [
      {
        ...{ namespace: "shop", kind: "Pod", name: "api-1", uid: "u", field: "", isWarning: false, count: 1 },
        ...{ reason: "TriggeredScaleUp", message: "pod triggered scale-up" },
        at: new Date(NOW.getTime() - minutes * 60_000).toISOString(),
      },
    ],
  });
  const cause = (one: Pod, events?: Sight["events"]) =>
    causeOf(
      one,
      { pods: { namespaces: [], total: 1, well: 0, pods: [one], notSeen: [] }, events },
      { now: NOW, recentSeconds: 3_600 },
    );
  const gated = cause(pod(60, "Scheduling is blocked due to non-empty scheduling gates"));
  expect(gated?.title).toBe("cannot be scheduled: a scheduling gate holds it back");
  const full = "0/3 nodes are available: 3 Insufficient cpu.";
  expect(cause(pod(5, full), up(4))).toBeUndefined();
  expect(cause(pod(60, full), up(55))?.title).toContain("not enough cpu");
});

it("quantities in every spelling; what is none is none", () => {
  const all = ["512Mi", "250m", "1.5Gi", "12e3", "307200k", "2", "", "12Xi", "-1", null].map(quantity);
  expect(all).toEqual([
    512 * 2 ** 20,
    0.25,
    1.5 * 2 ** 30,
    12_000,

    307_200_000,
    2,
    null,
    null,
    -1,
    null,
  ]);
});

it("what a template changed is told by container; of the environment the name only", () => {
  const template = (image: string, password: string, memory: string, more: object[] = []) => ({
    metadata: { labels: { app: "api", "pod-template-hash": image } },
    spec: {
      containers: [
        {
          name: "api",
          image,
          env: [{ name: "DB_PASSWORD", value: password }, ...more],
          resources: { limits: { memory } },
        },
      ],
    },
  });
  const lines = templateDiff(
    template("api:1", "old-secret", "64Mi"),
    template("api:2", "new-secret", "128Mi", [{ name: "MODE", value: "x" }]),
  );
  expect(lines.sort()).toEqual([
    "api: env DB_PASSWORD changed",
    "api: env MODE added",
    "api: image api:1 → api:2",
    "api: resources.limits.memory 64Mi → 128Mi",
  ]);
  expect(lines.join()).not.toContain("secret");
});

describe("a workload that lacks a replica", () => {
  const now = new Date("2026-11-22T03:00:00Z");
  const worker = {
    kind: "Deployment" as const,
    namespace: "shop",
    name: "worker",
    uid: "w",
    createdAt: "2026-11-20T00:00:00Z",
    ...{ desired: 3, current: 3, ready: 2, available: 2, updated: 3, paused: false, isObserved: true },
    ...{
      progress: null,
      replicaFailure: "",
      revision: 1,
      strategy: "RollingUpdate",
      containers: [],
      managedBy: "",
    },
  };
  const pod = (createdAt: string) => ({
    ...{
      namespace: "shop",
      name: "worker-1",
      uid: "p",
      owner: { kind: "Deployment", name: "worker" },
      isControlled: true,
    },
    ...{
      node: "n",
      phase: "Running",
      reason: "",
      message: "",
      createdAt,
      deletedAt: null,
      graceSeconds: null,
    },
    ...{
      finalizers: [],
      ready: false,
      readySince: null,
      unschedulable: "",
      restartPolicy: "Always",
      containers: [],
    },
  });
  const found = (createdAt: string) =>
    workloadFindings(
      {
        pods: { namespaces: ["shop"], total: 3, well: 2, pods: [pod(createdAt)] },
        workloads: { workloads: [worker] },
      },
      {},
      [],
      { now, recentSeconds: 3600 },
    ).map(({ id }) => id);

  it("whose pod was made a moment ago is as it should be; later it is told", () => {
    expect(found("2026-11-22T02:59:30Z")).toEqual([]);
    expect(found("2026-11-22T02:50:00Z")).toEqual(["short:worker"]);
  });
});

it("labels of kube-state-metrics itself are not what an alert is about", () => {
  const own = { namespace: "monitoring", pod: "kube-state-metrics-7d", container: "kube-state-metrics" };
  expect(k8sWorkload.fromAlert?.({ ...own, node: "node-4" })).toEqual({});
  expect(k8sWorkload.fromAlert?.({ namespace: "monitoring", node: "node-4" })).toEqual({});
  expect(k8sWorkload.fromAlert?.({ ...own, namespace: "shop", deployment: "api" })).toEqual({
    namespace: "shop",
    workload: "api",
  });
  expect(k8sWorkload.fromAlert?.({ namespace: "shop", pod: "api-1", node: "node-4" })).toEqual({
    namespace: "shop",
    pod: "api-1",
  });
});
