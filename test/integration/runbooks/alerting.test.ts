import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { alerting } from "../../../runbooks/alertmanager/alerting.ts";
import { filterOf } from "../../../src/connectors/alertmanager/shapes.ts";
import { metricsIn } from "../../../src/connectors/alertmanager/state.ts";
import { alertmanager } from "../../../src/sdk/index.ts";
import {
  type AlertmanagerServer,
  startAlertmanager,
  whyNoAlertmanager,
} from "../../helpers/alertmanager-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { webServer } from "../../helpers/web-server.ts";

const missing = whyNoAlertmanager();

describe.skipIf(missing !== undefined)(
  `on a real Alertmanager${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let server: AlertmanagerServer;
    let bench: Bench;
    let receives = 200;
    let receiver: Awaited<ReturnType<typeof webServer>>;
    const benchOf = (more: object = {}): Bench => {
      const { connector } = alertmanager.kind;
      if (connector === undefined) throw new Error("no connector");
      return openBench({
        connections: { alerts: { kind: "alertmanager", url: server.url, ...more } },
        connectors: [connector],
      });
    };
    beforeAll(async () => {
      receiver = await webServer((_request, answer) => answer.writeHead(receives).end());
      server = await startAlertmanager(`http://127.0.0.1:${receiver.port}/`);
      bench = benchOf();
    });
    afterEach(() => server.clear());
    afterAll(async () => {
      await bench?.close();
      await server?.stop();
      await receiver?.close();
    });

    const diagnose = (params: Record<string, unknown> = {}) => bench.diagnose(alerting, params);
    const found = async (params: Record<string, unknown> = {}) =>
      (await diagnose(params)).findings.map(({ id, severity }) => `${severity} ${id}`);
    const silence = async (matchers: object[], more: object = {}) =>
      (
        (await server.api("POST", "silences", {
          matchers: matchers.map((one) => ({ isRegex: false, isEqual: true, ...one })),
          startsAt: new Date().toISOString(),
          endsAt: new Date(Date.now() + 7_200_000).toISOString(),
          createdBy: "ann",
          comment: "deployment",
          ...more,
        })) as { silenceID: string }
      ).silenceID;
    const silenced = (n: number) =>
      until(async () => {
        const all = (await server.api("GET", "alerts")) as { status: { silencedBy: string[] } }[];
        return all.filter(({ status }) => status.silencedBy.length > 0).length === n;
      });
    const api = { alertname: "HighErrorRate", job: "api", severity: "critical" };

    test("alerts that fire and are told: nothing wrong with the alerting", async () => {
      await server.fire([api, { alertname: "Slow", job: "web", severity: "warning" }]);
      expect(await found()).toEqual([]);
    });

    test("what is silenced, by whom and for how long; of a critical one a warning", async () => {
      await server.fire([api, { alertname: "Slow", job: "web", severity: "warning" }]);
      await silence([{ name: "alertname", value: "Slow" }]);
      await silenced(1);
      const run = await diagnose();
      expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["info silenced"]);
      expect(run.finding("silenced").because).toMatch(
        /^ann: deployment, (1 h 59 min|119 min|2 h|120 min) left$/,
      );
      await silence([{ name: "alertname", value: "HighErrorRate" }]);
      await silenced(2);
      expect(await found()).toEqual(["warning silenced"]);
    });

    test("a silence without an alert's name hides what nobody has seen; a pattern of names does not", async () => {
      await server.fire([api]);
      await silence([{ name: "alertname", value: "High.*", isRegex: true }]);
      await silenced(1);
      expect(await found()).toEqual(["warning silenced"]);
      await silence([{ name: "job", value: "api" }]);
      await silence([{ name: "alertname", value: ".+", isRegex: true }]);
      const run = await diagnose();
      expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual([
        "warning too-wide",
        "warning silenced",
      ]);
      expect(run.finding("too-wide").title).toContain("2 silences without an alert's name");
    });

    test("a critical alert holds back the warning of its job: said, and no fault", async () => {
      await server.fire([api, { alertname: "Slow", job: "api", severity: "warning" }]);
      await until(async () => (await found()).includes("info inhibited"));
      const run = await diagnose();
      expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["info inhibited"]);
      expect(run.finding("inhibited").because).toContain("By HighErrorRate.");
    });

    test("a silence is offered where it is asked for, hides that alert only, and is taken back", async () => {
      await server.fire([
        { ...api, instance: "a" },
        { ...api, instance: "b" },
        { alertname: "Slow", job: "api", severity: "page" },
      ]);
      expect((await diagnose()).findings.flatMap(({ remedies }) => remedies)).not.toContain("silence");
      const run = await diagnose({ silence: "HighErrorRate" });
      const done = await run.apply("silence");
      expect(done.previews[0]?.changes[0]).toBe(
        'silence alertname="HighErrorRate", job="api", severity="critical" for 60 min: nobody is told of 2 alerts that fire now, and of new ones with these labels',
      );
      expect(done.holds).toBe(true);
      await silenced(2);
      const [made] = (await server.api("GET", "silences")) as { createdBy: string; comment: string }[];
      expect(made).toMatchObject({ createdBy: "diagbot", comment: expect.stringContaining("(test-effect)") });
      expect((await diagnose({ silence: "HighErrorRate" })).finding("silence-asked").title).toContain(
        "No alert",
      );
      await done.undo();
      await silenced(0);
    });

    test("a label that is too long to be looked at keeps nobody from silencing the alert", async () => {
      await server.fire([{ ...api, query: "x".repeat(300) }]);
      const done = await (await diagnose({ silence: "HighErrorRate" })).apply("silence");
      expect(done.previews[0]).toMatchObject({
        changes: [expect.stringContaining("nobody is told of 1 alert that fires now")],
      });
      expect(done.holds).toBe(true);
      await silenced(1);
      await done.undo();
      await silenced(0);
    });

    test("all that fire of its labels: one silence each, none of others, and all are taken back", async () => {
      const own = benchOf({ labels: { job: "api" } });
      try {
        await server.fire([
          { ...api, instance: "a" },
          { ...api, instance: "b" },
          { alertname: "Slow", job: "api", severity: "page" },
          { alertname: "Slow", job: "web", severity: "page" },
        ]);
        const run = await own.diagnose(alerting, { all: true, minutes: 30, reason: "migration" });
        const done = await run.apply("silence");
        expect(done.calls).toHaveLength(2);
        expect(done.holds).toBe(true);
        await silenced(3);
        const all = (await server.api("GET", "silences")) as { comment: string; status: { state: string } }[];
        const living = all.filter(({ status }) => status.state === "active");
        expect(living.every(({ comment }) => comment.startsWith("migration; asked for in diagbot"))).toBe(
          true,
        );
        expect((await own.diagnose(alerting, { show: true })).finding("silences").title).toBe(
          "2 silences hold",
        );
        await done.undo();
        await silenced(0);
      } finally {
        await own.close();
      }
    });

    test("what is too wide, of another system or of nothing is refused", async () => {
      const own = benchOf({ labels: { job: "api" } });
      const say = async (labels: Record<string, string>) =>
        (await own.preview(alertmanager.createSilence({ labels, comment: "x" }))).refused;
      try {
        await server.fire(Array.from({ length: 21 }, (_one, n) => ({ ...api, instance: `i${n}` })));
        expect(await say({ alertname: "HighErrorRate", job: "api" })).toContain("21 alerts, more than 20");
        expect(await say({ alertname: "HighErrorRate", job: "api", instance: "i3" })).toBeUndefined();
        expect(await say({ alertname: "HighErrorRate" })).toContain('job="api" has to be among the labels');
        expect(await say({ alertname: "Other", job: "api" })).toContain("there is nothing to silence");
        expect(() => alertmanager.createSilence({ labels: { job: "api" }, comment: "x" })).toThrow(
          "alertname",
        );
        expect(await say({ alertname: 'x", job=~".*', job: "api" })).toContain("there is nothing to silence");
      } finally {
        await own.close();
      }
    });

    test("a silence is ended by its id, once", async () => {
      await server.fire([api]);
      const id = await silence([{ name: "alertname", value: "HighErrorRate" }]);
      await silenced(1);
      const run = await diagnose({ expire: id });
      const done = await run.apply("expire");
      expect(done.previews[0]?.changes[0]).toContain(`end silence ${id} of ann (deployment)`);
      expect(done.holds).toBe(true);
      await silenced(0);
      expect((await diagnose({ expire: id })).finding("expire-asked").title).toContain("or it has ended");
    });

    test("notifications that are not taken, and a configuration that is not", async () => {
      receives = 400;
      await server.fire([api]);
      await until(async () => (await found()).some((word) => word.endsWith("not-told")));
      const run = await diagnose();
      expect(run.finding("not-told").title).toMatch(/notifications by webhook failed/);
      expect(run.finding("not-told").because).toContain("the counter does not say");
      receives = 200;
      expect(await server.reload("route: {")).toBe(false);
      expect(await found()).toContain("warning config-refused");
    });
  },
);

test("a matcher is quoted as Go quotes it, and so is a name that is none of the old ones", () => {
  expect(filterOf("job", 'a"b\\c\n')).toBe('job="a\\"b\\\\c\\n"');
  expect(filterOf("service.name", "shop")).toBe('"service.name"="shop"');
  expect(() =>
    alertmanager.createSilence({ labels: { alertname: "A", "service.name": "shop" }, comment: "x" }),
  ).not.toThrow();
});

test("counters of its metrics, summed up over reasons; what is not there is not known", () => {
  const text = [
    'alertmanager_notifications_total{integration="slack"} 10',
    'alertmanager_notifications_failed_total{integration="slack",reason="clientError"} 3',
    'alertmanager_notifications_failed_total{integration="slack",reason="other"} 1',
    'alertmanager_notifications_failed_total{integration="email",reason="other"} 0',
    'alertmanager_notification_requests_total{integration="email"} 7',
    'alertmanager_notification_requests_failed_total{integration="email"} 5',
    "alertmanager_cluster_failed_peers 2",
    "alertmanager_config_last_reload_successful 0",
  ].join("\n");
  expect(metricsIn(text)).toEqual({
    failing: [
      {
        integration: "slack",
        failed: 4,
        sent: 10,
        requests: 0,
        requestsFailed: 0,
        reasons: ["clientError", "other"],
      },
      { integration: "email", failed: 0, sent: 0, requests: 7, requestsFailed: 5, reasons: [] },
    ],
    failedPeers: 2,
    configTaken: false,
    configAt: null,
  });
  expect(metricsIn("")).toEqual({ failing: [], failedPeers: null, configTaken: null, configAt: null });
});
