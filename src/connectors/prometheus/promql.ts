import { DiagError } from "../../core/words/errors.ts";

/** One label matcher; the value is any text. */
export interface Matcher {
  readonly label: string;
  readonly op: "=" | "=~" | "!=";
  readonly value: string;
}

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/;

/** A PromQL string literal of any text (prometheus.io/docs/prometheus/latest/querying/basics: string literals). */
export const quoted = (value: string): string =>
  `"${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`;

/** `metric{label="value",…}`; names that PromQL does not allow are refused, values are escaped. */
export function selector(metric: string, matchers: readonly Matcher[]): string {
  if (!METRIC.test(metric)) throw new DiagError("bad_config", `not a metric name: ${JSON.stringify(metric)}`);
  return `${metric}${seriesWith(matchers)}`;
}

/** `{label="value",…}`: series of any metric. */
export const seriesWith = (matchers: readonly Matcher[]): string =>
  `{${matchers.map(({ label, op, value }) => `${labelName(label)}${op}${quoted(value)}`).join(",")}}`;

/** A label name, checked. */
export function labelName(label: string): string {
  if (LABEL.test(label)) return label;
  throw new DiagError("bad_config", `not a label name: ${JSON.stringify(label)}`);
}

/** Equality matchers of a connection's `labels:`. */
export const matchersOf = (labels: Readonly<Record<string, string>>): Matcher[] =>
  Object.entries(labels).map(([label, value]) => ({ label, op: "=", value }));

/** The quantile of a classic histogram over all its series; trap `prom-histogram`: rate of buckets, summed by le. */
export const quantile = (q: number, buckets: string, seconds: number, by: readonly string[] = []): string =>
  `histogram_quantile(${q}, sum by (${["le", ...by].join(", ")}) (rate(${buckets}[${seconds}s])))`;

/** The quantile of a native histogram over all its series. */
export const nativeQuantile = (
  q: number,
  series: string,
  seconds: number,
  by: readonly string[] = [],
): string => `histogram_quantile(${q}, ${perSecond(series, seconds, by)})`;

/** Events per second, summed. */
export const perSecond = (counter: string, seconds: number, by: readonly string[] = []): string =>
  `sum${by.length === 0 ? "" : ` by (${by.join(", ")})`} (rate(${counter}[${seconds}s]))`;
