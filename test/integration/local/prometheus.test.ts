import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmulatedPrometheus, startPrometheus } from "../../../local/prometheus/server.ts";
import { RequestMetrics } from "../../../local/sample/metrics.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";
import { prometheus } from "../../../src/sdk/index.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const metrics = new RequestMetrics();
let target: Server;
let emulated: EmulatedPrometheus;
let bench: Bench;
let asking: NodeJS.Timeout;

beforeAll(async () => {
  target = createServer((_request, response) => response.end(metrics.text())).listen(0, "127.0.0.1");
  await once(target, "listening");
  asking = setInterval(() => {
    metrics.count("/checkout", 201, 0.03);
    metrics.count("/checkout", 503, 0.3);
  }, 20);
  emulated = await startPrometheus({
    url: `http://127.0.0.1:${(target.address() as AddressInfo).port}`,
    job: "shop",
  });
  bench = openBench({
    connections: { metrics: { kind: "prometheus", url: emulated.url, labels: { job: "shop" } } },
    connectors: connectorsOf(kinds),
  });
});
afterAll(async () => {
  clearInterval(asking);
  await bench.close();
  await emulated.stop();
  target.close();
});

describe("the emulated Prometheus answers the connector", () => {
  it("error ratio", async () => {
    const seen = await until(async () => {
      const errors = await bench.call(prometheus.errorRatio());
      return errors.state === "measured" && errors.routes.length > 0 && errors;
    });
    expect(seen.total.ratio).toBeCloseTo(0.5, 1);
    expect(seen.routes[0]).toMatchObject({ name: "/checkout" });
    const line = await until(async () =>
      (await bench.call(prometheus.errorSeries())).lines.find(({ name }) => name === "5xx"),
    );
    expect(line.points.findLast(([, value]) => value !== null)?.[1]).toBeCloseTo(0.5, 1);
  });

  it("latency", async () => {
    const seen = await until(async () => {
      const latency = await bench.call(prometheus.latency());
      return latency.state === "measured" && latency;
    });
    expect(seen.p50.guess).toBeLessThan(0.06);
    expect(seen.p95.from).toBeGreaterThanOrEqual(0.25);
    expect(seen.p95.to).toBeLessThanOrEqual(0.5);
  });

  it("targets", async () => {
    expect(await bench.call(prometheus.targets())).toEqual({ total: 1, down: [] });
  });
});
