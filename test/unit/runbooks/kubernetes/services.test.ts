import { describe, expect, it } from "vitest";
import { ingressFindings } from "../../../../runbooks/kubernetes/ingress-findings.ts";
import { serviceFindings } from "../../../../runbooks/kubernetes/service-findings.ts";
import { Pod, Workload } from "../../../../src/connectors/kubernetes/api/shapes.ts";
import {
  Endpoints,
  Ingress,
  NetworkPolicy,
  Service,
} from "../../../../src/connectors/kubernetes/api/shapes-around.ts";
import { backendsOf, ingressSeen } from "../../../../src/connectors/kubernetes/reads/backends.ts";
import { serviceSeen } from "../../../../src/connectors/kubernetes/reads/service-shape.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const meta = (name: string, more = {}) => ({ name, namespace: "shop", uid: name, ...more });
const long = { creationTimestamp: "2026-11-29T12:00:00Z" };

const pod = (
  name: string,
  labels: Record<string, string>,
  more: { ready?: boolean; ends?: boolean; ports?: object[] } = {},
) => ({
  metadata: meta(name, { labels, ...(more.ends ? { deletionTimestamp: "2026-11-30T11:59:00Z" } : {}) }),
  spec: { containers: [{ name: "main", ports: more.ports ?? [{ name: "http", containerPort: 8080 }] }] },
  status: {
    phase: "Running",
    conditions: [{ type: "Ready", status: more.ready === false ? "False" : "True" }],
  },
});

interface World {
  readonly spec?: object;
  readonly name?: string;
  readonly pods?: readonly object[];
  /** Addresses of its endpoints. */
  readonly ends?: number;
  readonly workloads?: readonly { kind: string; labels: Record<string, string>; replicas: number }[];
  readonly policies?: readonly object[];
  readonly ingresses?: readonly object[];
  readonly events?: readonly { kind: string; name: string; reason: string; message: string }[];
  readonly asked?: string;
}

/** What the runbook finds where these objects are there, as the API writes them. */
function found({ name = "api", pods = [], ends = 0, ...world }: World) {
  const raw = Service.parse({
    metadata: meta(name, long),
    spec: { selector: { app: "api" }, ports: [{ port: 80, targetPort: "http" }], ...world.spec },
  });
  const around = {
    pods: pods.map((one) => Pod.parse(one)),
    endpoints: [
      Endpoints.parse({
        metadata: meta(name),
        subsets:
          ends === 0 ? [] : [{ addresses: Array.from({ length: ends }, (_, n) => ({ ip: `10.0.0.${n}` })) }],
      }),
    ],
    workloads: (world.workloads ?? []).map(({ kind, labels, replicas }) => ({
      kind,
      one: Workload.parse({
        metadata: meta(`${name}-workload`),
        spec: { replicas, template: { metadata: { labels }, spec: { containers: [] } } },
        status: { desiredNumberScheduled: replicas },
      }),
    })),
    policies: (world.policies ?? []).map((spec, n) =>
      NetworkPolicy.parse({ metadata: meta(`policy-${n}`), spec }),
    ),
  };
  const ingresses = (world.ingresses ?? []).map((one) => Ingress.parse(one));
  const seen = {
    total: 1,
    services: [serviceSeen(raw, around)],
    backends: ingresses.flatMap((one) => backendsOf(one, { services: [raw], isWhole: true })),
    ingresses: ingresses.map(ingressSeen),
    notSeen: [],
  };
  const target = { now: NOW, service: world.asked };
  const events = (world.events ?? []).map((one) => ({
    ...{ namespace: "shop", uid: "", field: "", isWarning: true, count: 1, at: NOW.toISOString(), ...one },
  }));
  return [...serviceFindings(seen, target, events), ...ingressFindings(seen, target, events)];
}
const ids = (world: World) => found(world).map(({ id, severity }) => `${id.replace(/:.*/, "")} ${severity}`);
const because = (world: World) =>
  found(world)
    .map(({ title, because: why }) => `${title}. ${why}`)
    .join("\n");

const ingress = (
  to: string,
  more: { annotations?: object; port?: object; class?: string; addressed?: boolean; name?: string } = {},
) => ({
  metadata: meta(more.name ?? "public", { ...long, annotations: more.annotations ?? {} }),
  spec: {
    ingressClassName: more.class,
    rules: [
      {
        host: "shop.example",
        http: {
          paths: [{ path: "/", backend: { service: { name: to, port: more.port ?? { number: 80 } } } }],
        },
      },
    ],
  },
  status: { loadBalancer: more.addressed ? { ingress: [{ ip: "192.0.2.1" }] } : {} },
});

describe("a selector that no pod has", () => {
  it("names the label that differs, not the first one", () => {
    const world = {
      spec: { selector: { app: "api", tier: "webb" } },
      pods: [pod("a", { app: "api", tier: "web" })],
    };
    expect(ids(world)).toEqual(["no-match warning"]);
    expect(because(world)).toContain("1 pod with app=api, and tier=web where it wants tier=webb");
  });

  it("for the replicas of a single instance is normal, unless somebody asks for it", () => {
    const world = {
      spec: { selector: { "cnpg.io/cluster": "pg", "cnpg.io/instanceRole": "replica" } },
      pods: [pod("pg-1", { "cnpg.io/cluster": "pg", "cnpg.io/instanceRole": "primary" })],
    };
    expect(ids(world)).toEqual([]);
    expect(ids({ ...world, asked: "api" })).toEqual(["no-replica critical"]);
  });

  it("for the leader, where no pod leads, is an election and no typing error", () => {
    const world = {
      spec: { selector: { application: "spilo", "spilo-role": "master" } },
      pods: ["a", "b"].map((name) => pod(name, { application: "spilo", "spilo-role": "replica" })),
    };
    expect(ids(world)).toEqual(["no-leader warning"]);
    expect(found(world)[0]?.remedies).toEqual(["fixLeader"]);
  });

  it("of a daemon set that no node fits is not a wrong selector", () => {
    const workloads = [{ kind: "DaemonSet", labels: { app: "api" }, replicas: 0 }];
    expect(ids({ workloads, asked: "api" })).toEqual(["scaled-to-zero critical"]);
    expect(found({ workloads, asked: "api" })[0]?.remedies).toEqual(["fixPods"]);
  });
});

describe("pods that are there", () => {
  it("and all end are not blamed on the endpoints controller", () => {
    expect(ids({ pods: [pod("a", { app: "api" }, { ends: true })] })).toEqual(["ending warning"]);
    expect(ids({ pods: [pod("a", { app: "api" })] })).toEqual(["not-written warning"]);
  });

  it("one of whose ports has no endpoint, while the other has", () => {
    const ports = [
      { port: 80, targetPort: "http" },
      { port: 9090, targetPort: "metrics" },
    ];
    const pods = [pod("a", { app: "api" })];
    expect(ids({ spec: { ports }, pods, ends: 1 })).toEqual(["port-name warning"]);
    expect(ids({ pods, ends: 1 })).toEqual([]);
  });

  it("and are published although none is ready: told where somebody leads there, normal among peers", () => {
    const world = {
      spec: { publishNotReadyAddresses: true, clusterIP: "None" },
      pods: [pod("a", { app: "api" }, { ready: false })],
      ends: 1,
    };
    expect(ids(world)).toEqual([]);
    expect(ids({ ...world, asked: "api" })).toEqual(["publishes-all critical"]);
    expect(ids({ ...world, pods: [pod("a", { app: "api" })], asked: "api" })).toEqual([]);
  });
});

describe("a network policy", () => {
  const pods = [pod("a", { app: "api" })];
  const deny = { podSelector: {} };
  it("that denies all, and none that allows, keeps everybody out", () => {
    expect(ids({ pods, ends: 1, policies: [deny] })).toEqual(["closed warning"]);
    expect(ids({ pods, ends: 1, policies: [deny], ingresses: [ingress("api")] })).toEqual([
      "closed critical",
    ]);
  });

  it.each([
    ["another one allows", [deny, { podSelector: { matchLabels: { app: "api" } }, ingress: [{}] }]],
    [
      "it allows the port of the pod by number",
      [{ podSelector: {}, ingress: [{ ports: [{ port: 8080 }] }] }],
    ],
    ["it allows the port by name", [{ podSelector: {}, ingress: [{ ports: [{ port: "http" }] }] }]],
    ["it allows a range", [{ podSelector: {}, ingress: [{ ports: [{ port: 8000, endPort: 9000 }] }] }]],
    ["it is about what goes out", [{ podSelector: {}, policyTypes: ["Egress"] }]],
    [
      "it is about other pods",
      [{ podSelector: { matchExpressions: [{ key: "app", operator: "NotIn", values: ["api"] }] } }],
    ],
  ])("is nothing where %s", (_what, policies) => {
    expect(ids({ pods, ends: 1, policies })).toEqual([]);
  });

  it("that allows the port of the service, not that of the pod, keeps everybody out", () => {
    const policies = [{ podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] }];
    expect(ids({ pods, ends: 1, policies })).toEqual(["closed warning"]);
  });
});

describe("an ingress", () => {
  const well = { pods: [pod("a", { app: "api" })], ends: 1 };
  it("whose backend is an action of the AWS controller needs no service, but the annotation", () => {
    const port = { name: "use-annotation" };
    const annotations = { "alb.ingress.kubernetes.io/actions.ssl-redirect": "{}" };
    expect(ids({ ...well, ingresses: [ingress("ssl-redirect", { port, annotations })] })).toEqual([]);
    expect(ids({ ...well, ingresses: [ingress("ssl-redirect", { port })] })).toEqual(["ingress critical"]);
  });

  it("that is a canary expects nothing of a service at zero", () => {
    const workloads = [{ kind: "Deployment", labels: { app: "api" }, replicas: 0 }];
    const annotations = { "nginx.ingress.kubernetes.io/canary": "true" };
    expect(ids({ workloads, ingresses: [ingress("api", { annotations })] })).toEqual([]);
    expect(ids({ workloads, ingresses: [ingress("api")] })).toEqual(["scaled-to-zero critical"]);
  });

  it("of a class that nobody serves is told by those that have their address; where none has, that is the controller's way", () => {
    const other = ingress("api", { name: "other", class: "nginx", addressed: true });
    const lost = { ...well, ingresses: [ingress("api", { class: "ngnix" }), other] };
    expect(ids(lost)).toEqual(["ingress-not-taken warning"]);
    expect(because(lost)).toContain(
      "It names class ngnix, and has no address; those that have one name class nginx",
    );
    expect(ids({ ...well, ingresses: [ingress("api", { class: "traefik" })] })).toEqual([]);
  });

  it("says what its controller says", () => {
    const events = [
      { kind: "Ingress", name: "public", reason: "FailedBuildModel", message: "secret shop-tls not found" },
    ];
    expect(because({ ...well, ingresses: [ingress("api")], events })).toContain("secret shop-tls not found");
  });
});

it("a load balancer without an address says what the cloud says", () => {
  const world = { spec: { type: "LoadBalancer" }, pods: [pod("a", { app: "api" })], ends: 1 };
  const events = [
    { kind: "Service", name: "api", reason: "SyncLoadBalancerFailed", message: "quota exceeded" },
  ];
  expect(because({ ...world, events })).toContain("SyncLoadBalancerFailed): quota exceeded");
  expect(because(world)).toContain("No event of it is left");
});

it("an ExternalName is a name; an address is none", () => {
  const external = (externalName: string) =>
    ids({ spec: { type: "ExternalName", externalName, selector: null } });
  expect(external("db.example.com")).toEqual([]);
  expect(external("10.0.0.5")).toEqual(["external-address warning"]);
});
