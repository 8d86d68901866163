import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import type { PrometheusClient } from "./client.ts";
import { errorLines, errorsOf } from "./errors.ts";
import { latencyLines, latencyOf } from "./latency.ts";
import { targetsOf } from "./targets.ts";
import type { Line } from "./window.ts";

export { query } from "./query.ts";

const { read } = actionsOn<PrometheusClient>("prometheus");

const Window = z.object({ windowMinutes: z.int().min(1).max(60).default(5) });
const Share = z.object({
  name: z.string(),
  total: z.number(),
  errors: z.number(),
  ratio: z.number().nullable(),
});
const Lines = z.object({
  lines: z
    .array(
      z.object({ name: z.string(), points: z.array(z.tuple([z.number(), z.number().nullable()])).max(241) }),
    )
    .max(8),
});

const TargetsShape = z.object({
  total: z.number(),
  down: z.array(z.object({ job: z.string(), instance: z.string(), lastError: z.string().optional() })),
});
const ErrorRatioShape = z.discriminatedUnion("state", [
  z.object({ state: z.literal("absent"), metric: z.string() }),
  z.object({
    state: z.literal("no-status-label"),
    metric: z.string(),
    statusLabel: z.string(),
    labels: z.array(z.string()),
  }),
  z.object({ state: z.literal("no-data"), metric: z.string(), windowSeconds: z.number() }),
  z.object({
    state: z.literal("measured"),
    metric: z.string(),
    windowSeconds: z.number(),
    total: Share,
    classes: z.array(z.object({ name: z.string(), perSecond: z.number() })),
    routeLabel: z.string().optional(),
    routes: z.array(Share),
    instances: z.array(Share),
  }),
]);
const LatencyShape = z.discriminatedUnion("state", [
  z.object({ state: z.literal("absent"), metric: z.string(), isSummary: z.boolean() }),
  z.object({ state: z.literal("no-data"), metric: z.string(), windowSeconds: z.number() }),
  z.object({
    state: z.literal("measured"),
    metric: z.string(),
    windowSeconds: z.number(),
    p50: z.number(),
    p95: z.number(),
    p99: z.number(),
    perSecond: z.number(),
    largestBucket: z.number().nullable(),
    routeLabel: z.string().optional(),
    routes: z.array(z.object({ name: z.string(), p95: z.number(), perSecond: z.number() })),
  }),
]);
export type Targets = z.output<typeof TargetsShape>;
export type ErrorRatio = z.output<typeof ErrorRatioShape>;
export type Latency = z.output<typeof LatencyShape>;
export type Plot = z.output<typeof Lines>;

/** Does the query engine answer? `vector(1)` works on everything that speaks the API and is 503 while the WAL is replayed. */
export const health = read({
  name: "prometheus.health",
  title: "Asks Prometheus for a constant",
  timeoutSeconds: 5,
  input: z.object({}),
  output: z.object({ ms: z.number() }),
  run: async (client, _input, context) => {
    const begin = performance.now();
    await client.instant("vector(1)", context);
    return { ms: Math.round((performance.now() - begin) * 10) / 10 };
  },
});

/** Scrape targets of the system and those that are down (at most 50). tektra.alert-tektra-down; trap prom-up-absent. */
export const targets = read({
  name: "prometheus.targets",
  title: "Counts the system's scrape targets and lists those down",
  input: z.object({}),
  output: TargetsShape,
  run: (client, _input, context) => targetsOf(client, context),
});

/**
 * Server errors over all requests (per second, over the window), by status class, worst routes and instances (10 each).
 * sergas-agents.high-error-rate, sergas-accounts.high-error-rate; traps prom-rate-not-ratio, prom-empty-is-unknown, prom-rate-window.
 */
export const errorRatio = read({
  name: "prometheus.error-ratio",
  title: "Measures the share of requests that fail",
  timeoutSeconds: 20,
  input: Window,
  output: ErrorRatioShape,
  run: (client, { windowMinutes }, context) => errorsOf(client, windowMinutes, context),
});

/** Share of 5xx and 4xx over the last hour: two lines of at most 241 points, null where nothing was requested. */
export const errorSeries = read({
  name: "prometheus.error-series",
  title: "Follows the share of failing requests over the last hour",
  timeoutSeconds: 20,
  input: Window,
  output: Lines,
  run: async (client, { windowMinutes }, context) => plain(await errorLines(client, windowMinutes, context)),
});

/**
 * p50, p95 and p99 in seconds from histogram buckets, and the slowest routes (10).
 * tektra.alert-slow-requests, sergas-accounts.high-response-times; trap prom-histogram.
 */
export const latency = read({
  name: "prometheus.latency",
  title: "Measures how long requests take",
  timeoutSeconds: 20,
  input: Window,
  output: LatencyShape,
  run: (client, { windowMinutes }, context) => latencyOf(client, windowMinutes, context),
});

/** p50, p95 and p99 over the last hour in seconds: three lines of at most 241 points. */
export const latencySeries = read({
  name: "prometheus.latency-series",
  title: "Follows request durations over the last hour",
  timeoutSeconds: 20,
  input: Window,
  output: Lines,
  run: async (client, { windowMinutes }, context) =>
    plain(await latencyLines(client, windowMinutes, context)),
});

const plain = (lines: readonly Line[]): z.input<typeof Lines> => ({
  lines: lines.map(({ name, points }) => ({ name, points: points.map(([at, value]) => [at, value]) })),
});
