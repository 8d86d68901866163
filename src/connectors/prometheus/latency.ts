import type { ActionContext } from "../../core/words/action.ts";
import type { PrometheusClient } from "./client.ts";
import { perSecond, quantile } from "./promql.ts";
import { labelsOf, lastHour, linesOf, routeLabelOf, windowSeconds } from "./window.ts";

const TOP = 10;
const QUANTILES = [0.5, 0.95, 0.99] as const;

/** Seconds, or why there are none. `null`: no requests in the window. */
export type Latency =
  | { state: "absent"; metric: string; isSummary: boolean }
  | { state: "no-data"; metric: string; windowSeconds: number }
  | {
      state: "measured";
      metric: string;
      windowSeconds: number;
      p50: number;
      p95: number;
      p99: number;
      perSecond: number;
      /** Largest finite bucket: no quantile can come out larger (trap prom-histogram). */
      largestBucket: number | null;
      routeLabel?: string;
      routes: { name: string; p95: number; perSecond: number }[];
    };

/** Quantiles of the duration histogram over all instances, and the slowest routes. */
export async function latencyOf(
  client: PrometheusClient,
  minutes: number,
  context: ActionContext,
): Promise<Latency> {
  const metric = client.metrics.duration;
  const buckets = client.select(`${metric}_bucket`);
  const labels = await labelsOf(client, buckets, context);
  if (labels.length === 0) {
    const others = await labelsOf(client, client.select(metric), context);
    return { state: "absent", metric, isSummary: others.includes("quantile") };
  }
  const seconds = await windowSeconds(client, minutes, context);
  const scale = scaleOf(metric);
  const [p50, p95, p99] = await Promise.all(
    QUANTILES.map(async (q) => {
      const [sample] = await client.instant(quantile(q, buckets, seconds), context);
      return sample === undefined || !Number.isFinite(sample.value) ? undefined : sample.value * scale;
    }),
  );
  if (p50 === undefined || p95 === undefined || p99 === undefined)
    return { state: "no-data", metric, windowSeconds: seconds };
  const [rate] = await client.instant(perSecond(client.select(`${metric}_count`), seconds), context);
  const largest = await largestBucket(client, buckets, context);
  const routeLabel = routeLabelOf(labels);
  const routes = routeLabel === undefined ? [] : await slowest(client, routeLabel, seconds, context);
  return {
    state: "measured",
    metric,
    windowSeconds: seconds,
    p50,
    p95,
    p99,
    perSecond: rate?.value ?? 0,
    largestBucket: largest === undefined ? null : largest * scale,
    ...(routeLabel === undefined ? {} : { routeLabel }),
    routes,
  };
}

/** p50, p95 and p99 over the last hour in seconds, for a plot. */
export async function latencyLines(client: PrometheusClient, minutes: number, context: ActionContext) {
  const { duration } = client.metrics;
  const buckets = client.select(`${duration}_bucket`);
  const seconds = await windowSeconds(client, minutes, context);
  const span = lastHour();
  const scale = scaleOf(duration);
  const lines = QUANTILES.map(async (q) => {
    const series = await client.range(`${quantile(q, buckets, seconds)} * ${scale}`, span, context);
    return linesOf(series, span, () => `p${q * 100}`);
  });
  return (await Promise.all(lines)).flat();
}

async function slowest(client: PrometheusClient, label: string, seconds: number, context: ActionContext) {
  const { duration } = client.metrics;
  const scale = scaleOf(duration);
  const p95 = quantile(0.95, client.select(`${duration}_bucket`), seconds, [label]);
  const top = `topk(${TOP}, ${p95} > 0)`;
  const rates = `${perSecond(client.select(`${duration}_count`), seconds, [label])} and on (${label}) ${top}`;
  const [slow, traffic] = await Promise.all([client.instant(top, context), client.instant(rates, context)]);
  const rateOf = new Map(traffic.map(({ labels, value }) => [labels[label] ?? "", value]));
  return slow
    .filter(({ value }) => Number.isFinite(value))
    .map(({ labels, value }) => ({
      name: (labels[label] || "(none)").slice(0, 120),
      p95: value * scale,
      perSecond: rateOf.get(labels[label] ?? "") ?? 0,
    }))
    .sort((a, b) => b.p95 - a.p95);
}

async function largestBucket(client: PrometheusClient, buckets: string, context: ActionContext) {
  const data = await client.get("label/le/values", [["match[]", buckets]], context);
  const bounds = (Array.isArray(data) ? data : []).map(Number).filter(Number.isFinite);
  return bounds.length === 0 ? undefined : Math.max(...bounds);
}

/** Histograms in milliseconds say so in their name. */
const scaleOf = (metric: string): number => (/_(ms|msec|millis|milliseconds)$/.test(metric) ? 0.001 : 1);
