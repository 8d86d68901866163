import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import type { PrometheusClient } from "./client.ts";
import { Counters } from "./counters.ts";
import { errorLines, errorsOf } from "./errors.ts";
import { latencyLines, latencyOf } from "./latency.ts";
import { whole } from "./partial.ts";
import { targetsOf } from "./targets.ts";
import type { Line } from "./window.ts";

export { type Quantile, verdictOn } from "./buckets.ts";
export { areMixed } from "./counters.ts";
export { ownState } from "./own-state.ts";
export { query } from "./query.ts";
export { type Throttled, type Throttling, throttling } from "./throttling.ts";
export { type Trends, trends } from "./trends.ts";

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
  notSeen,
});
const AbsenceShape = {
  elsewhere: z.boolean(),
  near: z.string().nullable(),
  served: z.array(z.string()).max(5).optional(),
};
const Partly = z.object({ notSeen });
const ErrorRatioShape = z
  .discriminatedUnion("state", [
    z.object({ state: z.literal("absent"), metric: z.string(), ...AbsenceShape }),
    z.object({
      state: z.literal("status-words"),
      metric: z.string(),
      windowSeconds: z.number(),
      statusLabel: z.string(),
      values: z.array(z.object({ name: z.string(), perSecond: z.number() })).max(20),
    }),
    z.object({
      state: z.literal("no-status-label"),
      metric: z.string(),
      statusLabel: z.string(),
      labels: z.array(z.string()),
    }),
    z.object({
      state: z.literal("no-data"),
      metric: z.string(),
      windowSeconds: z.number(),
      samples: z.number(),
    }),
    z.object({
      state: z.literal("measured"),
      metric: z.string(),
      windowSeconds: z.number(),
      total: Share,
      firstErrors: z.number(),
      unreadable: z.number(),
      counters: Counters,
      classes: z.array(z.object({ name: z.string(), perSecond: z.number() })),
      routeLabel: z.string().optional(),
      routes: z.array(Share),
      instances: z.array(Share),
    }),
  ])
  .and(Partly);
const QuantileShape = z.object({ from: z.number(), to: z.number().nullable(), guess: z.number() });
const LatencyShape = z
  .discriminatedUnion("state", [
    z.object({ state: z.literal("absent"), metric: z.string(), isSummary: z.boolean(), ...AbsenceShape }),
    z.object({
      state: z.literal("no-data"),
      metric: z.string(),
      windowSeconds: z.number(),
      samples: z.number(),
    }),
    z.object({
      state: z.literal("measured"),
      metric: z.string(),
      windowSeconds: z.number(),
      isNative: z.boolean(),
      p50: QuantileShape,
      p95: QuantileShape,
      p99: QuantileShape,
      mean: z.number().nullable(),
      perSecond: z.number(),
      buckets: z.array(z.object({ from: z.number(), to: z.number(), rate: z.number() })).max(200),
      counters: Counters,
      routeLabel: z.string().optional(),
      routes: z.array(z.object({ name: z.string(), p95: QuantileShape, perSecond: z.number() })),
    }),
  ])
  .and(Partly);
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
  run: (client, _input, context) => whole(client, (one) => targetsOf(one, context)),
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
  run: (client, { windowMinutes }, context) => whole(client, (one) => errorsOf(one, windowMinutes, context)),
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
  run: (client, { windowMinutes }, context) => whole(client, (one) => latencyOf(one, windowMinutes, context)),
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
