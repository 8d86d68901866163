import { afterEach, describe, expect, it, test } from "vitest";
import { k8sStop } from "../../../runbooks/kubernetes/k8s-stop.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";
import { type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import type { KubeObject } from "../../helpers/kubernetes/objects.ts";
import { theOne, wellCluster } from "../../helpers/kubernetes/well.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { webServer } from "../../helpers/web-server.ts";

let cluster: EmulatedCluster;
let bench: Bench;
let page: Awaited<ReturnType<typeof webServer>>;
/** What the public address answers. */
let answer: { status: number; headers: Record<string, string> };

const begin = async (objects: readonly KubeObject[] = wellCluster()) => {
  answer = { status: 503, headers: { "retry-after": "600" } };
  cluster = await emulatedCluster({ objects });
  page = await webServer((_request, out) => out.writeHead(answer.status, answer.headers).end("Maintenance"));
  bench = openBench({
    connections: {
      cluster: { kind: "kubernetes", ...cluster.settings() },
      public: { kind: "http", url: `http://127.0.0.1:${page.port}` },
    },
    connectors: connectorsOf(kinds),
  });
};
afterEach(async () => {
  await bench.close();
  await cluster.close();
  await page.close();
});
const replicas = (): Record<string, unknown> =>
  Object.fromEntries(
    cluster.store
      .list({ group: "apps", plural: "deployments", namespace: "production" })
      .map(({ metadata, spec }) => [metadata.name, spec?.replicas]),
  );
const asked = { namespace: "production", page: "public" };

describe("the kill switch", () => {
  test("trap k8s-kill-switch: not before the maintenance page is up, whatever else it answers", async () => {
    await begin();
    for (const [status, headers] of [
      [200, {}],
      [503, {}],
      [302, { location: "/" }],
    ] as const) {
      answer = { status, headers };
      const run = await bench.diagnose(k8sStop, asked);
      expect(run.finding("stop-all").remedies).toEqual(["pageFirst"]);
      expect((await run.apply("stopAll")).calls).toEqual([]);
    }
    const none = await bench.diagnose(k8sStop, { namespace: "production" });
    expect(none.finding("stop-all").because).toContain("No public address was named");
    expect((await none.apply("stopAll")).calls).toEqual([]);
  });

  test("trap k8s-kill-switch: two people, a typed namespace, recorded replicas, and all as it was afterwards", async () => {
    await begin();
    const before = replicas();
    expect(k8sStop.remedies.stopAll?.risk).toBe("destructive");
    const other = await bench.diagnose(k8sStop, { ...asked, namespace: "prod" });
    expect((await other.apply("stopAll")).calls).toEqual([]);
    const run = await bench.diagnose(k8sStop, { ...asked, last: "api-server" });
    const applied = await run.apply("stopAll");
    expect(applied.previews.flatMap(({ changes }) => changes)).toEqual([
      expect.stringMatching(/^STOP deployment worker of production: all of its \d replicas end$/),
      expect.stringMatching(/^STOP deployment api-server of production: all of its \d replicas end$/),
    ]);
    expect(Object.values(replicas())).toEqual([0, 0]);
    const again = await bench.diagnose(k8sStop, { restore: true, last: "api-server" });
    const back = await again.apply("startAll");
    // What the others depend on is there first.
    expect(back.calls.map(({ input }) => (input as { name: string }).name)).toEqual(["api-server", "worker"]);
    expect(replicas()).toEqual(before);
    expect((await bench.diagnose(k8sStop, { restore: true })).findings).toEqual([]);
  });

  test("trap k8s-kill-switch: bot, pooler, ingress, monitoring and the page itself are left out, and so is who is named", async () => {
    const named = ["diagbot", "pgbouncer", "ingress-nginx", "prometheus", "maintenance-page", "reports"];
    const more = named.map((name, at): KubeObject => {
      const one = theOne("Deployment", "worker");
      return { ...one, metadata: { ...one.metadata, name, uid: `spared-${at}` } };
    });
    await begin([...wellCluster(), ...more]);
    const run = await bench.diagnose(k8sStop, { ...asked, spare: "reports, worker" });
    const { calls } = await run.apply("stopAll");
    expect(calls.map(({ input }) => (input as { name: string }).name)).toEqual(["api-server"]);
    expect(run.finding("stop-all").because).toContain("diagbot");
    const { uid, ...rest } = { ...(calls[0]?.input as { uid: string }), name: "pgbouncer" };
    const call = { action: "kubernetes.stop", input: { ...rest, uid: "spared-1", replicas: 3 } };
    expect(uid).not.toBe("spared-1");
    expect((await bench.preview(call)).refused).toContain("pools");
  });

  it("is undone to what it was, and says what would start things again", async () => {
    const argo = theOne("Deployment", "worker");
    const labels = { ...argo.metadata.labels, "argocd.argoproj.io/instance": "shop" };
    const others = wellCluster().filter(({ metadata }) => metadata.uid !== argo.metadata.uid);
    await begin([...others, { ...argo, metadata: { ...argo.metadata, labels } }]);
    const before = replicas();
    const run = await bench.diagnose(k8sStop, asked);
    expect(run.finding("stop-all").because).toContain("Argo CD would start them again");
    const applied = await run.apply("stopAll");
    await applied.undo();
    expect(replicas()).toEqual(before);
  });

  it("asked for nothing it says so, and what is stopped still", async () => {
    await begin();
    expect((await bench.diagnose(k8sStop)).findings.map(({ id }) => id)).toEqual(["nothing-asked"]);
    await (await bench.diagnose(k8sStop, { ...asked, spare: "worker" })).apply("stopAll");
    expect((await bench.diagnose(k8sStop)).findings.map(({ id }) => id)).toEqual(["stopped"]);
  });
});
