import { describe, expect, it } from "vitest";
import { runbooks } from "../../../runbooks/index.ts";
import { routeAlerts } from "../../../src/ingress/routing/route-alerts.ts";
import { splitGroups } from "../../../src/ingress/routing/split.ts";
import { makeSystem } from "../../make/system.ts";
import { catalogOf, recorded } from "./fixtures.ts";

const shop = makeSystem("shop", {
  match: [{ job: "shop" }],
  connections: {
    orders: { kind: "postgres", url: "postgres://app@orders.abc123.eu-west-1.rds.amazonaws.com/orders" },
    billing: { kind: "postgres", url: "postgres://app@billing.abc123.eu-west-1.rds.amazonaws.com/billing" },
    cache: { kind: "redis", url: "redis://[2001:db8::1]:6379" },
    jobs: { kind: "redis", url: "redis://jobs.internal:6379", role: "queue" },
    api: { kind: "http", url: "https://api.shop.example" },
    web1: { kind: "host", ssh: "ops@10.0.1.5" },
    web2: { kind: "host", ssh: "ops@10.0.1.6" },
    public: { kind: "host", ssh: "ops@203.0.113.7" },
    engine: { kind: "docker" },
    cluster: { kind: "kubernetes" },
    metrics: { kind: "prometheus", url: "http://prom.internal:9090" },
  },
});
const base = recorded("01-firing-single-with-bearer-header");
const alertOf = (labels: Record<string, string>) => {
  const [first] = base.alerts;
  if (first === undefined) throw new Error("fixture");
  return { ...first, annotations: {}, labels: { job: "shop", ...labels } };
};
const routed = (labels: Record<string, string>) => {
  const catalog = catalogOf({ runbooks, systems: [shop] });
  const { runs, remarks } = routeAlerts(catalog, { ...base, alerts: [alertOf(labels)] });
  const of = ({ runbook, connections, aimed = [], params }: (typeof runs)[number]) =>
    [runbook, ...aimed.map((kind) => connections[kind] ?? "")]
      .concat(typeof params.connection === "string" ? [params.connection] : [])
      .join(" ");
  return { runs: runs.map(of), params: runs[0]?.params, remarks };
};

describe("what an alert of the field selects", () => {
  it.each([
    ["a database of RDS", "PostgresqlDeadLocks", { dbinstance_identifier: "billing" }, ["pg-locks billing"]],
    [
      "as YACE says it",
      "PostgresqlDeadLocks",
      { dimension_DBInstanceIdentifier: "orders" },
      ["pg-locks orders"],
    ],
    ["a connection's own name", "PostgresqlDeadLocks", { service: "billing" }, ["pg-locks billing"]],
    [
      "decoy: a service of another name",
      "PostgresqlDeadLocks",
      { service: "web" },
      ["pg-locks orders", "pg-locks billing"],
    ],
    ["IPv6, spelled out", "RedisDown", { instance: "[2001:DB8:0:0::1]:6379" }, ["redis-connectivity cache"]],
    [
      "a machine by EC2's name",
      "HostOutOfMemory",
      { node: "ip-10-0-1-6.eu-west-1.compute.internal" },
      ["high-memory web2"],
    ],
    [
      "beside an address of its pod",
      "HostOutOfMemory",
      { instance: "10.244.3.3:9100", nodename: "ip-10-0-1-5" },
      ["high-memory web1"],
    ],
    [
      "what a gateway passed on",
      "RedisDown",
      { instance: "pushgateway:9091", exported_instance: "jobs.internal:6379" },
      ["redis-connectivity jobs"],
    ],
    [
      "a name as people write it in Grafana",
      "Redis down",
      { addr: "jobs.internal:6379" },
      ["redis-connectivity jobs"],
    ],
    [
      "a container of a pod",
      "ContainerHighMemoryUsage",
      { namespace: "prod", pod: "api-1", container: "api" },
      ["k8s-workload cluster"],
    ],
    [
      "a container of Compose",
      "ContainerHighMemoryUsage",
      { name: "shop-api-1", container_label_com_docker_compose_service: "api" },
      ["container-failure engine"],
    ],
    [
      "a probe's URL",
      "BlackboxProbeFailed",
      { instance: "https://api.shop.example/health" },
      ["service-health", "tcp-dependency api"],
    ],
  ] satisfies [string, string, Record<string, string>, string[]][])(
    "%s: %s %j",
    (_what, alertname, labels, runs) => {
      expect(routed({ alertname, ...labels })).toMatchObject({ runs, remarks: [] });
    },
  );

  it("another address of a machine: the one that is known by name or from outside may be it, its neighbours are not", () => {
    const { runs, remarks } = routed({ alertname: "HostOutOfMemory", instance: "10.0.1.99:9100" });
    expect(runs).toEqual(["high-memory public"]);
    expect(remarks).toEqual([expect.stringContaining("whether that is public is not known")]);
  });

  it("an address of a container tells nothing of the machine", () => {
    expect(routed({ alertname: "HostOutOfMemory", instance: "172.18.0.5:9100" }).runs).toHaveLength(3);
  });

  it("what no connection is known to lead to is said, where all are looked at", () => {
    expect(
      routed({ alertname: "BlackboxProbeFailed", instance: "https://www.other.example" }).remarks,
    ).toEqual([
      expect.stringContaining(
        'instance="https://www.other.example", and no connection of shop is known to lead there',
      ),
    ]);
    expect(routed({ alertname: "ServiceDown", instance: "localhost:8000" }).remarks).toEqual([]);
  });

  it("the pod and address of kube-state-metrics are not the subject, and exported labels are", () => {
    const own = {
      container: "kube-state-metrics",
      pod: "ksm-kube-state-metrics-1",
      instance: "10.244.0.9:8080",
    };
    const { params, remarks } = routed({
      ...{ alertname: "KubeDeploymentReplicasMismatch", namespace: "prod", deployment: "api", ...own },
    });
    expect(params).toMatchObject({ workload: "api", namespace: "prod" });
    expect([params?.pod, remarks]).toEqual([undefined, []]);
    const exported = { exported_namespace: "prod", exported_pod: "api-1", namespace: "monitoring" };
    expect(routed({ alertname: "KubePodNotReady", ...own, ...exported }).params).toMatchObject({
      ...{ namespace: "prod", pod: "api-1" },
    });
  });
});

describe("Grafana's states of a rule", () => {
  const state = (reason: string, labels: Record<string, string> = {}) => ({
    ...alertOf({ alertname: "RedisDown", ...labels }),
    annotations: { grafana_state_reason: reason },
  });
  const runsOf = (reason: string) =>
    routeAlerts(catalogOf({ runbooks, systems: [shop] }), { ...base, alerts: [state(reason)] }).runs.length;

  it("one that keeps its last state fires for what it last saw; without data nothing is run", () => {
    expect([runsOf("NoData, KeepLast"), runsOf("Error, KeepLast"), runsOf("NoData")]).toEqual([2, 2, 0]);
  });

  it("a group keeps its key whoever else is in it this time", () => {
    const fires = alertOf({ alertname: "RedisDown" });
    const gone = { ...state("MissingSeries", { instance: "b" }), status: "resolved" as const };
    const keys = (...alerts: (typeof base.alerts)[number][]) =>
      splitGroups([], { ...base, alerts }).groups.map(({ groupKey }) => groupKey);
    expect(keys(fires, gone)).toEqual([base.groupKey]);
    const missing = (rulename: string) => alertOf({ alertname: "DatasourceNoData", rulename });
    const [one] = keys(missing("A"));
    expect(keys(missing("A"), missing("B"))).toEqual([one, expect.stringContaining("B")]);
    expect(keys(fires, missing("A"))).toEqual([base.groupKey, one]);
  });

  it("says what the query of a rule failed with", () => {
    const failed = {
      ...alertOf({ alertname: "DatasourceError", rulename: "A" }),
      annotations: { Error: "dial tcp 10.0.0.1:9090: connection refused" },
    };
    const { remarks } = routeAlerts(catalogOf({ systems: [shop] }), { ...base, alerts: [failed] });
    expect(remarks).toEqual([
      expect.stringContaining("its query fails: dial tcp 10.0.0.1:9090: connection refused"),
    ]);
  });
});
