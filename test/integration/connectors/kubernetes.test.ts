import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kubernetesConnector } from "../../../src/connectors/kubernetes/index.ts";
import { kubernetes } from "../../../src/sdk/index.ts";
import { type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { recordedCluster } from "../../helpers/kubernetes/fixtures.ts";
import { statusBody } from "../../helpers/kubernetes/objects.ts";
import { theOne } from "../../helpers/kubernetes/well.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

let cluster: EmulatedCluster;
let bench: Bench;
const open = (more: Record<string, unknown> = {}) =>
  openBench({
    connections: { cluster: { kind: "kubernetes", ...cluster.settings(more) } },
    connectors: [kubernetesConnector],
  });
beforeEach(async () => {
  cluster = await emulatedCluster();
  bench = open();
});
afterEach(async () => {
  await bench.close();
  await cluster.close();
});
const refuse = (status: number, message: string, more: object = {}) => {
  cluster.fails = () => ({ status, body: statusBody({ status, message, ...more }) });
};

describe("traps of the API", () => {
  it("the log of a pod without a node is a 204 without a content type: it has none yet", async () => {
    const { logs, notSeen } = await bench.call(
      kubernetes.logs({
        of: [{ namespace: "production", pod: "ml-inference-7548d47f5b-gn684", container: "ml-inference" }],
      }),
    );
    expect(logs).toMatchObject([{ lines: [], none: "it has no node yet" }]);
    expect(notSeen).toEqual([]);
  });

  it("zero counts are absent fields: they are 0, and no error", async () => {
    const { workloads } = await bench.call(kubernetes.workloads());
    expect(workloads.find(({ name }) => name === "payments")).toMatchObject({
      ready: 0,
      available: 0,
      desired: 1,
    });
    expect(workloads.find(({ name }) => name === "worker")).toMatchObject({ ready: 3, available: 3 });
  });

  it("right after a change the counts are of the spec before: generation and observedGeneration tell", async () => {
    cluster.store.settles = false;
    cluster.store.patch(
      { group: "apps", plural: "deployments", namespace: "production", name: "worker" },
      "application/merge-patch+json",
      { spec: { replicas: 5 } },
      false,
    );
    const { workloads } = await bench.call(kubernetes.workloads());
    expect(workloads.find(({ name }) => name === "worker")).toMatchObject({
      desired: 5,
      ready: 3,
      isObserved: false,
    });
  });

  it("a misspelt namespace has an empty list of pods: it is asked for, and said", async () => {
    const wrong = open({ namespace: "prodution" });
    await expect(wrong.call(kubernetes.pods())).rejects.toMatchObject({
      code: "target_refused",
      detail: "no-namespace",
    });
    await wrong.close();
  });

  it("a namespace nobody may ask for is not said to be missing", async () => {
    const other = open({ namespace: "empty" });
    cluster.denies = (_verb, resource) => resource === "namespaces";
    expect(await other.call(kubernetes.pods())).toMatchObject({ total: 0 });
    await other.close();
  });

  it("events of the scheduler have no count and no last time: eventTime is theirs, and the newest come first", async () => {
    const { events } = await bench.call(kubernetes.events());
    const scheduling = events.find(({ reason }) => reason === "FailedScheduling");
    expect(scheduling).toMatchObject({ count: null, at: expect.stringMatching(/^2026-11-22T02:13/) });
    const times = events.map(({ at }) => Date.parse(at ?? ""));
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it("no token is 403 system:anonymous, a bad one 401; both are said of the account", async () => {
    const anonymous = open({ kubeconfig: cluster.kubeconfig({}) });
    await expect(anonymous.call(kubernetes.pods())).rejects.toMatchObject({
      code: "target_auth",
      detail: "forbidden",
      said: { user: "system:anonymous" },
    });
    await anonymous.close();
    const wrong = open({ kubeconfig: cluster.kubeconfig({ token: "nobody's" }) });
    await expect(wrong.call(kubernetes.pods())).rejects.toMatchObject({ code: "target_auth", detail: "401" });
    await wrong.close();
  });

  it("a token that is rotated below us: after 401 the kubeconfig is read again, once", async () => {
    await bench.call(kubernetes.version());
    let refused = 0;
    cluster.fails = () => {
      refused += 1;
      return refused === 1
        ? { status: 401, body: statusBody({ status: 401, message: "Unauthorized" }) }
        : undefined;
    };
    expect(await bench.call(kubernetes.version())).toMatchObject({ version: "v1.20.2" });
  });

  it("Forbidden says which verb on which resource, and the rule to paste", async () => {
    cluster.denies = (_verb, resource) => resource === "pods";
    await expect(bench.call(kubernetes.pods())).rejects.toMatchObject({
      code: "target_auth",
      hint: 'Allow it: - { apiGroups: [""], resources: ["pods"], verbs: ["list"] } in a Role of namespace production.',
    });
  });

  it("a list is read page by page; a token that has expired (410) carries one to go on with", async () => {
    cluster.pageSize = 5;
    const whole = await bench.call(kubernetes.pods());
    expect(whole.total).toBe(24);
    let expired = false;
    cluster.fails = ({ url }) => {
      const token = url.searchParams.get("continue");
      if (token === null || expired) return undefined;
      expired = true;
      const body = statusBody({
        status: 410,
        reason: "Expired",
        message: "The provided continue parameter is too old",
      });
      return { status: 410, body: { ...body, metadata: { continue: token } } };
    };
    expect((await bench.call(kubernetes.pods())).total).toBe(24);
    expect(expired).toBe(true);
  });

  it("429 and 503 are errors of the server with the time it asks for", async () => {
    refuse(429, "too many requests", { details: { retryAfterSeconds: 3 } });
    await expect(bench.call(kubernetes.pods())).rejects.toMatchObject({
      code: "target_error",
      detail: "429",
      said: { retryAfter: "3" },
    });
    cluster.fails = () => ({ status: 503, body: "service unavailable\n" });
    await expect(bench.call(kubernetes.pods())).rejects.toMatchObject({
      code: "target_error",
      detail: "503",
    });
  });

  it("evicted pods have no containerStatuses", async () => {
    const evicted = recordedCluster().find(({ metadata }) => metadata.name === "redis-0");
    if (evicted === undefined) throw new Error("not recorded");
    cluster.store.put({
      ...evicted,
      metadata: { ...evicted.metadata, name: "gone", uid: "gone" },
      status: { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." },
    });
    const { pods } = await bench.call(kubernetes.pods());
    expect(pods.find(({ name }) => name === "gone")).toMatchObject({
      phase: "Failed",
      reason: "Evicted",
      containers: [{ state: "unknown", restarts: 0 }],
    });
  });

  it("logs of all replicas, each with its own answer (trap k8s-logs-one-pod)", async () => {
    const pods = [
      "api-server-85cccffd4f-cvwft",
      "api-server-85cccffd4f-rzmlz",
      "api-server-85cccffd4f-tfrw4",
    ];
    const { logs } = await bench.call(
      kubernetes.logs({
        of: pods.map((pod) => ({ namespace: "production", pod, container: "api-server" })),
        tailLines: 3,
      }),
    );
    expect(logs.map(({ pod, lines }) => [pod, lines.length > 0])).toEqual(pods.map((pod) => [pod, true]));
  });

  it("a pod without containerStatuses, and one row per container (trap k8s-jq-null)", async () => {
    const { pods } = await bench.call(kubernetes.pods());
    expect(pods.find(({ name }) => name.startsWith("ml-inference"))?.containers).toMatchObject([
      { state: "unknown", restarts: 0 },
    ]);
    expect(pods.find(({ name }) => name.startsWith("payments"))?.containers).toMatchObject([
      { name: "payments", restarts: 5, last: { exitCode: 1 } },
      { name: "istio-proxy", restarts: 0, state: "running" },
    ]);
  });
});

it("the owner of a pod is what looks after its ReplicaSet", async () => {
  const { pods } = await bench.call(kubernetes.pods());
  expect(pods.find(({ name }) => name.startsWith("payments"))?.owner).toEqual({
    kind: "Deployment",
    name: "payments",
  });
});

it("doctor: everything is allowed; then a right is gone, and it says the Role", async () => {
  const { client, context } = bench.resolve(kubernetes.version());
  const check = async () => (await kubernetesConnector.check?.(client as never, context)) ?? [];
  expect((await check()).map(({ name, state }) => `${name} ${state}`)).toEqual([
    "reach ok",
    "rights ok",
    "remedies ok",
  ]);
  cluster.denies = (verb, resource) => resource === "pods/log" || (verb === "patch" && resource === "nodes");
  expect((await check()).map(({ name, state }) => `${name} ${state}`)).toEqual([
    "reach ok",
    "rights warning",
    "remedies warning",
  ]);
});

it("an API server that is not ready says which of its checks fail", async () => {
  cluster.ready = false;
  expect(await bench.call(kubernetes.version())).toMatchObject({ ready: false, failing: ["etcd"] });
});

it("of a log the end is kept, however long its lines are", async () => {
  const pod = "api-server-85cccffd4f-cvwft";
  cluster.logs.set(`production/${pod}/api-server`, `${`${"x".repeat(400)}\n`.repeat(199)}fatal: the cause\n`);
  const { logs } = await bench.call(
    kubernetes.logs({ of: [{ namespace: "production", pod, container: "api-server" }], tailLines: 200 }),
  );
  expect(logs[0]?.lines.at(-1)).toBe("fatal: the cause");
  expect(JSON.stringify(logs).length).toBeLessThan(12_000);
});

it("many large pods fit into a step, and the rest is said", async () => {
  for (let n = 0; n < 150; n++) {
    const one = structuredClone(theOne("Pod", "payments"));
    const containers = (one.spec?.containers ?? []) as { name: string }[];
    one.spec = {
      ...one.spec,
      containers: Array.from({ length: 20 }, (_, c) => ({ ...containers[0], name: `c${c}` })),
    };
    one.metadata = { ...one.metadata, name: `many-${n}`, uid: `many-${n}` };
    cluster.store.put(one);
  }
  const found = await bench.call(kubernetes.pods());
  expect(JSON.stringify(found).length).toBeLessThan(256 * 1024);
  expect(found.notSeen?.[0]?.what).toMatch(/more pods that are not well/);
});
