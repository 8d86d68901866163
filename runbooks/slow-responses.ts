import {
  count,
  type Evidence,
  type Finding,
  facts,
  http,
  on,
  prometheus,
  type RunContext,
  runbook,
  type Seen,
  sayPercent,
  saySeconds,
  table,
  z,
} from "../src/sdk.ts";
import {
  cannotAsk,
  type PrometheusRemedy,
  plot,
  prometheusAdvice,
  sayRate,
  sayWindow,
  targetFindings,
} from "./support/prometheus-trouble.ts";

type Remedy = PrometheusRemedy | "findCause" | "fixMetrics";
type Measured = Extract<prometheus.Latency, { state: "measured" }>;

/** p50, p95 and p99 of the request histogram, the slowest routes, and external calls timed beside it. Guides: slow responses. */
export const slowResponses = runbook({
  id: "slow-responses",
  title: "Response times",
  needs: ["prometheus"],
  covers: [
    "resync.slow-responses",
    "tektra.performance",
    "tektra.alert-slow-requests",
    "sergas-agents.slow-responses",
    "ai-saas.slow-responses",
    "sergas-accounts.high-response-times",
    "sergas-accounts.response-caching",
    "ai-saas.mongo-query-cache",
  ],
  alerts: [
    { alertname: "SlowRequests" },
    { alertname: "SlowResponses" },
    { alertname: "HighLatency" },
    { alertname: "HighRequestLatency" },
    { alertname: "HighResponseTime" },
    { alertname: "RequestLatencyHigh" },
    { alertname: "APIHighLatency" },
    { alertname: "LatencyBudgetBurn" },
    { alertname: "NginxLatencyHigh" },
  ],
  params: z.object({
    windowMinutes: z.int().min(1).max(60).default(5).describe("minutes the quantiles are taken over"),
    p95Seconds: z
      .number()
      .min(0.001)
      .max(600)
      .optional()
      .describe("a 95th percentile above this is too slow; empty: the system's p95Seconds"),
  }),
})
  .diagnose(({ windowMinutes }) => ({
    latency: prometheus.latency({ windowMinutes }),
    series: prometheus.latencySeries({ windowMinutes }),
    targets: prometheus.targets(),
  }))
  .andThen(({ latency }, { system, params, thresholds }) => {
    const limit = params.p95Seconds ?? thresholds.p95Seconds;
    const external = system.connections.find((face) => face.kind === "http" && face.external === true);
    const isSlow = latency.ok && latency.value.state === "measured" && latency.value.p95 > limit;
    // A slow dependency is the cause people forget: three requests tell, and only when something is slow.
    return isSlow && external !== undefined
      ? { dependency: on(external.name, http.samples({ count: 3 })) }
      : {};
  })
  .findings((seen, context): Finding<Remedy>[] => {
    const { latency, series, targets } = seen;
    if (!latency.ok) return [cannotAsk(latency.error)];
    const limit = context.params.p95Seconds ?? context.thresholds.p95Seconds;
    const { value } = latency;
    const own =
      value.state === "measured" ? measured(value, series, limit, dependencyOf(seen)) : [noData(value)];
    return [...own, ...targetFindings(targets, "its labels")];
  })
  .remedies({
    ...prometheusAdvice,
    findCause: {
      title: "Find what is slow",
      risk: "low",
      advice: ({ latency }, { system }) => causeAdvice(latency, system),
    },
    fixMetrics: {
      title: "Correct the metric name",
      risk: "low",
      advice: ({ latency }) => {
        if (latency.ok && latency.value.state === "measured")
          return `Give the histogram buckets above the limit (now the largest is ${saySeconds(latency.value.largestBucket ?? 0)}): a quantile can never come out larger than the largest finite bucket.`;
        if (latency.ok && latency.value.state === "absent" && latency.value.isSummary)
          return `${latency.value.metric} is a summary: its quantiles cannot be added up over instances. Change it to a histogram with buckets around the limit.`;
        return "Set `metrics: { duration: … }` (the histogram's name without _bucket) and `labels:` of the prometheus connection, or repair the scraping of it.";
      },
    },
  });

const dependencyOf = (seen: object) => (seen as { dependency?: Seen<{ samples: http.Sample[] }> }).dependency;

function noData(value: Exclude<prometheus.Latency, Measured>): Finding<Remedy> {
  if (value.state === "no-data")
    return {
      id: "no-data",
      severity: "info",
      title: `No data: no requests in the last ${sayWindow(value.windowSeconds)}`,
      because: `${value.metric}_bucket is there but does not move: nothing was measured, which is not the same as fast.`,
      remedies: ["repairTargets"],
    };
  return {
    id: "no-data",
    severity: "info",
    title: `No data: Prometheus has no histogram ${value.metric}_bucket of this system`,
    because: value.isSummary
      ? `${value.metric} exists, but as a summary without buckets.`
      : "Nothing of that name was scraped within the last hour: that is unknown, not fast.",
    remedies: ["fixMetrics"],
  };
}

function measured(
  value: Measured,
  series: Seen<prometheus.Plot>,
  limit: number,
  dependency: ReturnType<typeof dependencyOf>,
): Finding<Remedy>[] {
  const { p50, p95, p99, windowSeconds, largestBucket } = value;
  const isCapped = largestBucket !== null && p95 >= largestBucket;
  if (isCapped && p95 <= limit) return [tooShort(value, limit)];
  if (p95 <= limit) return slowRoutes(value, series, limit);
  if (value.perSecond * windowSeconds < ENOUGH) return [fewRequests(value, series, limit)];
  const more = isCapped ? "at least " : "";
  const [place, external] = [where(value, limit), outside(dependency, limit)];
  return [
    {
      id: "slow",
      severity: p95 >= 2 * limit || p50 > limit ? "critical" : "warning",
      title: `p95 is ${more}${saySeconds(p95)} (limit ${saySeconds(limit)})${external.short || place.short}`,
      because: `5 % of the requests of the last ${sayWindow(windowSeconds)} took longer than ${saySeconds(p95)} (p50 ${saySeconds(p50)}, p99 ${saySeconds(p99)}). ${place.long}${external.long}`,
      evidence: [...numbers(value), ...plot(series, "Request duration", "seconds", limit)],
      remedies: ["findCause"],
    },
  ];
}

/** With fewer requests in the window a quantile is chance. */
const ENOUGH = 20;

function fewRequests(value: Measured, series: Seen<prometheus.Plot>, limit: number): Finding<Remedy> {
  const { p95, perSecond, windowSeconds } = value;
  const requests = Math.max(1, Math.round(perSecond * windowSeconds));
  return {
    id: "few-requests",
    severity: "info",
    title: `p95 is ${saySeconds(p95)} (limit ${saySeconds(limit)}), but of about ${count(requests, "request")} in ${sayWindow(windowSeconds)} only`,
    because: `Below ${ENOUGH} requests one slow answer weighs too much to judge.`,
    evidence: [...numbers(value), ...plot(series, "Request duration", "seconds", limit)],
    remedies: ["findCause"],
  };
}

/** The whole is within the limit, but whoever uses these routes waits. */
function slowRoutes(value: Measured, series: Seen<prometheus.Plot>, limit: number): Finding<Remedy>[] {
  const { routes, windowSeconds, perSecond, p95, largestBucket } = value;
  const slow = routes.filter((route) => route.p95 > limit && route.perSecond * windowSeconds >= ENOUGH);
  const [first] = slow;
  if (first === undefined) return [];
  const names = slow.slice(0, 3).map(({ name, p95: own }) => `${name} (p95 ${saySeconds(own)})`);
  const more = largestBucket !== null && first.p95 >= largestBucket ? "at least " : "";
  const share = perSecond === 0 ? 0 : slow.reduce((sum, route) => sum + route.perSecond, 0) / perSecond;
  return [
    {
      id: "slow-routes",
      severity: "warning",
      title: `${first.name} is slow: p95 ${more}${saySeconds(first.p95)} (limit ${saySeconds(limit)})${slow.length > 1 ? `, and ${count(slow.length - 1, "other route")}` : ""}`,
      because: `Slow: ${names.join(", ")}. They have ${sayPercent(share)} of the requests, so p95 over all is ${saySeconds(p95)} and no alert on it will fire: look at what only ${slow.length === 1 ? "that one uses" : "those use"}.`,
      evidence: [...numbers(value), ...plot(series, "Request duration", "seconds", limit)],
      remedies: ["findCause"],
    },
  ];
}

interface Place {
  /** Ends the title. */
  readonly short: string;
  readonly long: string;
}

/** Slow for everybody, or only for some: a tail points at one route, lock or instance. */
function where({ p50, routes, p95 }: Measured, limit: number): Place {
  const slow = routes.filter((route) => route.p95 > limit);
  const [first] = slow;
  if (first !== undefined && slow.length < routes.length) {
    const names = slow.slice(0, 3).map(({ name, p95: own }) => `${name} (p95 ${saySeconds(own)})`);
    return {
      short: `: slow on ${slow.length === 1 ? first.name : `${first.name} and ${count(slow.length - 1, "other route")}`}`,
      long: `Slow: ${names.join(", ")}; the other routes are within the limit, so look at what only ${slow.length === 1 ? "that one uses" : "those use"}.`,
    };
  }
  if (p50 > limit / 2)
    return {
      short: routes.length > 1 ? ": slow on every route" : "",
      long: "Half of all requests are slow, on every route: something shared is saturated (database, CPU, connection pool, a dependency).",
    };
  return p95 > 5 * p50
    ? {
        short: ": most are fast, a tail is slow",
        long: "Most requests are fast and a tail is slow: locks, retries, cold caches or one bad instance.",
      }
    : { short: "", long: "" };
}

function outside(dependency: ReturnType<typeof dependencyOf>, limit: number): Place {
  if (!dependency?.ok) return { short: "", long: "" };
  const times = dependency.value.samples.map(({ totalMs }) => totalMs / 1000);
  const slowest = Math.max(...times);
  const failed = dependency.value.samples.filter(({ error }) => error !== undefined).length;
  if (failed > 0)
    return {
      short: ": an external dependency fails",
      long: ` The external dependency fails too (${failed} of ${times.length} requests): run external-api.`,
    };
  return slowest > limit / 2
    ? {
        short: `: an external dependency takes ${saySeconds(slowest)}`,
        long: ` The external dependency takes ${saySeconds(slowest)}: run external-api.`,
      }
    : { short: "", long: "" };
}

const tooShort = ({ metric, largestBucket }: Measured, limit: number): Finding<Remedy> => ({
  id: "buckets-too-short",
  severity: "warning",
  title: `p95 is beyond the largest bucket (${saySeconds(largestBucket ?? 0)}) and cannot be measured`,
  because: `More than 5 % of the requests are slower than the largest finite bucket of ${metric}; the limit of ${saySeconds(limit)} lies above it, so an alert on it can never fire.`,
  remedies: ["fixMetrics"],
});

function numbers({ p50, p95, p99, perSecond, routes, routeLabel }: Measured): Evidence[] {
  const quantiles = facts({
    p50: saySeconds(p50),
    p95: saySeconds(p95),
    p99: saySeconds(p99),
    requests: sayRate(perSecond),
  });
  if (routes.length === 0) return [quantiles];
  const rows = routes.map(({ name, p95: own, perSecond: rate }) => [name, saySeconds(own), sayRate(rate)]);
  return [quantiles, table([routeLabel ?? "route", "p95", "requests"], rows, "Slowest routes")];
}

function causeAdvice(latency: Seen<prometheus.Latency>, { connections }: RunContext["system"]): string {
  const has = (kind: string) => connections.some((face) => face.kind === kind);
  const next = [
    ...(has("postgres") ? ["pg-slow-queries and pg-locks"] : []),
    ...(has("redis") ? ["redis-connectivity"] : []),
    ...(has("host") ? ["high-memory"] : []),
    ...(connections.some(({ external }) => external === true) ? ["external-api"] : []),
    "service-health",
  ];
  const route = latency.ok && latency.value.state === "measured" ? latency.value.routes[0]?.name : undefined;
  return `Run ${next.join(", ")}: the first that answers with a finding is the likely cause.${route === undefined ? "" : ` Trace one slow request of ${route} and see which span takes the time.`} If answers may be a little old, cache the expensive ones (Redis, TTL 300 s, key: sha256 of the canonical input, never Python's hash()). Compare the moment the curve rises with the last deployment and with traffic.`;
}
