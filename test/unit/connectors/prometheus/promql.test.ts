import { expect, test } from "vitest";
import {
  matchersOf,
  perSecond,
  quantile,
  quoted,
  selector,
} from "../../../../src/connectors/prometheus/promql.ts";
import { fc } from "../../../helpers/property.ts";

test("a literal ends where it should, whatever is in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      const literal = quoted(value);
      const inside = literal.slice(1, -1);
      expect(literal.startsWith('"') && literal.endsWith('"')).toBe(true);
      expect(inside.replace(/\\\\|\\"|\\n/g, "")).not.toMatch(/["\\\n]/);
      const back = inside.replace(/\\(\\|"|n)/g, (_all, one: string) => (one === "n" ? "\n" : one));
      expect(back).toBe(value);
    }),
  );
});

test("selectors", () => {
  expect(selector("http_requests_total", matchersOf({ job: 'a"b' }))).toBe(
    'http_requests_total{job="a\\"b"}',
  );
  expect(selector("up", [])).toBe("up{}");
});

test.each(["up} or vector(1)", "", "1x", "a-b"])("%j is not a metric name", (name) => {
  expect(() => selector(name, [])).toThrow(/not a metric name/);
});

test("label names are checked", () => {
  expect(() => selector("up", matchersOf({ 'job="x",a': "b" }))).toThrow(/not a label name/);
});

test("ratios and quantiles sum over series first", () => {
  expect(perSecond("x{}", 300)).toBe("sum (rate(x{}[300s]))");
  expect(quantile(0.95, "x_bucket{}", 300, ["route"])).toBe(
    "histogram_quantile(0.95, sum by (le, route) (rate(x_bucket{}[300s])))",
  );
});
