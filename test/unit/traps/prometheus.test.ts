import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { highErrorRate } from "../../../runbooks/prometheus/high-error-rate.ts";
import { slowResponses } from "../../../runbooks/prometheus/slow-responses.ts";
import { servedBy } from "../../../src/connectors/prometheus/absence.ts";
import { bucketsOf, quantileOf } from "../../../src/connectors/prometheus/buckets.ts";
import type { PrometheusClient } from "../../../src/connectors/prometheus/client.ts";
import { shortestRate, whyNoRate } from "../../../src/connectors/prometheus/rate-window.ts";
import { windowSeconds } from "../../../src/connectors/prometheus/window.ts";
import { judge } from "../../../src/testing/index.ts";
import { exampleFolder, exampleSystems, loadExample } from "../../helpers/examples.ts";

/** A Prometheus that scrapes so often, seen through the one question that is asked for it. */
const scrapedEvery = (seconds: number | undefined) =>
  ({
    select: (metric: string) => `${metric}{}`,
    instant: () =>
      Promise.resolve(seconds === undefined ? [] : [{ labels: {}, value: Math.floor(600 / seconds) }]),
  }) as unknown as PrometheusClient;
const context = {} as never;

describe("a rate needs two scrapes", () => {
  it.each([
    ["rate(x_total[1m])", 60],
    ['sum by (a) (irate(x{b="rate(y[1s])"}[90s]))', 90],
    ["increase(x[1h30m]) / rate(x[5m])", 300],
    ["max_over_time(rate(x[10m])[1h:1m])", 600],
    ["max_over_time(x[30s])", undefined],
    ['{a="rate(x[1s]"}', undefined],
    ["rate(x)", undefined],
  ] as const)("%s takes one over %s s", (promql, seconds) => {
    expect(shortestRate(promql)).toBe(seconds);
  });

  test("trap prom-rate-window: one over a single scrape is no question, and says what would be", async () => {
    expect(await whyNoRate(scrapedEvery(60), "rate(x_total[1m])", context)).toMatch(/every 60 s.*\[240s\]/);
    expect(await whyNoRate(scrapedEvery(15), "rate(x_total[1m])", context)).toBeUndefined();
    expect(await whyNoRate(scrapedEvery(60), "count(x_total)", context)).toBeUndefined();
    expect(await whyNoRate(scrapedEvery(undefined), "rate(x_total[1m])", context)).toBeUndefined();
  });

  test("trap prom-rate-window: our own windows hold four scrapes, whatever was asked for", async () => {
    expect(await windowSeconds(scrapedEvery(60), 1, context)).toBe(240);
    expect(await windowSeconds(scrapedEvery(15), 5, context)).toBe(300);
    expect(await windowSeconds(scrapedEvery(undefined), 1, context)).toBe(60);
  });

  test("trap prom-rate-window: every rate of the examples holds four of Prometheus' default minute", () => {
    const texts = exampleSystems().flatMap((system) =>
      readdirSync(exampleFolder(system), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.(ya?ml|json)$/.test(name) && !name.includes(".test."))
        .flatMap((name) => readFileSync(`${exampleFolder(system)}${name}`, "utf8").split("\n")),
    );
    const windows = texts.flatMap((line) => shortestRate(line.replaceAll(/["']/g, " ")) ?? []);
    expect(windows.length).toBeGreaterThan(30);
    expect(windows.filter((seconds) => seconds < 240)).toEqual([]);
  });
});

describe("whose page is scraped", () => {
  const targets = { total: 1, down: [] };
  const absent = (served?: string[]) =>
    judge(highErrorRate, {
      steps: {
        ratio: { state: "absent", metric: "tws_requests_total", elsewhere: false, near: null, served },
        targets,
      },
    }).findings[0]?.because;

  test("trap prom-exporter-port: a target that is up with another program's metrics is said to be", () => {
    const { served } = servedBy(["up", "scrape_duration_seconds", "node_load1", "node_boot_time_seconds"]);
    expect(served).toEqual(["node_"]);
    expect(absent(served)).toMatch(/other metrics \(node_…\).*another program's/);
    // Nothing is served at all: there is nobody to be taken for somebody else.
    expect(servedBy(["up", "scrape_samples_scraped", "process_start_time_seconds"])).toEqual({});
    expect(absent()).not.toMatch(/another program/);
  });

  test("trap prom-exporter-port: the exporter has a port of its own, and its page must have the application's own metric", () => {
    const { systems, checks } = loadExample("resync");
    const resync = systems.find(({ id }) => id === "resync");
    const portOf = (name: string) => resync?.connections[name]?.face.endpoint?.port;
    expect(portOf("exporter")).toBeGreaterThan(0);
    expect(portOf("exporter")).not.toBe(portOf("app"));
    const page = checks.find(({ check }) => check.id === "metrics-page")?.check;
    expect(page?.http?.metrics).toMatchObject({ requests: "tws_status_requests_total" });
    expect(page?.findings.map(({ when }) => when)).toContainEqual({ requests: { absent: true } });
  });
});

describe("one route for everything", () => {
  const targets = { total: 1, down: [] };
  const counters = { resets: 0, samples: 60, restarts: 0, startFalls: 0 };
  const share = (name: string, total: number, errors: number) => ({
    ...{ name, total, errors, ratio: errors / total },
  });
  const errors = (routes: object[]) =>
    judge(highErrorRate, {
      steps: {
        ratio: {
          ...{ state: "measured", metric: "http_requests_total", windowSeconds: 300, firstErrors: 0 },
          ...{ unreadable: 0, counters, classes: [], routeLabel: "endpoint", routes, instances: [] },
          total: share("all", 10, 5),
        },
        targets,
      },
    }).findings[0];

  test("trap prom-hardcoded-labels: failures are not laid on the one route that everything is counted under", () => {
    const fixed = errors([share("/agents", 10, 5)]);
    expect(fixed?.title).not.toContain("/agents");
    expect(fixed?.because).toMatch(/counted under one endpoint, \/agents: either there is no other, or/);
    // Others are counted, and fare well: then it is that route.
    expect(errors([share("/agents", 6, 5)])?.title).toContain("all on /agents");
  });

  test("trap prom-hardcoded-labels: nor is slowness", () => {
    const bounds: [number, number][] = [
      [0.1, 10],
      [2, 20],
      [10, 50],
      [Number.MAX_VALUE, 50],
    ];
    const buckets = bucketsOf(bounds);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantileOf(q, buckets));
    const slow = (names: string[]) =>
      judge(slowResponses, {
        steps: {
          latency: {
            ...{ state: "measured", metric: "http_request_duration_seconds", windowSeconds: 300 },
            ...{ isNative: false, p50, p95, p99, mean: null, perSecond: 50, buckets, counters },
            ...{ routeLabel: "endpoint", routes: names.map((name) => ({ name, p95, perSecond: 50 })) },
          },
          targets,
        },
      }).findings[0];
    expect(slow(["/agents"])?.because).toMatch(/counted under one endpoint, \/agents/);
    expect(slow(["/agents"])?.because).not.toContain("on every route");
    expect(slow(["/agents", "/users"])?.because).toContain("on every route");
  });
});
