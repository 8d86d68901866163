import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { k8sService } from "../../../runbooks/kubernetes/k8s-service.ts";
import { type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { benchOn } from "../../helpers/kubernetes/bench.ts";
import type { KubeObject } from "../../helpers/kubernetes/objects.ts";
import { theOne, wellCluster } from "../../helpers/kubernetes/well.ts";
import type { Bench } from "../../helpers/run-runbook.ts";

let cluster: EmulatedCluster;
let bench: Bench;
const begin = async (objects?: readonly KubeObject[]) => {
  cluster = await emulatedCluster(objects === undefined ? {} : { objects });
  bench = benchOn(cluster);
};
beforeEach(() => {
  vi.setSystemTime(new Date("2026-11-22T02:30:00Z"));
});
afterEach(async () => {
  await bench.close();
  await cluster.close();
  vi.useRealTimers();
});
const found = async (params = {}) =>
  (await bench.diagnose(k8sService, params)).findings.map(({ id, severity, remedies }) => [
    id,
    severity,
    ...remedies,
  ]);
/** The well cluster's service, endpoints and ingress of api-server, changed. */
const changed = (kind: string, change: (one: KubeObject) => void, more: readonly KubeObject[] = []) => {
  const one = theOne(kind, kind === "Ingress" ? "public" : "api-server");
  change(one);
  return [
    ...wellCluster().filter(
      ({ kind: of, metadata: { name } }) => !(of === kind && name === one.metadata.name),
    ),
    one,
    ...more,
  ];
};
const without = (objects: readonly KubeObject[], wanted: (one: KubeObject) => boolean) =>
  objects.filter((one) => !wanted(one));

describe("the recorded cluster", () => {
  it("a selector that nothing has, behind an ingress; pods that are not ready, without one", async () => {
    await begin();
    const { finding } = await bench.diagnose(k8sService);
    expect(await found()).toEqual([
      ["no-match:production/legacy-api", "critical", "fixSelector"],
      ["not-ready:production/payments", "warning", "fixPods"],
    ]);
    expect(finding("no-match:production/legacy-api").because).toMatch(
      /selector is app=legacy-api.*Pods there have app=.*Ingress public \(api\.acme\.example\/legacy\) leads to it/s,
    );
  });
});

describe("what is normal", () => {
  it("a headless service, one with ready endpoints", async () => {
    await begin(wellCluster());
    expect(await found()).toEqual([]);
  });

  it("scaled to zero, and nobody expects it; asked for by name it is told, and scaled up", async () => {
    const objects = without(
      changed("Deployment", (one) => Object.assign(one.spec ?? {}, { replicas: 0 })),
      ({ kind, metadata: { name } }) =>
        ["Pod", "Endpoints"].includes(kind ?? "") && name.startsWith("api-server"),
    );
    await begin(objects);
    expect(await found()).toEqual([]);
    const diagnosis = await bench.diagnose(k8sService, { service: "api-server" });
    expect(diagnosis.findings.map(({ id, remedies }) => [id, remedies])).toEqual([
      ["scaled-to-zero:production/api-server", ["scaleUp"]],
    ]);
    const serving = wellCluster().find(
      ({ kind, metadata: { name } }) => kind === "Endpoints" && name === "api-server",
    );
    // That there are replicas is not what was found: the service must lead to one.
    const applied = await diagnosis.apply("scaleUp", async () => {
      if (serving !== undefined) cluster.store.put(serving);
    });
    expect(applied.holds).toBe(true);
  });

  it("an ExternalName, and a service whose endpoints somebody else writes", async () => {
    await begin([
      ...changed("Service", (one) =>
        Object.assign(one.spec ?? {}, { type: "ExternalName", selector: undefined }),
      ).filter(({ kind }) => kind !== "Endpoints"),
    ]);
    expect((await found()).filter(([id]) => String(id).includes("api-server"))).toEqual([]);
  });

  it("a port that pods do not declare but may serve is a note, no fault", async () => {
    await begin(
      changed("Service", (one) => Object.assign(one.spec ?? {}, { ports: [{ port: 80, targetPort: 9999 }] })),
    );
    expect(await found()).toEqual([["port:production/api-server/80", "info", "fixPort"]]);
  });
});

it("a target port by a name that no pod has", async () => {
  await begin(
    without(
      changed("Service", (one) =>
        Object.assign(one.spec ?? {}, { ports: [{ port: 80, targetPort: "web" }] }),
      ),
      ({ kind, metadata: { name } }) => kind === "Endpoints" && name === "api-server",
    ),
  );
  expect(await found()).toEqual([["port-name:production/api-server", "warning", "fixPort"]]);
});

it("ready pods without endpoints: the controller, and no pod, is to blame", async () => {
  await begin(changed("Endpoints", (one) => Object.assign(one, { subsets: [] })));
  expect(await found()).toEqual([["not-written:production/api-server", "warning", "fixPods"]]);
});

it("an ingress to a service or a port that is not there", async () => {
  const ingress = theOne("Ingress", "public");
  await begin([...wellCluster(), ingress]);
  cluster.store.put({
    ...ingress,
    spec: {
      rules: [
        {
          host: "shop.example",
          http: {
            paths: [
              { path: "/", backend: { service: { name: "api-server", port: { name: "https" } } } },
              { path: "/old", backend: { service: { name: "old-api", port: { number: 80 } } } },
            ],
          },
        },
      ],
    },
  });
  const { finding } = await bench.diagnose(k8sService);
  expect(finding("ingress:production/public/").title).toContain(
    "port https of api-server, which it does not have",
  );
  expect(finding("ingress:production/public/old").title).toContain("service old-api, which is not there");
});

it("a load balancer without an address is told once it had its time", async () => {
  await begin(changed("Service", (one) => Object.assign(one.spec ?? {}, { type: "LoadBalancer" })));
  expect(await found()).toEqual([["balancer:production/api-server", "warning", "fixBalancer"]]);
  vi.setSystemTime(new Date("2026-11-22T02:15:00Z"));
  expect(await found()).toEqual([]);
});

it("a service of an alert that is not there is said; what may not be listed is no health", async () => {
  await begin(wellCluster());
  expect(await found({ service: "shop" })).toEqual([["no-service:shop", "critical", "fixSelector"]]);
  cluster.denies = (_verb, resource) => resource === "endpoints";
  expect((await found()).length).toBeGreaterThan(0);
});
