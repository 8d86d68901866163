import { describe, expect, it } from "vitest";
import { evaluate } from "../../../local/prometheus/evaluate.ts";
import { QueryError } from "../../../local/prometheus/lex.ts";
import { parse } from "../../../local/prometheus/parse.ts";
import { parseExposition, Samples } from "../../../local/prometheus/samples.ts";
import { type Value, vectorOf } from "../../../local/prometheus/values.ts";

const JOB = { job: "shop" };

/** Two routes for a minute, a sample every 10 s: /a one request a second, /b two a second, half of them 500. */
function minute(): Samples {
  const samples = new Samples();
  for (let t = 0; t <= 60; t += 10)
    samples.put(
      t,
      parseExposition(
        [
          "# TYPE http_requests_total counter",
          `http_requests_total{route="/a",status="200"} ${t}`,
          `http_requests_total{route="/b",status="200"} ${t}`,
          `http_requests_total{route="/b",status="500"} ${t}`,
          `took_bucket{le="0.1"} ${t / 2}`,
          `took_bucket{le="1"} ${t}`,
          `took_bucket{le="+Inf"} ${t}`,
          `odd{name="a\\"b"} 1`,
        ].join("\n"),
        JOB,
      ),
    );
  return samples;
}

const ask = (query: string, samples = minute(), t = 60): Value => evaluate(parse(query), samples, t);
const vector = (query: string, samples = minute(), t = 60) => vectorOf(ask(query, samples, t));
const byLabel = (query: string, label: string) =>
  Object.fromEntries(vector(query).map((one) => [one.labels[label] ?? "", one.value]));

describe("the emulated Prometheus' queries", () => {
  it("selects by name and matchers", () => {
    expect(byLabel('http_requests_total{status=~"2..",job="shop"}', "route")).toEqual({ "/a": 60, "/b": 60 });
    expect(byLabel('http_requests_total{status!~"2.."}', "route")).toEqual({ "/b": 60 });
    expect(ask('http_requests_total{route="/none"}')).toEqual([]);
    expect(ask('odd{name="a\\"b"}')).toHaveLength(1);
  });

  it("rates and sums as the connector asks", () => {
    const rates = byLabel("sum by (route) (rate(http_requests_total{}[60s]))", "route");
    expect(rates["/a"]).toBeCloseTo(1, 1);
    expect(rates["/b"]).toBeCloseTo(2, 1);
    expect(
      byLabel(
        'sum by (route) (rate(http_requests_total[60s])) and on (route) topk(1, sum by (route) (rate(http_requests_total{status="500"}[60s])) > 0)',
        "route",
      ),
    ).toHaveProperty("/b");
  });

  it("divides one by one and compares", () => {
    const query = 'sum(rate(http_requests_total{status="500"}[60s])) / sum(rate(http_requests_total[60s]))';
    expect(vector(query)[0]?.value).toBeCloseTo(1 / 3, 5);
    expect(ask("http_requests_total > 100")).toEqual([]);
    expect(ask("vector(1)")).toEqual([{ labels: {}, value: 1 }]);
    expect(ask("1 + 2 * 3 == bool 7")).toBe(1);
  });

  it("interpolates quantiles within a bucket", () => {
    const [p50] = vector("histogram_quantile(0.5, sum by (le) (rate(took_bucket[60s])))");
    const [p75] = vector("histogram_quantile(0.75, sum by (le) (rate(took_bucket[60s])))");
    expect(p50?.value).toBeCloseTo(0.1, 3);
    expect(p75?.value).toBeCloseTo(0.55, 3);
  });

  it("counts from zero after a restart", () => {
    const samples = new Samples();
    for (const [t, v] of [
      [0, 90],
      [10, 100],
      [20, 5],
      [30, 15],
    ] as const)
      samples.put(t, [{ labels: { __name__: "c" }, value: v }]);
    const [increase] = vector("increase(c[30s])", samples, 30);
    expect(increase!.value).toBeGreaterThan(14);
    expect(increase!.value).toBeLessThan(30);
  });

  it("forgets a series that is no longer scraped", () => {
    const samples = minute();
    samples.put(70, []);
    expect(ask("http_requests_total", samples, 71)).toEqual([]);
    expect(ask("absent(http_requests_total)", samples, 71)).toEqual([{ labels: {}, value: 1 }]);
  });

  it.each(["sum(", "rate(c)", "quantile_over_time(0.5, c[5m])", "a{b>1}", "c[5m]", "topk(c)"])(
    "refuses %s",
    (query) => {
      expect(() => ask(query)).toThrow(QueryError);
    },
  );
});

describe("lines through points", () => {
  /** A week of memory that falls by one byte a second, every 20 minutes, and a counter that gains two. */
  const week = (): Samples => {
    const samples = new Samples();
    for (let t = 0; t <= 7 * 86_400; t += 1200)
      samples.remember(t, [
        { labels: { __name__: "free", ...JOB }, value: 10_000_000 - t },
        { labels: { __name__: "served_total", ...JOB }, value: 2 * t },
      ]);
    return samples;
  };
  const at = (query: string): number | undefined => vector(query, week(), 7 * 86_400)[0]?.value;

  it("say how fast something grows, and what it will be", () => {
    expect(at("deriv(free[3h])")).toBeCloseTo(-1);
    expect(at("predict_linear(free[7d], 3600)")).toBeCloseTo(10_000_000 - 7 * 86_400 - 3600);
    expect(at("predict_linear(free[7d], 86400) / free")).toBeLessThan(1);
  });

  it("go through what an expression was worth at every step", () => {
    expect(at("predict_linear(sum(rate(served_total[1h]))[7d:1h], 30 * 86400)")).toBeCloseTo(2);
    expect(at("max_over_time((free * 2)[1d:1h])")).toBeCloseTo(2 * (10_000_000 - 6 * 86_400 - 3600));
    expect(at("deriv(free[1h:10m])")).toBeCloseTo(-1, 0);
  });

  it("need two points, and a step", () => {
    expect(at("deriv(free[1m])")).toBeUndefined();
    expect(() => ask("free[7d:]")).toThrow(QueryError);
    expect(() => ask("(free)[7d:1h]")).toThrow(QueryError);
    expect(() => ask("deriv((free)[7d:1s])")).toThrow(QueryError);
  });

  it("what was told of the past stays, what was scraped goes after an hour and a quarter", () => {
    const samples = week();
    const free = [{ labels: { __name__: "free", ...JOB }, value: 1 }];
    for (let t = 7 * 86_400 + 60; t <= 7 * 86_400 + 9000; t += 60) samples.put(t, free);
    const [series] = [...samples.all()];
    expect(series?.points.filter(({ t }) => t <= 7 * 86_400).length).toBe(505);
    expect(series?.points.filter(({ t }) => t > 7 * 86_400).length).toBe(76);
  });
});
