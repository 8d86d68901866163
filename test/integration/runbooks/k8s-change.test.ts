import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { k8sChange } from "../../../runbooks/kubernetes/k8s-change.ts";
import { type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { benchOn } from "../../helpers/kubernetes/bench.ts";
import { recordedCluster } from "../../helpers/kubernetes/fixtures.ts";
import type { KubeObject } from "../../helpers/kubernetes/objects.ts";
import { theOne, wellCluster } from "../../helpers/kubernetes/well.ts";
import type { Bench } from "../../helpers/run-runbook.ts";

let cluster: EmulatedCluster;
let bench: Bench;
const begin = async (objects: readonly KubeObject[] = wellCluster(), more = {}) => {
  cluster = await emulatedCluster({ objects });
  bench = benchOn(cluster, { scale: { min: 1, max: 30 }, ...more });
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
  (await bench.diagnose(k8sChange, params)).findings.map(({ id, remedies }) => [id, ...remedies]);
const hpa = () => {
  const one = theOne("HorizontalPodAutoscaler", "api-server");
  return { ...one, spec: { ...one.spec, minReplicas: 2, maxReplicas: 10 } };
};

describe("one workload", () => {
  it("is restarted one by one once, and not again by the same run", async () => {
    await begin();
    const run = await bench.diagnose(k8sChange, { workload: "api-server", restart: true });
    expect(run.findings.map(({ id, remedies }) => [id, ...remedies])).toEqual([
      ["restart:api-server", "restart", "nightly"],
    ]);
    const applied = await run.apply("restart");
    expect(applied.previews[0]?.changes[0]).toMatch(
      /^restart deployment api-server of production, \d replicas one after/,
    );
    expect(applied.outputs).toHaveLength(1);
    const again = await run.apply("restart");
    expect(again.previews[0]?.nothingToDo ?? again.previews[0]?.refused).toMatch(/\w/);
    const next = await bench.diagnose(k8sChange, { workload: "api-server", restart: true });
    expect(next.findings[0]?.because).toContain("last restarted 2026-11-22T02:14:30.000Z");
    expect(next.advice("nightly")).toMatch(
      /resourceNames: \["api-server"\], verbs: \[get, patch\].*concurrencyPolicy: Forbid.*kubectl@sha256:/s,
    );
  });

  it("gets more replicas, never fewer, and through its autoscaler where it has one", async () => {
    await begin();
    const run = await bench.diagnose(k8sChange, { workload: "api-server", replicas: 6 });
    expect(run.findings[0]?.remedies).toEqual(["scaleOut"]);
    const applied = await run.apply("scaleOut");
    expect(applied.calls).toMatchObject([{ input: { from: 3, to: 6 } }]);
    await applied.undo();
    expect(await found({ workload: "api-server", replicas: 3 })).toEqual([
      ["replicas:api-server", "lookElsewhere"],
    ]);
    expect(await found({ workload: "api-server", replicas: 1 })).toEqual([
      ["replicas:api-server", "lookElsewhere"],
    ]);
    const fewer = await bench.diagnose(k8sChange, { workload: "api-server", replicas: 1 });
    expect((await fewer.apply("scaleOut")).calls).toEqual([]);
    await bench.close();
    await cluster.close();
    await begin([...wellCluster(), hpa()]);
    const scaled = await bench.diagnose(k8sChange, { workload: "api-server", replicas: 12 });
    expect(scaled.findings[0]?.remedies).toEqual(["raiseLeast"]);
    expect((await scaled.apply("raiseLeast")).calls).toMatchObject([
      { input: { from: { min: 2, max: 10 }, to: { min: 12, max: 12 } } },
    ]);
  });

  it("the connection's bounds and the database's budget refuse", async () => {
    await begin(wellCluster(), { scale: { min: 1, max: 5 } });
    const run = await bench.diagnose(k8sChange, { workload: "api-server", replicas: 20 });
    expect((await run.apply("scaleOut")).previews[0]?.refused).toMatch(/5/);
  });

  it("that is not there, or not alone, is said", async () => {
    await begin();
    expect(await found({ workload: "nobody", restart: true })).toEqual([
      ["no-such-workload", "lookElsewhere"],
    ]);
    expect(await found({ workload: "api-server" })).toEqual([["nothing-asked:api-server", "lookElsewhere"]]);
    expect(await found()).toEqual([["nothing-asked", "lookElsewhere"]]);
  });
});

describe("all of them", () => {
  it("one at a time, in order; the next only while all are whole", async () => {
    await begin();
    const first = await bench.diagnose(k8sChange, { all: true });
    expect(first.findings[0]).toMatchObject({ id: "restart-all", remedies: ["restartNext"] });
    expect(first.findings[0]?.title).toMatch(/left to restart, next api-server$/);
    expect(k8sChange.remedies.restartNext?.risk).toBe("destructive");
    const applied = await first.apply("restartNext");
    expect(applied.calls).toHaveLength(1);
    const next = await bench.diagnose(k8sChange, { all: true });
    expect(next.findings[0]?.title).not.toMatch(/next api-server$/);
  });

  it("stops at one that is not whole", async () => {
    await begin(recordedCluster());
    const run = await bench.diagnose(k8sChange, { all: true });
    expect(run.findings[0]?.title).toMatch(/^Restarts stop at .* it is not whole$/);
    expect(run.findings[0]?.remedies).toEqual(["lookElsewhere"]);
    expect((await run.apply("restartNext")).calls).toEqual([]);
  });
});

it("a node is cordoned and opened again", async () => {
  await begin();
  const name = theOne("Node", "node-").metadata.name;
  const run = await bench.diagnose(k8sChange, { node: name });
  const applied = await run.apply("cordon");
  expect(applied.holds).toBe(true);
  // It is as it was asked for.
  expect(await found({ node: name })).toEqual([]);
  expect(await found({ node: name, cordon: false })).toEqual([[`node:${name}`, "cordon"]]);
  expect(await found({ node: "elsewhere" })).toEqual([["node:elsewhere", "lookElsewhere"]]);
  await applied.undo();
  expect(await found({ node: name })).toEqual([[`node:${name}`, "cordon"]]);
});
