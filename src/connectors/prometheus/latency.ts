import type { ActionContext } from "../../core/words/action.ts";
import { type Absence, absenceOf, samplesIn } from "./absence.ts";
import { type Bucket, bucketsOf, type Quantile, quantileOf } from "./buckets.ts";
import type { PrometheusClient, Sample } from "./client.ts";
import { type Counters, countersOf } from "./counters.ts";
import { nativeQuantile, perSecond, quantile } from "./promql.ts";
import { labelsOf, lastHour, linesOf, routeLabelOf, windowSeconds } from "./window.ts";

const TOP = 10;
const QUANTILES = [0.5, 0.95, 0.99] as const;

/** Seconds, or why there are none. */
export type Latency =
  | ({ state: "absent"; metric: string; isSummary: boolean } & Absence)
  | { state: "no-data"; metric: string; windowSeconds: number; samples: number }
  | {
      state: "measured";
      metric: string;
      windowSeconds: number;
      /** Of a native histogram, whose buckets are narrow, or of a classic one. */
      isNative: boolean;
      p50: Quantile;
      p95: Quantile;
      p99: Quantile;
      /** Null: the histogram has no sum. */
      mean: number | null;
      perSecond: number;
      buckets: Bucket[];
      counters: Counters;
      routeLabel?: string;
      routes: { name: string; p95: Quantile; perSecond: number }[];
    };

/** Quantiles of the duration histogram over all instances, and the slowest routes. */
export async function latencyOf(
  client: PrometheusClient,
  minutes: number,
  context: ActionContext,
): Promise<Latency> {
  const metric = client.metrics.duration;
  const labels = await labelsOf(client, client.select(`${metric}_bucket`), context);
  if (labels.length > 0) return classic(client, labels, minutes, context);
  const others = await labelsOf(client, client.select(metric), context);
  const isSummary = others.includes("quantile");
  if (others.length > 0 && !isSummary) return native(client, others, minutes, context);
  const absence = others.length > 0 ? NOT_ABSENT : await absenceOf(client, `${metric}_bucket`, context);
  return { state: "absent", metric, isSummary, ...absence };
}

const NOT_ABSENT: Absence = { elsewhere: false, near: null };

async function classic(
  client: PrometheusClient,
  labels: readonly string[],
  minutes: number,
  context: ActionContext,
): Promise<Latency> {
  const metric = client.metrics.duration;
  const seconds = await windowSeconds(client, minutes, context);
  const buckets = client.select(`${metric}_bucket`);
  const count = client.select(`${metric}_count`);
  const [bounds, sums, rates] = await Promise.all([
    client.instant(perSecond(buckets, seconds, ["le"]), context),
    client.instant(perSecond(client.select(`${metric}_sum`), seconds), context),
    client.instant(perSecond(count, seconds), context),
  ]);
  const scale = scaleOf(metric);
  const all = bucketsOf(bounds.flatMap((one) => boundOf(one, scale)));
  const rate = rates[0]?.value ?? all.reduce((sum, one) => sum + one.rate, 0);
  const sum = sums[0]?.value;
  const figures = figuresOf(all, sum === undefined || rate === 0 ? null : (sum * scale) / rate, rate);
  if (figures === undefined)
    return {
      state: "no-data",
      metric,
      windowSeconds: seconds,
      samples: await samplesIn(client, `${metric}_bucket`, seconds, context),
    };
  const routeLabel = routeLabelOf(labels);
  return {
    ...{ state: "measured", metric, windowSeconds: seconds, isNative: false, ...figures },
    counters: await countersOf(client, `${metric}_count`, context),
    ...(routeLabel === undefined ? {} : { routeLabel }),
    routes: routeLabel === undefined ? [] : await slowest(client, routeLabel, seconds, context),
  };
}

async function native(
  client: PrometheusClient,
  labels: readonly string[],
  minutes: number,
  context: ActionContext,
): Promise<Latency> {
  const metric = client.metrics.duration;
  const seconds = await windowSeconds(client, minutes, context);
  const series = client.select(metric);
  const scale = scaleOf(metric);
  const [whole] = await client.histograms(perSecond(series, seconds), context);
  const figures =
    whole === undefined
      ? undefined
      : figuresOf(
          scaled(whole.buckets, scale),
          whole.count > 0 ? (whole.sum * scale) / whole.count : null,
          whole.count,
        );
  if (figures === undefined)
    return {
      state: "no-data",
      metric,
      windowSeconds: seconds,
      samples: await samplesIn(client, metric, seconds, context),
    };
  const routeLabel = routeLabelOf(labels);
  const byRoute =
    routeLabel === undefined
      ? []
      : await client.histograms(
          `${perSecond(series, seconds, [routeLabel])} and on (${routeLabel}) topk(${TOP}, ${nativeQuantile(0.95, series, seconds, [routeLabel])} > 0)`,
          context,
        );
  return {
    ...{ state: "measured", metric, windowSeconds: seconds, isNative: true, ...figures },
    counters: await countersOf(client, metric, context),
    ...(routeLabel === undefined ? {} : { routeLabel }),
    routes: routesOf(
      byRoute.map(
        (one) => [one.labels[routeLabel ?? ""] ?? "", scaled(one.buckets, scale), one.count] as const,
      ),
    ),
  };
}

/** Undefined: nothing was requested. */
function figuresOf(buckets: Bucket[], mean: number | null, rate: number) {
  const [p50, p95, p99] = QUANTILES.map((q) => quantileOf(q, buckets));
  if (p50 === undefined || p95 === undefined || p99 === undefined) return undefined;
  // A client that once observed what is no number has no sum that is one, ever after; its buckets are good.
  const known = mean === null || !Number.isFinite(mean) ? null : mean;
  return { p50, p95, p99, mean: known, perSecond: rate, buckets: finite(buckets) };
}

/** What is stored must be numbers: the last bucket is known by the one before it. */
const finite = (buckets: Bucket[]): Bucket[] =>
  buckets
    .filter(({ rate }) => rate > 0)
    .map((one) => ({
      ...one,
      from: Math.max(0, one.from),
      to: Number.isFinite(one.to) ? one.to : Number.MAX_VALUE,
    }))
    .slice(0, 200);

const scaled = (buckets: readonly Bucket[], scale: number): Bucket[] =>
  [...buckets]
    .sort((a, b) => a.from - b.from)
    .map(({ from, to, rate }) => ({ from: from * scale, to: to * scale, rate }));

function boundOf({ labels, value }: Sample, scale: number): (readonly [number, number])[] {
  const le = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
  return Number.isNaN(le) || Number.isNaN(value) ? [] : [[le * scale, value]];
}

async function slowest(client: PrometheusClient, label: string, seconds: number, context: ActionContext) {
  const { duration } = client.metrics;
  const buckets = client.select(`${duration}_bucket`);
  const top = `topk(${TOP}, ${quantile(0.95, buckets, seconds, [label])} > 0)`;
  const query = `${perSecond(buckets, seconds, ["le", label])} and on (${label}) ${top}`;
  const scale = scaleOf(duration);
  const byRoute = new Map<string, (readonly [number, number])[]>();
  for (const one of await client.instant(query, context)) {
    const name = one.labels[label] ?? "";
    byRoute.set(name, [...(byRoute.get(name) ?? []), ...boundOf(one, scale)]);
  }
  return routesOf(
    [...byRoute].map(([name, bounds]) => {
      const own = bucketsOf(bounds);
      return [name, own, own.reduce((sum, { rate }) => sum + rate, 0)] as const;
    }),
  );
}

const routesOf = (routes: readonly (readonly [name: string, buckets: readonly Bucket[], rate: number])[]) =>
  routes
    .flatMap(([name, buckets, rate]) => {
      const p95 = quantileOf(0.95, buckets);
      return p95 === undefined ? [] : [{ name: (name || "(none)").slice(0, 120), p95, perSecond: rate }];
    })
    .sort((a, b) => b.p95.guess - a.p95.guess);

/** p50, p95 and p99 over the last hour in seconds, for a plot. */
export async function latencyLines(client: PrometheusClient, minutes: number, context: ActionContext) {
  const { duration } = client.metrics;
  const buckets = client.select(`${duration}_bucket`);
  const isClassic = (await labelsOf(client, buckets, context)).length > 0;
  const seconds = await windowSeconds(client, minutes, context);
  const span = lastHour();
  const scale = scaleOf(duration);
  const lines = QUANTILES.map(async (q) => {
    const query = isClassic
      ? quantile(q, buckets, seconds)
      : nativeQuantile(q, client.select(duration), seconds);
    const series = await client.range(`${query} * ${scale}`, span, context);
    return linesOf(series, span, () => `p${q * 100}`);
  });
  return (await Promise.all(lines)).flat();
}

/** Histograms in milliseconds say so in their name. */
const scaleOf = (metric: string): number => (/_(ms|msec|millis|milliseconds)$/.test(metric) ? 0.001 : 1);
