import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { groupTitle } from "../../../../src/core/words/alert.ts";
import { isHeartbeat, isLostFromSight, missingDataOf } from "../../../../src/core/words/alerting.ts";
import { parseNotification } from "../../../../src/ingress/alertmanager/notification.ts";
import { createTeller } from "../../../../src/ingress/alertmanager/teller.ts";
import { routeAlerts } from "../../../../src/ingress/routing/route-alerts.ts";
import { splitGroups } from "../../../../src/ingress/routing/split.ts";
import { bookOf, catalogOf, none } from "../fixtures.ts";

const text = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/alertmanager/${name}.json`, import.meta.url), "utf8");
const read = async (name: string) => (await parseNotification(text(name))).notification;
const shop = catalogOf({ runbooks: [bookOf({ id: "service-health", params: none })] });
const [checkout] = shop.systems;
const catalog = {
  ...shop,
  systems: checkout === undefined ? [] : [{ ...checkout, match: [{ job: "shop-api" }] }],
};

describe("what other senders send", () => {
  it("Grafana's own webhook is taken as Alertmanager's, its links kept", async () => {
    const { version, alerts, groupKey } = await read("grafana-v1-firing");
    expect({ version, groupKey }).toMatchObject({
      version: "4",
      groupKey: expect.stringContaining("HighErrorRate"),
    });
    expect(alerts[0]).toMatchObject({
      ...{ status: "firing", labels: { alertname: "HighErrorRate", grafana_folder: "Shop" } },
      annotations: {
        summary: "5xx above 5 %",
        silence_url: expect.stringContaining("/alerting/silence/new"),
      },
    });
    expect(routeAlerts(catalog, await read("grafana-v1-firing"))).toMatchObject({ system: "checkout" });
  });

  it("its Test button leaves no incident that never ends", async () => {
    const body = JSON.parse(text("grafana-v1-firing"));
    body.alerts[0].labels = { alertname: "TestAlert", instance: "Grafana" };
    const { notification } = await parseNotification(JSON.stringify(body));
    expect(notification.alerts.map(({ status }) => status)).toEqual(["resolved"]);
  });

  it("null annotations and labels are none", async () => {
    const { commonAnnotations, alerts } = await read("null-annotations");
    expect([commonAnnotations, alerts[0]?.annotations]).toEqual([{}, {}]);
    const body = JSON.parse(text("null-annotations"));
    Object.assign(body.alerts[0], {
      labels: { alertname: "A", team: null },
      generatorURL: null,
      endsAt: null,
    });
    const { notification } = await parseNotification(`${JSON.stringify({ ...body, groupLabels: null })}\n\n`);
    expect(notification.alerts[0]).toMatchObject({ labels: { alertname: "A", team: "" }, generatorURL: "" });
  });

  it("figures and truths among labels and annotations are their text, and cost no alert", async () => {
    const body = JSON.parse(text("null-annotations"));
    Object.assign(body.alerts[0], {
      labels: { alertname: "A", port: 9100 },
      annotations: { urgent: true, x: 0 },
    });
    const { notification, notes } = await parseNotification(JSON.stringify(body));
    expect(notification.alerts[0]).toMatchObject({
      labels: { port: "9100" },
      annotations: { urgent: "true", x: "0" },
    });
    expect(notes).toEqual([]);
    body.alerts[0].labels.port = [1];
    await expect(parseNotification(JSON.stringify(body))).rejects.toMatchObject({ code: "bad_notification" });
  });

  it.each([
    ["a list", text("prometheus-direct-array"), "diagbot is none", "put an Alertmanager between"],
    ["version 3", { version: "3", alerts: [{}] }, 'version "3"', "version 4, of Alertmanager 0.16"],
    ["version 1 of somebody else", { version: "1", alerts: [{}] }, 'version "1"', "Grafana's contact point"],
    ["no version", { alerts: [] }, "says no `version`", "webhook of an Alertmanager"],
    ["no alerts", { text: "hello" }, "no `alerts`", "webhook of an Alertmanager"],
    ["legacy Grafana", { title: "x", ruleUrl: "u", evalMatches: [] }, "legacy alerting", "Grafana 9"],
    ["no object", "null", "no JSON object", "webhook of an Alertmanager"],
  ])("%s is refused with what to do", async (_what, body, says, does) => {
    const sent = typeof body === "string" ? body : JSON.stringify(body);
    await expect(parseNotification(sent)).rejects.toMatchObject({
      ...{
        code: "bad_notification",
        message: expect.stringContaining(says),
        hint: expect.stringContaining(does),
      },
    });
  });
});

describe("alerts about the alerting", () => {
  it.each([
    ["Watchdog", true],
    ["DeadMansSwitch", true],
    ["DeadMan's Switch", true],
    ["PrometheusAlertmanagerE2eDeadManSwitch", true],
    ["InfoInhibitor", true],
    ["HostSoftwareWatchdog", false],
    ["RedisHeartbeatMissing", false],
    ["", false],
    ["Watchdog (prod)", true],
    ["WatchdogAlert", true],
    ["kubernetes-watchdog", true],
    ["WatchdogMissing", false],
    ["DeadMansSwitchLost", false],
  ])("%j is a heartbeat: %j", (alertname, is) =>
    expect(isHeartbeat({ labels: { alertname }, annotations: {} })).toBe(is),
  );

  it.each([
    ["team-a-heartbeat", { severity: "none" }, "", true],
    ["team-a-heartbeat", { severity: "warning" }, "This alert is always firing.", true],
    ["team-a-heartbeat", { severity: "warning" }, "No heartbeat of team A for 5 minutes.", false],
    ["PumpWatchdog", { severity: "critical" }, "The pump's watchdog fired.", false],
    ["DiskFull", { severity: "none" }, "Always firing here.", false],
  ])("%j %j %j: %j, by its own word", (alertname, labels, description, is) =>
    expect(isHeartbeat({ labels: { alertname, ...labels }, annotations: { description } })).toBe(is),
  );

  it("a heartbeat is apart: no group, no run, unless a route gives it a runbook", async () => {
    const watchdog = await read("watchdog");
    expect(splitGroups([], watchdog)).toEqual({ heartbeats: ["Watchdog"], groups: [] });
    const [alert] = (await read("null-annotations")).alerts;
    const mixed = { ...watchdog, alerts: [...watchdog.alerts, ...(alert === undefined ? [] : [alert])] };
    expect(splitGroups([], mixed)).toMatchObject({
      ...{ heartbeats: ["Watchdog"], groups: [{ alerts: [{ labels: { alertname: "RedisDown" } }] }] },
    });
    const route = { number: 1, match: [], params: {}, runbooks: ["service-health"] };
    expect(splitGroups([route], watchdog)).toMatchObject({ heartbeats: [], groups: [{}] });
  });

  it("a rule without data is named, and is not the fault it describes", async () => {
    const noData = await read("grafana-nodata-as-v4");
    expect(groupTitle(noData)).toBe("No data for HighErrorRate");
    const { runs, remarks } = routeAlerts(catalog, noData);
    expect(runs).toEqual([]);
    expect(remarks).toEqual([
      expect.stringContaining('the measurement of the rule "HighErrorRate" is missing'),
    ]);
    expect(
      missingDataOf({ labels: { alertname: "X" }, annotations: { grafana_state_reason: "Error" } }),
    ).toEqual({
      ...{ rule: "X", why: "error" },
    });
    expect(missingDataOf({ labels: { alertname: "X" }, annotations: {} })).toBeUndefined();
  });

  it("two rules without data are two groups, whoever groups them by that one name", async () => {
    const noData = await read("grafana-nodata-as-v4");
    const other = noData.alerts.map((alert) => ({
      ...alert,
      labels: { ...alert.labels, rulename: "Latency" },
    }));
    const { groups } = splitGroups([], { ...noData, alerts: [...noData.alerts, ...other] });
    expect(groups.map(groupTitle)).toEqual(["No data for HighErrorRate", "No data for Latency"]);
    expect(new Set(groups.map(({ groupKey }) => groupKey)).size).toBe(2);
  });
});

describe("what was turned away", () => {
  it("is told once an hour for each kind of reason, with what to do; what is tried again is not", () => {
    const told: string[] = [];
    let now = 0;
    const tell = createTeller(
      (line) => told.push(line),
      () => now,
    );
    const bad = (outcome: string, status = 400) => ({
      status,
      outcome,
      body: { reason: "why", hint: "do this" },
    });
    for (const at of [0, 1, 3_599_999, 3_600_000]) {
      now = at;
      tell(bad("bad_notification"), "10.0.0.9");
    }
    tell(bad("unauthorized", 401), undefined);
    tell(bad("busy", 503), "10.0.0.9");
    tell(bad("opened", 200), "10.0.0.9");
    expect(told).toEqual([
      "An alert notification from 10.0.0.9 was turned away (400): why; do this",
      "An alert notification from 10.0.0.9 was turned away (400): why; do this",
      expect.stringContaining("ALERTMANAGER_TOKEN"),
    ]);
  });
});

describe("webhooks of other products", () => {
  it.each([
    [
      "Amazon SNS",
      { Type: "SubscriptionConfirmation", TopicArn: "arn:x", SubscribeURL: "https://x" },
      "confirms no subscription",
    ],
    [
      "Uptime Kuma",
      { heartbeat: { status: 0 }, monitor: { name: "shop" }, msg: "down" },
      "scrape its /metrics",
    ],
    ["PagerDuty", { event: { event_type: "incident.triggered", data: {} } }, "both receivers"],
    ["Sentry", { action: "triggered", data: {}, installation: {} }, "Alertmanager"],
    ["Datadog", { id: "1", alert_type: "error" }, "Alertmanager"],
    ["Zabbix", { event_id: "1", alert_subject: "Problem" }, "Alertmanager"],
    ["Azure Monitor", { schemaId: "azureMonitorCommonAlertSchema", data: {} }, "Alertmanager"],
  ])("%s is called by its name, and told which way leads here", async (name, body, way) => {
    const refused = parseNotification(JSON.stringify(body));
    await expect(refused).rejects.toMatchObject({
      ...{ code: "bad_notification", message: expect.stringContaining(`a notification of ${name}`) },
      hint: expect.stringContaining(way),
    });
  });

  it("one that is unknown, and a form, are said to be no Alertmanager's", async () => {
    await expect(parseNotification('{"text":"down"}')).rejects.toThrow("not from an Alertmanager");
    await expect(parseNotification("payload=%7B%7D")).rejects.toThrow("is a form");
  });
});

it("a heartbeat may stand anywhere in a name that counts for nothing; one that is missed is an alert", () => {
  const told = (alertname: string, severity = "none") => ({
    labels: { alertname, severity },
    annotations: {},
  });
  expect(isHeartbeat(told("HeartBeatCheck"))).toBe(true);
  expect(isHeartbeat(told("Meta-Watchdog-EU"))).toBe(true);
  expect(isHeartbeat(told("HeartBeatCheck", "critical"))).toBe(false);
  expect(isHeartbeat(told("HeartbeatMissing"))).toBe(false);
  expect(isHeartbeat(told("WatchdogTimeout"))).toBe(false);
});

it("an alert whose series is gone has not ended well", () => {
  const ended = (reason: string) => ({
    labels: { alertname: "A" },
    annotations: { grafana_state_reason: reason },
  });
  expect(isLostFromSight(ended("MissingSeries"))).toBe(true);
  expect(isLostFromSight(ended("Paused"))).toBe(false);
});
