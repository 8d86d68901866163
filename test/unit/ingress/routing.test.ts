import { describe, expect, it } from "vitest";
import { routesOf } from "../../../src/config/route-schema.ts";
import { fileSchema } from "../../../src/config/schema.ts";
import { kinds } from "../../../src/connectors/index.ts";
import type { Notification } from "../../../src/core/words/alert.ts";
import { routeAlerts } from "../../../src/ingress/routing/route-alerts.ts";
import { makeSystem } from "../../make/system.ts";
import { bookOf, catalogOf, none, recorded } from "./fixtures.ts";

const runsOf = (notification: Notification, catalog = catalogOf()) =>
  routeAlerts(catalog, notification).runs.map(({ runbook }) => runbook);

const latency = recorded("01-firing-single-with-bearer-header");
const withFirst = (change: { labels?: Record<string, string>; annotations?: Record<string, string> }) => ({
  ...latency,
  alerts: latency.alerts.map((alert) => ({
    ...alert,
    labels: { ...alert.labels, ...change.labels },
    annotations: change.annotations ?? {},
  })),
});

describe("routeAlerts over recorded notifications", () => {
  it("finds system, channel, severity and runbook with parameters from the labels", () => {
    expect(routeAlerts(catalogOf(), latency)).toMatchObject({
      system: "checkout",
      channel: "C0CHECKOUT",
      severity: "critical",
      runs: [
        {
          system: "checkout",
          runbook: "high-latency",
          params: { service: "checkout", minutes: 5 },
          connections: { postgres: "db" },
          alert: { labels: { alertname: "HighLatency", team: "payments" } },
        },
      ],
    });
  });

  it.each([
    ["02-repeat-same-alert", "checkout", ["high-latency"]],
    ["03-resolved", "checkout", []],
    ["04-firing-grouped-4-alerts", "web", ["pod-down"]],
    ["06-mixed-2-resolved-2-firing-status-firing", "web", ["pod-down"]],
  ])("%s belongs to %s and starts %j", (name, system, runs) => {
    const request = routeAlerts(catalogOf(), recorded(name));
    expect(request.system).toBe(system);
    expect(request.runs.map(({ runbook }) => runbook)).toEqual(runs);
  });
});

describe("routeAlerts", () => {
  it("a runbook named by the alert comes before matchers", () => {
    expect(runsOf(withFirst({ annotations: { runbook: "pg-locks" } }))).toEqual(["pg-locks"]);
    expect(
      runsOf(withFirst({ annotations: { runbook_url: "https://runbooks.example/x/pg-locks.md?a=1#b" } })),
    ).toEqual(["pg-locks"]);
    expect(runsOf(withFirst({ annotations: { runbook: "no-such-thing" } }))).toEqual(["high-latency"]);
    expect(runsOf(withFirst({ annotations: { runbook_url: "not a url" } }))).toEqual(["high-latency"]);
  });

  it("an alert no runbook knows starts the health matrix where there are connections", () => {
    expect(runsOf(withFirst({ labels: { alertname: "Strange" } }))).toEqual(["service-health"]);
    expect(runsOf(withFirst({ labels: { alertname: "Strange", service: "web" } }))).toEqual([]);
  });

  it("an alert of no system is an incident without runs", () => {
    const request = routeAlerts(catalogOf(), withFirst({ labels: { service: "unknown" } }));
    expect(request).toMatchObject({ channel: "C0OPS", runs: [] });
    expect(request.system).toBeUndefined();
  });

  it("starts at most three runbooks, each once, and none the system lacks the connections for", () => {
    const many = ["a", "b", "c", "d"].map((id) =>
      bookOf({ id, params: none, alerts: [{ alertname: "HighLatency" }] }),
    );
    const needy = bookOf({
      id: "needy",
      params: none,
      needs: ["redis"],
      alerts: [{ alertname: "HighLatency" }],
    });
    const catalog = catalogOf({ runbooks: [needy, ...many] });
    const twice = { ...latency, alerts: [...latency.alerts, ...latency.alerts] };
    expect(runsOf(twice, catalog)).toEqual(["a", "b", "c"]);
  });

  it("drops label values that do not fit the parameter, and survives a fromAlert that throws", () => {
    const [run] = routeAlerts(catalogOf(), withFirst({ labels: { minutes: "many" } })).runs;
    expect(run?.params).toEqual({ service: "checkout", minutes: 5 });
    const throwing = bookOf({
      id: "throws",
      params: none,
      alerts: [{ alertname: "HighLatency" }],
      fromAlert: () => {
        throw new Error("label missing");
      },
    });
    expect(runsOf(latency, catalogOf({ runbooks: [throwing] }))).toEqual(["throws"]);
  });

  it("takes the gravest severity of what fires", () => {
    const [alert] = latency.alerts;
    if (alert === undefined) throw new Error("fixture");
    const of = (severity: string, status: "firing" | "resolved" = "firing") => ({
      ...alert,
      status,
      labels: { ...alert.labels, severity },
    });
    const alerts = [of("info"), of("warning"), of("critical", "resolved")];
    expect(routeAlerts(catalogOf(), { ...latency, alerts }).severity).toBe("warning");
  });

  it("says what to configure when no channel is left", () => {
    const nowhere = withFirst({ labels: { service: "web" } });
    expect(() => routeAlerts(catalogOf({ channel: undefined }), nowhere)).toThrow(/no channel/);
  });

  it("an empty match of a system swallows nothing", () => {
    const catalog = catalogOf();
    const systems = catalog.systems.map((system) => ({ ...system, match: [{}] }));
    expect(routeAlerts({ ...catalog, systems }, latency).system).toBeUndefined();
  });
});

const routes = (...written: object[]) => routesOf(fileSchema(kinds).parse({ routes: written }).routes);

describe("routes of diagbot.yaml", () => {
  const request = (...written: object[]) => routeAlerts(catalogOf({ routes: routes(...written) }), latency);

  it("the first that fits says runbook, parameters, system, channel and severity", () => {
    expect(
      request(
        { match: 'alertname="Other"', runbook: "pod-down" },
        {
          match: ['alertname=~"High.*"', "team=payments"],
          runbook: ["pg-locks", "high-latency"],
          params: { minutes: 9 },
          ...{ channel: "C0ROUTED", severity: "page" },
        },
        { match: "team=payments", runbook: "pod-down" },
      ),
    ).toMatchObject({
      ...{ system: "checkout", channel: "C0ROUTED", severity: "page", remarks: [] },
      runs: [
        { runbook: "pg-locks", params: {} },
        { runbook: "high-latency", params: { service: "checkout", minutes: 9 } },
      ],
    });
  });

  it("look at annotations, and a missing label is the empty text", () => {
    const summary = latency.alerts[0]?.annotations.summary ?? "";
    const match = [`annotation.summary=~".*${summary.slice(0, 5)}.*"`, "stage=", 'stage!~".+"'];
    expect(request({ match, runbook: "pg-locks" }).runs.map(({ runbook }) => runbook)).toEqual(["pg-locks"]);
    expect(request({ match: "toString=", runbook: "pg-locks" }).runs).toHaveLength(1);
  });

  it("without a runbook the runbooks' own alert names decide, and stand behind every route", () => {
    const moved = request({ match: "team=payments", system: "web", channel: "C0MOVED" });
    expect(moved).toMatchObject({ system: "web", channel: "C0MOVED", runs: [{ runbook: "high-latency" }] });
    expect(request({ match: "team=other", runbook: "pg-locks" }).runs).toMatchObject([
      { runbook: "high-latency" },
    ]);
  });

  it("come before a runbook the alert names itself", () => {
    const named = withFirst({ annotations: { runbook: "pg-locks" } });
    const catalog = catalogOf({ routes: routes({ match: "team=payments", runbook: "high-latency" }) });
    expect(runsOf(named, catalog)).toEqual(["high-latency"]);
  });

  it("`none` starts nothing, not even the health matrix, and says so", () => {
    expect(request({ match: "team=payments", runbook: "none" })).toMatchObject({
      ...{ system: "checkout", runs: [], remarks: ['route 1 (team="payments") says that nothing is run'] },
    });
  });

  it("a runbook the system cannot run is said, and the next is run", () => {
    const redis = bookOf({ id: "redis-memory", params: none, needs: ["redis"] });
    const { runbooks } = catalogOf();
    const catalog = catalogOf({
      runbooks: [...runbooks, redis],
      routes: routes({ runbook: ["redis-memory", "pg-locks"] }),
    });
    expect(routeAlerts(catalog, latency)).toMatchObject({
      runs: [{ runbook: "pg-locks" }],
      remarks: [
        "route 1 (takes everything) names redis-memory, which needs a redis connection; checkout has none",
      ],
    });
  });

  it("an alert of another system in the group is not looked at on this one", () => {
    const [alert] = latency.alerts;
    if (alert === undefined) throw new Error("fixture");
    const other = { ...alert, labels: { alertname: "PodDown", service: "web", job: "lab" } };
    const { system, runs, remarks } = routeAlerts(catalogOf(), { ...latency, alerts: [alert, other] });
    expect({ system, runs: runs.map(({ runbook }) => runbook) }).toEqual({
      system: "checkout",
      runs: ["high-latency"],
    });
    expect(remarks).toEqual([expect.stringContaining("an alert of web is in this group, too")]);
  });

  it("a runbook that the system disables is not started, by its name neither", () => {
    const [checkout, ...others] = catalogOf().systems;
    if (checkout === undefined) throw new Error("fixture");
    const systems = [{ ...checkout, runbooks: { disable: ["high-latency"] } }, ...others];
    expect(runsOf(latency, catalogOf({ systems }))).toEqual(["service-health"]);
    const routed = routeAlerts(catalogOf({ systems, routes: routes({ runbook: "high-latency" }) }), latency);
    expect(routed).toMatchObject({
      ...{ runs: [], remarks: [expect.stringContaining("which diagbot.yaml disables for checkout")] },
    });
  });
});

describe("an alert that the system's connections cannot see", () => {
  const cluster = bookOf({
    id: "k8s-workload",
    params: none,
    needs: ["kubernetes"],
    alerts: [{ alertname: "KubePodCrashLooping" }],
  });
  const labels = { alertname: "KubePodCrashLooping", namespace: "shop", pod: "api-77-x", container: "api" };
  const catalog = (systems = catalogOf().systems) =>
    catalogOf({ runbooks: [...catalogOf().runbooks, cluster], systems });

  it("is said, with what a person types, beside what is looked at instead", () => {
    const { runs, remarks } = routeAlerts(catalog(), withFirst({ labels }));
    expect(runs.map(({ runbook }) => runbook)).toEqual(["service-health"]);
    expect(remarks).toEqual([
      "KubePodCrashLooping is what k8s-workload looks at, which needs a kubernetes connection; checkout has none, so whatever is found here says nothing of it. By hand: kubectl -n shop describe pod api-77-x; kubectl -n shop logs api-77-x -c api --previous",
    ]);
    const odd = routeAlerts(catalog(), withFirst({ labels: { ...labels, pod: "x; rm -rf /" } }));
    expect(odd.remarks?.[0]).not.toContain("kubectl");
  });

  it("one that it has a connection for, and one that no runbook knows, are said nothing of", () => {
    const systems = [
      makeSystem("checkout", {
        channel: "C0CHECKOUT",
        match: [{ service: "checkout" }],
        connections: { cluster: { kind: "kubernetes", namespace: "shop" } },
      }),
    ];
    expect(routeAlerts(catalog(systems), withFirst({ labels }))).toMatchObject({
      ...{ remarks: [], runs: [{ runbook: "k8s-workload" }] },
    });
    expect(routeAlerts(catalog(), withFirst({ labels: { alertname: "Odd" } })).remarks).toEqual([]);
  });
});

it("an alert about a measurement that is not there looks at what measures; one about a missing backup does not", () => {
  const monitoring = bookOf({ id: "monitoring", params: none });
  const catalog = catalogOf({ runbooks: [...catalogOf().runbooks, monitoring] });
  const started = (alertname: string) => runsOf(withFirst({ labels: { alertname } }), catalog);
  for (const name of ["AbsentAlert", "PaymentsMetricsMissing", "TargetsMissing", "NodeExporterAbsent"])
    expect(started(name)).toEqual(["monitoring"]);
  for (const name of ["RedisMissingBackup", "MissingReplica"])
    expect(started(name)).toEqual(["service-health"]);
});
