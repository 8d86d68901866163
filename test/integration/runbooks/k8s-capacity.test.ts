import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { k8sCapacity } from "../../../runbooks/kubernetes/k8s-capacity.ts";
import { CURRENT, type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { benchOn } from "../../helpers/kubernetes/bench.ts";
import { bodyOf, itemsOf, recorded } from "../../helpers/kubernetes/fixtures.ts";
import type { KubeObject } from "../../helpers/kubernetes/objects.ts";
import { theOne, wellCluster } from "../../helpers/kubernetes/well.ts";
import type { Bench } from "../../helpers/run-runbook.ts";

let cluster: EmulatedCluster;
let bench: Bench;
const begin = async (
  objects?: readonly KubeObject[],
  more: { serves?: readonly string[]; settings?: Record<string, unknown> } = {},
) => {
  cluster = await emulatedCluster({
    ...(objects === undefined ? {} : { objects }),
    ...(more.serves === undefined ? {} : { serves: more.serves }),
  });
  const at = (path: string) =>
    recorded("metrics").filter(
      ({ request, response }) => request.path.endsWith(path) && response.status === 200,
    );
  const [pods, nodes] = [at("production/pods")[0], at("/nodes")[0]];
  if (pods && nodes) cluster.metrics = { pods: { ...bodyOf(pods), items: [] }, nodes: bodyOf(nodes) };
  bench = benchOn(cluster, more.settings);
};
beforeEach(() => {
  vi.setSystemTime(new Date("2026-11-22T02:14:30Z"));
});
afterEach(async () => {
  await bench.close();
  await cluster.close();
  vi.useRealTimers();
});
const found = async (params = {}) =>
  (await bench.diagnose(k8sCapacity, params)).findings.map(({ id, severity, remedies }) => [
    id,
    severity,
    ...remedies,
  ]);

it("the recorded cluster: an orphan, no metrics API, a class that is not there, a quota that refuses", async () => {
  await begin();
  cluster.metrics = undefined;
  const diagnosis = await bench.diagnose(k8sCapacity);
  expect(await found()).toEqual(
    [
      ["hpa-blind:production/api-server", "warning", "fixMetrics"],
      ["hpa-target:production/orphan", "warning", "fixTarget"],
      ["hpa-blind:production/worker", "warning", "fixMetrics"],
      ["claim:production/analytics-data", "warning", "fixClaim"],
      ["budget:production/redis", "info", "loosenBudget"],
      ["could-not-look", "info"],
    ].filter(([id]) => diagnosis.findings.some((one) => one.id === id)),
  );
  expect(diagnosis.finding("hpa-blind:production/api-server").because).toContain(
    "The metrics API is not there",
  );
  expect(diagnosis.finding("hpa-target:production/orphan").because).toContain('"does-not-exist" not found');
  expect(diagnosis.finding("claim:production/analytics-data").because).toMatch(
    /200 GiB of class fast-ssd.*storageclass\.storage\.k8s\.io "fast-ssd" not found/s,
  );
});

it("a well cluster", async () => {
  await begin(wellCluster());
  expect(await found()).toEqual([]);
});

/** api-server's autoscaler as it was recorded with metrics, changed. */
const autoscaler = (spec: object, status: object): KubeObject => {
  const exchange = recorded("hpa-with-metrics").find(({ request }) => request.path.includes("v2beta2"));
  const one = exchange && itemsOf(exchange).find(({ metadata }) => metadata.name === "api-server");
  if (!one) throw new Error("not recorded");
  return { ...one, spec: { ...one.spec, ...spec }, status: { ...one.status, ...status } };
};
const conditions = (limited: string, active = "True", reason = "ValidMetricFound") => [
  { type: "AbleToScale", status: "True", reason: "SucceededRescale" },
  { type: "ScalingActive", status: active, reason },
  { type: "ScalingLimited", status: limited === "" ? "False" : "True", reason: limited },
];
const atMost = () =>
  autoscaler(
    { maxReplicas: 3 },
    { currentReplicas: 3, desiredReplicas: 3, conditions: conditions("TooManyReplicas") },
  );

describe("an autoscaler", () => {
  it("at its maximum that wants more gets a higher one, within the connection's own and the database's", async () => {
    await begin([...wellCluster(), atMost()]);
    const diagnosis = await bench.diagnose(k8sCapacity);
    expect(diagnosis.finding("hpa-max:production/api-server")).toMatchObject({
      because: expect.stringContaining("cpu 94 % of requests, wanted 70 %"),
      remedies: ["raiseBounds"],
    });
    const { calls, outputs } = await diagnosis.apply("raiseBounds");
    expect(calls).toMatchObject([{ input: { from: { min: 3, max: 3 }, to: { min: 3, max: 5 } } }]);
    expect(outputs).toHaveLength(1);
  });

  it("that may not have more is told so; the database's budget refuses", async () => {
    await begin([...wellCluster(), atMost()], { settings: { scale: { min: 1, max: 3 } } });
    expect(await found()).toEqual([["hpa-max:production/api-server", "warning", "moveBounds"]]);
    await bench.close();
    bench = benchOn(cluster, { databaseBudget: { "api-server": { perReplica: 10, total: 40 } } });
    const { previews } = await (await bench.diagnose(k8sCapacity)).apply("raiseBounds");
    expect(previews[0]?.refused).toMatch(/5 replicas with 10 connections each want 50/);
  });

  it("at its maximum by its own computation, within its range, or switched off is well", async () => {
    for (const status of [
      { currentReplicas: 3, desiredReplicas: 3, conditions: conditions("") },
      { currentReplicas: 3, desiredReplicas: 3, conditions: conditions("TooFewReplicas") },
      { currentReplicas: 0, desiredReplicas: 0, conditions: conditions("", "False", "ScalingDisabled") },
    ]) {
      await begin([...wellCluster(), autoscaler({ maxReplicas: 3 }, status)]);
      expect(await found()).toEqual([]);
      await bench.close();
      await cluster.close();
    }
    await begin(wellCluster());
  });

  it("that fights a scale by hand", async () => {
    await begin([
      ...wellCluster(),
      autoscaler({ minReplicas: 4, maxReplicas: 6 }, { conditions: conditions("") }),
    ]);
    expect(await found()).toEqual([["hpa-fought:production/api-server", "warning", "moveBounds"]]);
  });

  it("without a request on a container, and without figures yet", async () => {
    const blind = (message: string) => [
      { type: "AbleToScale", status: "True" },
      { type: "ScalingActive", status: "False", reason: "FailedGetResourceMetric", message },
    ];
    await begin([...wellCluster(), autoscaler({}, { conditions: blind("missing request for cpu") })], {});
    expect((await bench.diagnose(k8sCapacity)).finding("hpa-blind:production/api-server").because).toContain(
      "has no request for the resource",
    );
  });

  it("is read from autoscaling/v2 and policy/v1 of a current server", async () => {
    await begin([...wellCluster(), { ...atMost(), apiVersion: "autoscaling/v2" }], { serves: CURRENT });
    expect((await found())[0]?.[0]).toBe("hpa-max:production/api-server");
    expect(cluster.requests.some((one) => /v2beta2|policy\/v1beta1/.test(one))).toBe(false);
  });
});

describe("quotas and budgets", () => {
  const quota = (used: string, hard = "20Gi"): KubeObject => ({
    ...theOne("ResourceQuota", "compute-quota"),
    status: {
      hard: { "limits.memory": hard, "count/jobs.batch": "4" },
      used: { "limits.memory": used, "count/jobs.batch": "3" },
    },
  });
  it("a quota near its end is a note; one that refuses pods is a warning; three of four jobs are neither", async () => {
    await begin([...wellCluster(), quota("19Gi")]);
    expect(await found()).toEqual([["quota:production/compute-quota/limits.memory", "info", "giveQuota"]]);
    cluster.store.put({
      ...theOne("Event", "report-generator"),
      metadata: { name: "refused", namespace: "production", uid: "refused" },
      message: 'pods "x" is forbidden: exceeded quota: compute-quota, requested: limits.memory=3Gi',
      reason: "FailedCreate",
      type: "Warning",
    });
    expect((await found())[0]).toEqual([
      "quota:production/compute-quota/limits.memory",
      "warning",
      "giveQuota",
    ]);
    cluster.store.put(quota("10Gi"));
    expect(await found()).toEqual([]);
  });

  it("a refusal counts for what was asked for, of the quota that refused; one of nothing is told once it refuses", async () => {
    const event = (message: string) => ({
      ...theOne("Event", "report-generator"),
      metadata: { name: "refused", namespace: "production", uid: "refused" },
      ...{ message, reason: "FailedCreate", type: "Warning" },
    });
    const of = (hard: Record<string, string>, used: Record<string, string>) => ({
      ...theOne("ResourceQuota", "compute-quota"),
      status: { hard, used },
    });
    // `pods` stands in front of every refusal of a pod, and `compute-quota` in the name of another quota.
    await begin([
      ...wellCluster(),
      of({ pods: "10" }, { pods: "9" }),
      event('pods "x" is forbidden: exceeded quota: compute-quota-2, requested: pods=1, used: pods=9'),
    ]);
    expect(await found()).toEqual([["quota:production/compute-quota/pods", "info", "giveQuota"]]);
    cluster.store.put(
      event(
        'pods "x" is forbidden: exceeded quota: compute-quota, requested: limits.cpu=2, used: limits.cpu=9',
      ),
    );
    expect(await found()).toEqual([["quota:production/compute-quota/pods", "info", "giveQuota"]]);
    cluster.store.put(of({ "services.loadbalancers": "0" }, { "services.loadbalancers": "0" }));
    expect(await found()).toEqual([]);
    cluster.store.put(
      event(
        'services "x" is forbidden: exceeded quota: compute-quota, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: services.loadbalancers=0',
      ),
    );
    expect(await found()).toEqual([
      ["quota:production/compute-quota/services.loadbalancers", "warning", "giveQuota"],
    ]);
  });

  it("what the volume controller says of a claim is no warning, and still why it gets none; one asked for just now is under way", async () => {
    const claim = (createdAt: string): KubeObject => {
      const one = theOne("PersistentVolumeClaim", "analytics-data");
      return { ...one, metadata: { ...one.metadata, creationTimestamp: createdAt } };
    };
    const says = (reason: string, message: string): KubeObject => ({
      ...theOne("Event", "report-generator"),
      metadata: { name: "claim", namespace: "production", uid: "claim" },
      involvedObject: { kind: "PersistentVolumeClaim", namespace: "production", name: "analytics-data" },
      ...{ reason, message, type: "Normal" },
    });
    const none = "no persistent volumes available for this claim and no storage class is set";
    await begin([...wellCluster(), claim("2026-11-22T02:10:00Z"), says("FailedBinding", none)]);
    expect((await bench.diagnose(k8sCapacity)).finding("claim:production/analytics-data").because).toContain(
      none,
    );
    cluster.store.put(says("ExternalProvisioning", "waiting for a volume to be created by csi.example"));
    expect(await found()).toEqual([]);
    cluster.store.put(claim("2026-11-22T01:10:00Z"));
    expect(await found()).toEqual([["claim:production/analytics-data", "warning", "fixClaim"]]);
  });

  it("a budget that never lets a pod go is told apart from one that waits for its pods", async () => {
    const budget = theOne("PodDisruptionBudget", "");
    const having = (healthy: number): KubeObject => ({
      ...budget,
      status: { disruptionsAllowed: 0, currentHealthy: healthy, desiredHealthy: 2, expectedPods: 2 },
    });
    const id = `budget:production/${budget.metadata.name}`;
    await begin([...wellCluster(), having(2)]);
    expect(await found()).toContainEqual([id, "info", "loosenBudget"]);
    cluster.store.put(having(1));
    expect(await found()).toContainEqual([id, "warning", "loosenBudget"]);
    cluster.store.put({
      ...budget,
      status: { disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2, expectedPods: 3 },
    });
    expect((await found()).filter(([one]) => one === id)).toEqual([]);
  });
});

it("a container near its limit by the metrics API; one far from it is well (trap k8s-top-not-throttle)", async () => {
  await begin(wellCluster());
  const of = (memory: string) => ({
    kind: "PodMetricsList",
    metadata: {},
    items: [
      {
        metadata: { name: "api-server-85cccffd4f-cvwft", namespace: "production" },
        window: "30s",
        containers: [{ name: "api-server", usage: { cpu: "1", memory } }],
      },
    ],
  });
  cluster.metrics = { pods: of("500Mi"), nodes: { items: [] } };
  const { findings } = await bench.diagnose(k8sCapacity);
  expect(findings.map(({ id, title }) => [id, title])).toEqual([
    [
      "near-limit:production/api-server-85cccffd4f-cvwft/api-server",
      "api-server in api-server-85cccffd4f-cvwft uses 98 % of its memory limit",
    ],
  ]);
  cluster.metrics = { pods: of("100Mi"), nodes: { items: [] } };
  expect(await found()).toEqual([]);
});

it("a metrics API whose server is down, or that the account may not ask, is said not to have been looked at", async () => {
  await begin(wellCluster());
  cluster.metrics = "down";
  expect(await found()).toEqual([["could-not-look", "info"]]);
  cluster.metrics = { pods: { items: [] }, nodes: { items: [] } };
  cluster.denies = (_verb, _resource, group) => group === "metrics.k8s.io";
  expect(await found()).toEqual([["could-not-look", "info"]]);
});
