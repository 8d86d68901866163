import { afterEach, beforeEach, expect, it } from "vitest";
import { type Call, undoCall } from "../../../src/core/words/action.ts";
import { kubernetes } from "../../../src/sdk/index.ts";
import { type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { benchOn } from "../../helpers/kubernetes/bench.ts";
import type { KubeObject } from "../../helpers/kubernetes/objects.ts";
import { theOne } from "../../helpers/kubernetes/well.ts";
import { writeCases } from "../../helpers/kubernetes/write-cases.ts";
import type { Bench } from "../../helpers/run-runbook.ts";

// What each write refuses although the API server would take it.
let cluster: EmulatedCluster;
let bench: Bench;
beforeEach(async () => {
  cluster = await emulatedCluster();
  bench = benchOn(cluster, { variables: ["DATABASE_HOST"] });
});
afterEach(async () => {
  await bench.close();
  await cluster.close();
});
const MIB = 2 ** 20;
const target = ({ metadata: { name, uid } }: KubeObject) => ({ namespace: "production", name, uid });
const put = (kind: string, name: string, change: (one: KubeObject) => void) => {
  const one = theOne(kind, name);
  change(one);
  cluster.store.put(one);
  return target(one);
};
const why = async (call: Parameters<Bench["preview"]>[0], on = bench) => (await on.preview(call)).refused;
const patches = () => cluster.requests.filter((one) => one.startsWith("PATCH") || one.startsWith("DELETE"));

it("every preview is a dry run of the very write, and a write goes out once with its precondition", async () => {
  const cases = writeCases(cluster);
  for (const [name, made] of Object.entries(cases)) {
    const call = await made.prepare();
    cluster.requests.length = 0;
    const { refused } = await bench.preview(call);
    const dry = patches().map((one) => /[?&]dryRun=All/.test(one));
    expect([name, refused, dry]).toEqual([name, undefined, [true]]);
  }
});

it("scale: under an autoscaler, beyond the bounds, beyond the database's connections, beyond the quota (trap k8s-scale-absolute)", async () => {
  const worker = target(theOne("Deployment", "worker"));
  expect(await why(kubernetes.scale({ ...worker, from: 3, to: 4 }))).toMatch(
    /autoscaler worker decides.*2 to 4.*move its bounds/,
  );
  const gateway = target(theOne("Deployment", "websocket-gateway"));
  expect(await why(kubernetes.scale({ ...gateway, from: 1, to: 0 }))).toMatch(/0 is outside 1 to 10/);
  expect(await why(kubernetes.scale({ ...gateway, from: 1, to: 11 }))).toMatch(/11 is outside 1 to 10/);
  const budgeted = benchOn(cluster, {
    databaseBudget: { "websocket-gateway": { perReplica: 10, total: 35 } },
  });
  expect(await why(kubernetes.scale({ ...gateway, from: 1, to: 4 }), budgeted)).toMatch(
    /want 40 of the database, which has 35/,
  );
  expect(await why(kubernetes.scale({ ...gateway, from: 1, to: 3 }), budgeted)).toBeUndefined();
  await budgeted.close();
  const report = target(theOne("Deployment", "report-generator"));
  expect(await why(kubernetes.scale({ ...report, from: 4, to: 6 }))).toMatch(
    /quota compute-quota has 2\.0 GiB of requests\.memory left, and it takes 6\.0 GiB/,
  );
});

it("scale: an autoscaler at no replicas is switched off and lets itself be woken; KEDA's does not", async () => {
  const asleep = {
    ...put("Deployment", "worker", ({ spec }) => Object.assign(spec ?? {}, { replicas: 0 })),
    from: 0,
  };
  expect(await why(kubernetes.scale({ ...asleep, to: 1 }))).toBeUndefined();
  expect(await why(kubernetes.scale({ ...asleep, to: 5 }))).toMatch(/autoscaler worker decides/);
  const hpa = put("HorizontalPodAutoscaler", "worker", ({ metadata }) =>
    Object.assign(metadata, {
      ownerReferences: [{ kind: "ScaledObject", name: "jobs", uid: "so", controller: true }],
    }),
  );
  expect(await why(kubernetes.scale({ ...asleep, to: 1 }))).toMatch(/autoscaler worker decides/);
  expect(
    await why(
      kubernetes.setAutoscalerBounds({
        ...hpa,
        of: "worker",
        from: { min: 2, max: 4 },
        to: { min: 2, max: 6 },
      }),
    ),
  ).toMatch(/ScaledObject jobs sets its bounds and would take it back/);
});

it("scale: what was scaled up from none is taken back to none, whatever the bounds say", async () => {
  const gateway = put("Deployment", "websocket-gateway", ({ spec }) =>
    Object.assign(spec ?? {}, { replicas: 0 }),
  );
  const call = kubernetes.scale({ ...gateway, from: 0, to: 1 });
  await bench.call(call);
  expect(await why(kubernetes.scale({ ...gateway, from: 1, to: 0 }))).toMatch(/0 is outside 1 to 10/);
  const { action } = bench.resolve(call);
  const back = action.effect === "write" ? undoCall(action, call.input, null, undefined) : undefined;
  expect(back && (await why(back))).toBeUndefined();
});

it("what an operator has taken back is not verified, though all of it is at rest", async () => {
  const gateway = put("Deployment", "websocket-gateway", () => undefined);
  const settledOf = async (call: Call) => {
    const { action } = bench.resolve(call);
    if (action.effect !== "write" || action.settled === undefined) throw new Error("a write that settles");
    const asked = Object.entries(action.settled.check(call.input));
    const after = await Promise.all(asked.map(async ([name, one]) => [name, await bench.call(one)] as const));
    return action.settled.holds(Object.fromEntries(after), call.input, {});
  };
  const scale = kubernetes.scale({ ...gateway, from: 1, to: 2 });
  await bench.call(scale);
  expect(await settledOf(scale)).toBe(true);
  put("Deployment", "websocket-gateway", () => undefined);
  expect(await settledOf(scale)).toBe(false);
  const worker = put("Deployment", "worker", () => undefined);
  const restart = kubernetes.rolloutRestart({ ...worker, from: null, at: "2026-11-22T03:00:00Z" });
  await bench.call(restart);
  expect(await settledOf(restart)).toBe(true);
  put("Deployment", "worker", () => undefined);
  expect(await settledOf(restart)).toBe(false);
  const variables = kubernetes.setVariables({
    ...{ ...put("Deployment", "worker", () => undefined), container: "worker" },
    ...{ from: { DATABASE_HOST: null }, to: { DATABASE_HOST: "pgbouncer" } },
  });
  await bench.call(variables);
  expect(await settledOf(variables)).toBe(true);
  put("Deployment", "worker", () => undefined);
  expect(await settledOf(variables)).toBe(false);
});

it("restart: all at once, below a partition, on deletion only, or without room for the pod that comes first", async () => {
  const restart = (of: ReturnType<typeof put>) =>
    why(kubernetes.rolloutRestart({ ...of, from: null, at: "2026-11-22T03:00:00Z" }));
  const rolling = (rollingUpdate: object) =>
    put("Deployment", "worker", ({ spec }) =>
      Object.assign(spec ?? {}, { strategy: { type: "RollingUpdate", rollingUpdate } }),
    );
  expect(await restart(rolling({ maxUnavailable: "25%", maxSurge: "25%" }))).toBeUndefined();
  expect(await restart(rolling({ maxUnavailable: "100%", maxSurge: 0 }))).toMatch(
    /lets all 3 replicas go at once/,
  );
  cluster.store.put({
    ...theOne("ResourceQuota", "compute-quota"),
    status: { hard: { pods: "3" }, used: { pods: "3" } },
  });
  expect(await restart(rolling({ maxUnavailable: 0, maxSurge: 1 }))).toMatch(
    /quota compute-quota has 0 of pods left/,
  );
  expect(await restart(rolling({ maxUnavailable: 1, maxSurge: 0 }))).toBeUndefined();
  const set = (updateStrategy: object) =>
    put("StatefulSet", "redis", ({ spec }) => Object.assign(spec ?? {}, { updateStrategy }));
  const ofSet = async (strategy: object) =>
    why(
      kubernetes.rolloutRestart({
        ...set(strategy),
        kind: "StatefulSet",
        from: null,
        at: "2026-11-22T03:00:00Z",
      }),
    );
  expect(await ofSet({ type: "OnDelete" })).toMatch(/nothing is replaced until somebody deletes/);
  expect(await ofSet({ type: "RollingUpdate", rollingUpdate: { partition: 1 } })).toMatch(
    /stop at partition 1/,
  );
});

it("a pod that is ready again since it was approved is not deleted", async () => {
  const call = (await writeCases(cluster)["kubernetes.delete-pod"]?.prepare()) ?? kubernetes.pods();
  const { name } = call.input as { name: string };
  const pod = cluster.store.get({ group: "", plural: "pods", namespace: "production", name });
  const is = (status: string) =>
    cluster.store.put({ ...pod, status: { ...pod.status, conditions: [{ type: "Ready", status }] } });
  is("False");
  const then = (await bench.preview(call)).witness;
  const { action } = bench.resolve(call);
  const drift = async () =>
    action.effect === "write" ? action.drift?.(then, (await bench.preview(call)).witness) : undefined;
  expect(await drift()).toEqual([]);
  is("True");
  expect(await drift()).toEqual(["it is ready again"]);
  await expect(bench.call(call, then)).rejects.toThrow(/is ready again/);
  is("False");
  expect(await bench.call(call, then)).toMatchObject({ uid: pod.metadata.uid });
});

it("scale: down is said loudly", async () => {
  const gateway = put("Deployment", "websocket-gateway", ({ spec }) =>
    Object.assign(spec ?? {}, { replicas: 3 }),
  );
  expect((await bench.preview(kubernetes.scale({ ...gateway, from: 3, to: 2 }))).changes[0]).toContain(
    "DOWN from 3 to 2",
  );
});

it("memory: never lower, not beyond LimitRange, node or quota, and no container that is not there (trap k8s-set-resources)", async () => {
  const resizer = {
    ...target(theOne("Deployment", "image-resizer")),
    container: "image-resizer",
    from: 128 * MIB,
  };
  expect(await why(kubernetes.setResources({ ...resizer, to: 64 * MIB }))).toMatch(/would lower the limit/);
  expect(await why(kubernetes.setResources({ ...resizer, to: 1024 * MIB }))).toMatch(/more than four times/);
  expect(
    (await bench.preview(kubernetes.setResources({ ...resizer, container: "resizer", to: 192 * MIB })))
      .nothingToDo,
  ).toMatch(/is gone/);
  const big = put("Deployment", "image-resizer", ({ spec }) => {
    const template = spec?.template as {
      spec: { containers: { resources: { limits: { memory: string } } }[] };
    };
    for (const one of template.spec.containers) one.resources.limits.memory = "4Gi";
  });
  const from = 4096 * MIB;
  expect(
    await why(kubernetes.setResources({ ...big, container: "image-resizer", from, to: 2 * from })),
  ).toMatch(/LimitRange container-limits allows 6\.0 GiB/);
  expect(
    await why(kubernetes.setResources({ ...big, container: "image-resizer", from, to: 4 * from })),
  ).toMatch(/no node has so much/);
  cluster.store.put({
    ...theOne("ResourceQuota", "compute-quota"),
    status: { hard: { "limits.memory": "20Gi" }, used: { "limits.memory": "19Gi" } },
  });
  expect(
    await why(kubernetes.setResources({ ...big, container: "image-resizer", from, to: 6144 * MIB })),
  ).toMatch(/has 1\.0 GiB of limits\.memory left, and it takes 2\.0 GiB/);
});

it("restart: not a single replica, not while a rollout is under way, not all at once (trap k8s-restart-all)", async () => {
  const restart = (one: object) =>
    kubernetes.rolloutRestart({
      ...(one as ReturnType<typeof target>),
      from: null,
      at: "2026-11-22T03:00:00Z",
    });
  expect(await why(restart(target(theOne("Deployment", "websocket-gateway"))))).toMatch(/single replica/);
  const recreate = put("Deployment", "worker", ({ spec }) =>
    Object.assign(spec ?? {}, { strategy: { type: "Recreate" } }),
  );
  expect(await why(restart(recreate))).toMatch(/all replicas would go at once/);
  const short = put("Deployment", "worker", (one) =>
    Object.assign(one.status ?? {}, { availableReplicas: 2 }),
  );
  expect(await why(restart(short))).toMatch(/2 of 3 available/);
  put("Deployment", "worker", () => {});
  expect(await why(restart(target(theOne("Deployment", "worker"))))).toBeUndefined();
});

it("undo: not of what a GitOps controller looks after, nor of what is paused, nor to what is gone", async () => {
  const undo = await writeCases(cluster)["kubernetes.rollout-undo"]?.prepare();
  if (undo === undefined) throw new Error("no case");
  put("Deployment", "api-server", ({ metadata }) =>
    Object.assign(metadata.annotations ?? {}, { "argocd.argoproj.io/tracking-id": "x" }),
  );
  expect(await why(undo)).toMatch(/Argo CD looks after it/);
  put("Deployment", "api-server", ({ spec }) => Object.assign(spec ?? {}, { paused: true }));
  expect(await why(undo)).toMatch(/paused: resume them first/);
  put("Deployment", "api-server", () => {});
  expect(await why({ ...undo, input: { ...(undo.input as object), to: "api-server-gone" } })).toMatch(
    /api-server-gone is gone/,
  );
});

it("delete: only what comes back, and only the very pod (a StatefulSet's next one has the same name)", async () => {
  const redis = theOne("Pod", "redis-0");
  expect(await why(kubernetes.deletePod({ ...target(redis), uid: "another" }))).toMatch(
    /another one of the same name/,
  );
  const bare = put("Pod", "redis-0", ({ metadata }) => {
    metadata.ownerReferences = [];
  });
  expect(await why(kubernetes.deletePod(bare))).toMatch(/it would not come back/);
  expect(await why(kubernetes.deletePod(target(theOne("Pod", "db-migrate"))))).toMatch(/belongs to a job/);
});

it("what the server refuses in the dry run is said in its words: RBAC with the rule that allows it", async () => {
  cluster.denies = (verb) => verb === "patch";
  const worker = target(theOne("Deployment", "worker"));
  expect(await why(kubernetes.setPaused({ ...worker, from: false, to: true }))).toMatch(
    /cannot patch resource "deployments".*Allow it: - \{ apiGroups: \["apps"\]/,
  );
});

it("a change between the look and the write is a conflict: nothing was done", async () => {
  const worker = target(theOne("Deployment", "worker"));
  cluster.fails = ({ method, url }) => {
    if (method === "PATCH" && !url.searchParams.has("dryRun"))
      cluster.store.touch(
        cluster.store.get({ group: "apps", plural: "deployments", namespace: "production", name: "worker" }),
      );
    return undefined;
  };
  await expect(bench.call(kubernetes.setPaused({ ...worker, from: false, to: true }))).rejects.toMatchObject({
    code: "target_refused",
    detail: "409",
  });
});
