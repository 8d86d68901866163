import { afterEach, describe, expect, test } from "vitest";
import { alerting } from "../../../runbooks/alertmanager/alerting.ts";
import { alertmanager } from "../../../src/sdk/index.ts";
import { startAlertmanager, whyNoAlertmanager } from "../../helpers/alertmanager-server.ts";
import { freePort } from "../../helpers/ports.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { webServer } from "../../helpers/web-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const missing = whyNoAlertmanager();
const critical = { alertname: "OrdersDown", job: "orders", severity: "critical" };

describe.skipIf(missing !== undefined)("alerts that reach nobody", () => {
  const start = async (receives: number, cluster?: readonly string[]) => {
    const receiver = await webServer((_request, answer) => answer.writeHead(receives).end());
    const server = await startAlertmanager(`http://127.0.0.1:${receiver.port}/`, cluster);
    const { connector } = alertmanager.kind;
    if (connector === undefined) throw new Error("no connector");
    const bench = openBench({
      connections: { alerts: { kind: "alertmanager", url: server.url } },
      connectors: [connector],
    });
    cleanups.push(receiver.close, server.stop, bench.close);
    const found = async () =>
      (await bench.diagnose(alerting)).findings.map(({ id, severity }) => `${severity} ${id}`);
    return { server, found, diagnose: () => bench.diagnose(alerting), port: receiver.port };
  };
  const told = (port: number, more: object) =>
    JSON.stringify({
      receivers: [
        { name: "hook", webhook_configs: [{ url: `http://127.0.0.1:${port}/` }] },
        { name: "quiet" },
      ],
      ...more,
    });

  test("a receiver that answers 500 is tried again and not counted as failed yet: said all the same", async () => {
    const { server, diagnose } = await start(500);
    await server.fire([critical]);
    const finding = await until(async () =>
      (await diagnose()).findings.find(({ id, severity }) => id === "not-told" && severity === "warning"),
    );
    expect(finding.title).toMatch(/^\d+ of \d+ requests by webhook failed, and are tried again$/);
  });

  test("a default route that tells nobody; what has a route, and a heartbeat, are well", async () => {
    const { server, diagnose, found, port } = await start(200);
    const route = { receiver: "quiet", routes: [{ matchers: ['job="orders"'], receiver: "hook" }] };
    expect(await server.reload(told(port, { route }))).toBe(true);
    await server.fire([critical, { alertname: "Watchdog", severity: "none" }]);
    expect(await found()).toEqual([]);
    await server.fire([{ alertname: "StockDown", job: "stock", severity: "critical" }]);
    const run = await diagnose();
    expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning nowhere"]);
    expect(run.finding("nowhere").title).toContain("StockDown");
    expect(run.advice("routeThem")).toContain("amtool config routes test");
  });

  test("an inhibition of what has nothing to do with it, and one that fits", async () => {
    const { server, diagnose, port } = await start(200);
    const route = { receiver: "hook" };
    const rule = { source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'] };
    expect(await server.reload(told(port, { route, inhibit_rules: [rule] }))).toBe(true);
    await server.fire([critical, { alertname: "DiskFull", job: "node", severity: "warning" }]);
    const strange = await until(async () =>
      (await diagnose()).findings.find(({ id, severity }) => id === "inhibited" && severity === "warning"),
    );
    expect(strange.because).toContain("no label in common");
    await server.clear();
    await server.fire([critical, { alertname: "OrdersSlow", job: "orders", severity: "warning" }]);
    const fits = await until(async () => (await diagnose()).findings.find(({ id }) => id === "inhibited"));
    expect(fits.severity).toBe("info");
  });

  test("a member of its cluster that it cannot reach, though it calls itself ready", async () => {
    const peers = [`--cluster.listen-address=127.0.0.1:${await freePort()}`, "--cluster.peer=127.0.0.1:1"];
    const { diagnose } = await start(200, [...peers, "--cluster.settle-timeout=1s"]);
    const finding = await until(async () =>
      (await diagnose()).findings.find(({ title }) => title.includes("cannot reach")),
    );
    expect(finding).toMatchObject({
      id: "cluster",
      title: "Alertmanager cannot reach 1 member of its cluster",
    });
  });
});
