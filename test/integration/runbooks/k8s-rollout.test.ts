import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { k8sWorkload } from "../../../runbooks/kubernetes/k8s-workload.ts";
import { sayStanding, stays } from "../../../src/connectors/kubernetes/reads/standing.ts";
import { kubernetes } from "../../../src/sdk/index.ts";
import { type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { benchOn } from "../../helpers/kubernetes/bench.ts";
import { bodyOf, itemsOf, recorded } from "../../helpers/kubernetes/fixtures.ts";
import type { KubeObject } from "../../helpers/kubernetes/objects.ts";
import { wellCluster } from "../../helpers/kubernetes/well.ts";
import type { Bench } from "../../helpers/run-runbook.ts";

let cluster: EmulatedCluster;
let bench: Bench;
afterEach(async () => {
  await bench.close();
  await cluster.close();
  vi.useRealTimers();
});

describe("a rollout that stands", () => {
  const stuck = () => [
    ...wellCluster().filter(
      ({ kind, metadata: { name } }) =>
        !(kind === "ReplicaSet" || (kind === "Pod" && name.startsWith("api-server"))),
    ),
    ...recorded("rollout-stuck").slice(4, 7).flatMap(itemsOf),
    bodyOf(recorded("rollout-stuck")[3] as never) as KubeObject,
  ];
  beforeEach(async () => {
    vi.setSystemTime(new Date("2026-11-22T02:18:00Z"));
    cluster = await emulatedCluster({ objects: stuck() });
    bench = benchOn(cluster);
  });

  it("is the effect of what its new pods fail of, although Available stays true; what it changed is said", async () => {
    const { findings, finding } = await bench.diagnose(k8sWorkload);
    expect(findings.map(({ id }) => id)).toEqual(["not-ready:api-server", "rollout-stuck:api-server"]);
    expect(finding("not-ready:api-server").because).toMatch(
      /statuscode: 503.*database schema is behind.*3 of revision 3 still serve.*image ghcr\.io\/acme\/api-server:2\.4\.1 → ghcr\.io\/acme\/api-server:2\.5\.0/s,
    );
    expect(finding("not-ready:api-server").remedies).toEqual(["undo", "fixProbe"]);
  });

  it("is taken back to the revision that serves; a second time does nothing (trap k8s-rollout-undo)", async () => {
    const diagnosis = await bench.diagnose(k8sWorkload);
    const { calls, holds } = await diagnosis.apply("undo");
    expect(calls).toMatchObject([{ input: { from: "api-server-69dd44fdc4", to: "api-server-798ddb8fdb" } }]);
    expect(holds).toBe(true);
    expect((await bench.preview(calls[0] as never)).nothingToDo).toContain("already");
  });

  it("is not verified while what came up has only just started, or does not serve (at rest is not well)", async () => {
    const pods = { group: "", plural: "pods", namespace: "production" };
    const own = () =>
      cluster.store.list(pods).filter(({ metadata: { name } }) => name.startsWith("api-server-798ddb8fdb-"));
    const started = (at: Date) => {
      for (const { status } of own())
        for (const one of (status?.containerStatuses ?? []) as { state: unknown }[])
          one.state = { running: { startedAt: at.toISOString() } };
    };
    await bench.close();
    bench = benchOn(cluster, {}, { patienceMs: 300 });
    started(new Date("2026-11-22T02:17:55Z"));
    const { holds, after } = await (await bench.diagnose(k8sWorkload)).apply("undo");
    expect([holds, after]).toEqual([false, {}]);
    const stands = () => bench.call(kubernetes.standing({ namespace: "production", name: "api-server" }));
    expect(stays(await stands())).toBe(false);
    vi.setSystemTime(new Date("2026-11-22T02:18:30Z"));
    expect(stays(await stands())).toBe(true);
    started(new Date("2026-11-22T02:18:25Z"));
    expect(await stands()).toMatchObject({ steadySeconds: 5, unready: [] });
    const [first] = own();
    if (first?.status) first.status.conditions = [{ type: "Ready", status: "False" }];
    expect(sayStanding(await stands())).toMatch(/pod api-server-798ddb8fdb-\w+ does not serve/);
  });

  it("where no older revision serves, an undo is not offered", async () => {
    for (const set of cluster.store.list({ group: "apps", plural: "replicasets", namespace: "production" }))
      if (set.status) set.status.readyReplicas = undefined;
    expect((await bench.diagnose(k8sWorkload)).finding("not-ready:api-server").remedies).toEqual([
      "fixProbe",
    ]);
  });
});
