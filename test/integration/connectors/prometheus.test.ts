import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { highErrorRate } from "../../../runbooks/prometheus/high-error-rate.ts";
import { slowResponses } from "../../../runbooks/prometheus/slow-responses.ts";
import * as prometheus from "../../../src/connectors/prometheus/actions.ts";
import { prometheusConnector } from "../../../src/connectors/prometheus/index.ts";
import { nativeHistogram } from "../../helpers/native-histogram.ts";
import { freePort } from "../../helpers/ports.ts";
import { startPrometheus, whyNoPrometheus } from "../../helpers/prometheus-server.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { type TestServer, webServer } from "../../helpers/web-server.ts";
import { ODD, PAST, up } from "./prometheus-past.ts";

describe.skipIf(whyNoPrometheus() !== undefined)("a real Prometheus with native histograms", () => {
  test("a native histogram alone is read, in its own narrow buckets", async () => {
    const began = Date.now();
    const application = await webServer((_request, answer) =>
      answer
        .setHeader(
          "content-type",
          "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
        )
        .end(
          nativeHistogram("http_request_duration_seconds", 1 + Math.floor((Date.now() - began) / 10), 3.8),
        ),
    );
    const targets = { app: [`127.0.0.1:${application.port}`] };
    const server = await startPrometheus([up("old")], targets, ["--enable-feature=native-histograms"]);
    const bench = openBench({
      connections: { metrics: { kind: "prometheus", url: server.url, labels: { job: "app" } } },
      connectors: [prometheusConnector],
    });
    try {
      const finding = await until(async () => {
        const { findings } = await bench.diagnose(slowResponses);
        return findings.find(({ id }) => id === "slow");
      });
      // A tenth apart: between 3.7 and 4.0 s.
      expect(finding.title).toMatch(/^p95 is [34]\.\d s \(limit 2\.0 s\)/);
      expect(JSON.stringify(finding.evidence)).toContain("native");
    } finally {
      await bench.close();
      await server.stop();
      await application.close();
    }
  });
});

describe.skipIf(whyNoPrometheus() !== undefined)("a real Prometheus", () => {
  let server: Awaited<ReturnType<typeof startPrometheus>>;
  let exporter: TestServer;
  let deadPort: number;
  const bench = (job: string, more: object = {}) =>
    openBench({
      connections: { metrics: { kind: "prometheus", url: server.url, labels: { job }, ...more } },
      connectors: [prometheusConnector],
    });
  const errorRate = (job: string, more: object = {}) => bench(job, more).diagnose(highErrorRate);

  beforeAll(async () => {
    exporter = await webServer((_request, answer) =>
      answer.setHeader("content-type", "text/plain; version=0.0.4").end("demo 1\n"),
    );
    deadPort = await freePort();
    server = await startPrometheus(PAST, { live: [`127.0.0.1:${exporter.port}`, `127.0.0.1:${deadPort}`] });
  });
  afterAll(async () => {
    await server?.stop();
    await exporter?.close();
  });

  test("0.1 % errors and 4xx are no finding", async () => {
    expect((await errorRate("healthy")).findings).toEqual([]);
    expect((await bench("healthy").diagnose(slowResponses)).findings).toEqual([]);
  });

  test("the ratio, its route and its curve", async () => {
    const diagnosis = await errorRate("failing");
    const finding = diagnosis.finding("error-rate");
    expect(finding.title).toMatch(/^1[01] % of requests fail \(limit 5\.0 %\), nearly all on \/pay$/);
    expect(finding.severity).toBe("critical");
    expect(finding.because).toContain("/pay");
    const series = finding.evidence.find((one) => one.kind === "series");
    expect(series?.series.map(({ name }) => name)).toEqual(["5xx"]);
    const points = series?.series[0]?.points ?? [];
    expect(points.length).toBeLessThanOrEqual(241);
    expect(points.at(-1)?.[1]).toBeCloseTo(0.1, 1);
    expect(points[100]?.[1] ?? 0).toBeLessThan(0.01);
    expect(diagnosis.advice("findCause")).toContain("/pay");
  });

  test("errors on all routes point at what they share; on one instance at that one", async () => {
    expect((await errorRate("shared")).finding("error-rate").because).toContain("spread over 2 routes");
    const finding = (await errorRate("instance")).finding("error-rate");
    expect(finding.because).toContain("instance bad:8000");
    expect(finding.title).toMatch(/nearly all on instance bad:8000$/);
  });

  test("a route that hardly works or is slow is found although the whole is within the limits", async () => {
    const failing = await errorRate("hidden");
    expect(failing.findings.map(({ title }) => title)).toEqual(["Route /export fails: 90 % of its requests"]);
    expect(failing.findings[0]?.because).toContain("below the limit of 5.0 %");
    const slow = await bench("hidden").diagnose(slowResponses);
    expect(slow.findings.map(({ title }) => title)).toEqual([
      "/report is slow: p95 between 1.0 s and 5.0 s (limit 2.0 s)",
    ]);
  });

  test.each([
    ["quiet", "no-traffic", "No requests"],
    ["few", "few-requests", "there are few"],
    ["stopped", "no-data", "stopped within the last hour"],
    ["nostatus", "no-data", 'no label "status"'],
    ["absent", "no-data", "no series http_requests_total"],
  ])("%s: %s, neither silence nor alarm", async (job, id, words) => {
    const { findings } = await errorRate(job);
    const finding = findings.find((one) => one.id === id);
    expect(finding?.title).toContain(words);
    expect(finding?.severity).toBe("info");
    expect(findings.some(({ severity }) => severity === "critical")).toBe(false);
  });

  test("a job that Prometheus does not know at all", async () => {
    expect((await errorRate("absent")).finding("no-targets").severity).toBe("warning");
  });

  test("metric and label names of the connection; grouped statuses such as 5xx", async () => {
    const metrics = { requests: "app_calls_total", statusLabel: "code" };
    expect((await errorRate("renamed", { metrics })).finding("error-rate").title).toContain("50 %");
  });

  test("label values are escaped, names are checked", async () => {
    expect((await errorRate(ODD)).finding("error-rate").title).toContain("100 %");
    expect((await errorRate('x"} or vector(1) #')).findings.map(({ id }) => id)).toEqual([
      "no-targets",
      "no-data",
    ]);
    const call = bench("x", { metrics: { requests: "up} or vector(1)" } }).call(prometheus.errorRatio());
    await expect(call).rejects.toMatchObject({ code: "bad_config" });
  });

  test("p95 over the limit names the slow route and draws the curve", async () => {
    const finding = (await bench("slow").diagnose(slowResponses)).finding("slow");
    expect(finding.title).toBe("p95 is between 1.0 s and 5.0 s (limit 2.0 s): slow on /search");
    expect(finding.severity).toBe("warning");
    expect(finding.because).toContain("/search");
    expect(finding.because).toContain("the other routes are within the limit");
    const series = finding.evidence.find((one) => one.kind === "series");
    expect(series?.series.map(({ name }) => name)).toEqual(["p50", "p95", "p99"]);
  });

  test("a p95 beyond the largest bucket is said, not taken for a number", async () => {
    const diagnosis = await bench("capped").diagnose(slowResponses);
    expect(diagnosis.findings.map(({ id }) => id)).toEqual(["buckets-too-short"]);
    expect(diagnosis.findings[0]?.title).toContain("the largest bucket (1.0 s)");
    expect(diagnosis.advice("fixMetrics")).toContain("2.0 s itself among them");
    const low = await bench("capped").diagnose(slowResponses, { p95Seconds: 0.5 });
    expect(low.finding("slow").title).toContain("at least 1.0 s");
  });

  test("a sum that is no number costs the mean only; without a finite bucket the mean is all there is", async () => {
    const nan = await bench("nonumber").diagnose(slowResponses);
    expect(nan.finding("slow").because).toContain("it cannot tell on which side p95 is");
    const { findings } = await bench("onlyinf").diagnose(slowResponses);
    expect(findings).toMatchObject([
      {
        id: "buckets-too-short",
        title: expect.stringContaining("no bucket but the one that takes everything"),
      },
    ]);
    expect(findings[0]?.because).toContain("The mean is 5.0 s");
  });

  test.each([
    ["quiet", "no requests in the last"],
    ["absent", "no histogram"],
  ])("latency of %s is no data", async (job, words) => {
    const finding = (await bench(job).diagnose(slowResponses)).finding("no-data");
    expect(finding.title).toContain(words);
    expect(finding.severity).toBe("info");
  });

  test("counters that fall at every other scrape give no ratio; a deployment does", async () => {
    expect((await errorRate("workers")).findings.map(({ id }) => id)).toEqual(["counters-fall"]);
    expect((await errorRate("deployed")).findings).toEqual([]);
  });

  test("a quantile is known no better than its bucket; the mean may tell the rest", async () => {
    const { findings } = await bench("coarse").diagnose(slowResponses);
    expect(findings).toMatchObject([{ id: "buckets-too-coarse", severity: "info" }]);
    expect(findings[0]?.title).toContain(
      "p95 is below 5.0 s, which is all the buckets say; the mean is 0.3 ms",
    );
  });

  test("words for a status are named, not counted as success", async () => {
    const { findings } = await errorRate("words");
    expect(findings).toMatchObject([{ id: "no-data", severity: "info" }]);
    expect(findings[0]?.title).toMatch(
      /^Errors cannot be told: the values of status are (success, error|error, success)$/,
    );
  });

  test("errors that begin with their series are counted", async () => {
    const finding = (await errorRate("burst")).finding("error-rate");
    expect(finding.because).toContain("90 of them came before the first sample");
    expect(finding.title).toMatch(/^2\d % of requests fail/);
  });

  test("a metric under another name, or with other labels, is pointed at", async () => {
    const renamed = (await errorRate("renamed")).finding("no-data");
    expect(renamed.because).toContain("not with the `labels:` of the connection");
    const nothing = await bench("healthy", { metrics: { requests: "http_request_total" } }).diagnose(
      highErrorRate,
    );
    expect(nothing.finding("no-data").because).toContain("Did you mean http_requests_total?");
  });

  test("a dead target is found with its error, beside a living one", async () => {
    const call = () => bench("live").call(prometheus.targets());
    const targets = await until(async () => {
      const seen = await call();
      return seen.total === 2 && seen.down[0]?.lastError !== undefined ? seen : undefined;
    });
    expect(targets.down).toEqual([
      { job: "live", instance: `127.0.0.1:${deadPort}`, lastError: expect.stringContaining("refused") },
    ]);
    const finding = (await errorRate("live")).finding("targets-down");
    expect(finding.title).toContain("1 of 2 scrape targets down");
    expect(finding.because).toContain("refused");
  });

  test("a query Prometheus refuses is an error, never an empty answer", async () => {
    const url = `${server.url}/wrong-prefix`;
    const call = openBench({
      connections: { metrics: { kind: "prometheus", url } },
      connectors: [prometheusConnector],
    }).call(prometheus.health());
    await expect(call).rejects.toMatchObject({ code: "target_error", detail: "404" });
  });
});
