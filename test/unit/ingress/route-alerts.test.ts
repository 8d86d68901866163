import { describe, expect, it } from "vitest";
import type { Notification } from "../../../src/core/words/alert.ts";
import { routeAlerts } from "../../../src/ingress/route-alerts.ts";
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
