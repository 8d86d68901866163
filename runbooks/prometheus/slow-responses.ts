import {
  count,
  type Evidence,
  type Finding,
  facts,
  http,
  on,
  orThreshold,
  prometheus,
  type RunContext,
  rows,
  runbookOn,
  sayPercent,
  saySeconds,
  z,
} from "../../src/sdk/index.ts";
import { plot, REPAIR_TARGETS, sayRate, sayWindow, targetFindings } from "./targets.ts";

type Measured = Extract<prometheus.Latency, { state: "measured" }>;

/** With fewer requests in the window a quantile is chance. */
const ENOUGH = 20;

/** p50, p95 and p99 of the request histogram, the slowest routes, and external calls timed beside it. Guides: slow responses. */
const book = runbookOn(
  "prometheus",
  {
    id: "slow-responses",
    title: "Response times",
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
      "SlowRequests",
      "SlowResponses",
      "HighLatency",
      "HighRequestLatency",
      "HighResponseTime",
      "RequestLatencyHigh",
      "APIHighLatency",
      "LatencyBudgetBurn",
      "NginxLatencyHigh",
    ],
    params: z.object({
      windowMinutes: z.int().min(1).max(60).default(5).describe("minutes the quantiles are taken over"),
      p95Seconds: orThreshold(
        "p95Seconds",
        "a 95th percentile above this is too slow",
        z.number().min(0.001).max(600),
      ),
    }),
  },
  ({ params: { windowMinutes } }) => ({
    latency: prometheus.latency({ windowMinutes }),
    series: prometheus.latencySeries({ windowMinutes }),
    targets: prometheus.targets(),
  }),
).andThen(["latency"], ({ latency }, { system, params }) => {
  const external = system.connections.find((face) => face.kind === "http" && face.about?.external === true);
  const isSlow = latency.state === "measured" && latency.p95 > params.p95Seconds;
  // A slow dependency is the cause people forget: three requests tell, and only when something is slow.
  return isSlow && external !== undefined
    ? { dependency: on(external.name, http.samples({ count: 3 })) }
    : {};
});

export const slowResponses = book
  .remedies({
    repairTargets: book.advises(...REPAIR_TARGETS),
    findCause: book.advises("Find what is slow", "low", ({ latency }, { system }) =>
      causeAdvice(latency, system),
    ),
    fixMetrics: book.advises("Correct the metric name", "low", ({ latency }) => {
      if (latency?.state === "measured")
        return `Give the histogram buckets above the limit (now the largest is ${saySeconds(latency.largestBucket ?? 0)}): a quantile can never come out larger than the largest finite bucket.`;
      if (latency?.state === "absent" && latency.isSummary)
        return `${latency.metric} is a summary: its quantiles cannot be added up over instances. Change it to a histogram with buckets around the limit.`;
      return "Set `metrics: { duration: … }` (the histogram's name without _bucket) and `labels:` of the prometheus connection, or repair the scraping of it.";
    }),
  })
  .findings((find) => [
    find(["latency"], ({ latency }) => latency.state !== "measured" && noData(latency)),
    find(
      ["latency"],
      ({ latency }, { params: { p95Seconds: limit } }) =>
        latency.state === "measured" && isCapped(latency) && latency.p95 <= limit && tooShort(latency, limit),
    ),
    find(["latency", "series?", "dependency?"], (values, { params: { p95Seconds: limit } }) => {
      const { latency, series, dependency } = values;
      if (latency.state !== "measured" || latency.p95 <= limit) return undefined;
      const { p50, p95, p99, perSecond, windowSeconds } = latency;
      const window = sayWindow(windowSeconds);
      const evidence = [...numbers(latency), ...plot(series, "Request duration", "seconds", limit)];
      if (perSecond * windowSeconds < ENOUGH)
        return {
          id: "few-requests",
          severity: "info",
          title: `p95 is ${saySeconds(p95)} (limit ${saySeconds(limit)}), but of about ${count(Math.max(1, Math.round(perSecond * windowSeconds)), "request")} in ${window} only`,
          because: `Below ${ENOUGH} requests one slow answer weighs too much to judge.`,
          evidence,
          remedies: ["findCause"],
        };
      const place = where(latency, limit);
      const external = outside(dependency, limit);
      return {
        id: "slow",
        severity: p95 >= 2 * limit || p50 > limit ? "critical" : "warning",
        title: `p95 is ${atLeast(latency, p95)}${saySeconds(p95)} (limit ${saySeconds(limit)})${external.short || place.short}`,
        because: `5 % of the requests of the last ${window} took longer than ${saySeconds(p95)} (p50 ${saySeconds(p50)}, p99 ${saySeconds(p99)}). ${place.long}${external.long}`,
        evidence,
        remedies: ["findCause"],
      };
    }),
    // The whole is within the limit, but whoever uses these routes waits.
    find(["latency", "series?"], ({ latency, series }, { params: { p95Seconds: limit } }) => {
      if (latency.state !== "measured" || latency.p95 > limit || isCapped(latency)) return undefined;
      const { routes, windowSeconds, perSecond, p95 } = latency;
      const slow = routes.filter((route) => route.p95 > limit && route.perSecond * windowSeconds >= ENOUGH);
      const [first] = slow;
      if (first === undefined) return undefined;
      const share = perSecond === 0 ? 0 : slow.reduce((sum, route) => sum + route.perSecond, 0) / perSecond;
      return {
        id: "slow-routes",
        severity: "warning",
        title: `${first.name} is slow: p95 ${atLeast(latency, first.p95)}${saySeconds(first.p95)} (limit ${saySeconds(limit)})${slow.length > 1 ? `, and ${count(slow.length - 1, "other route")}` : ""}`,
        because: `Slow: ${sayRoutes(slow)}. They have ${sayPercent(share)} of the requests, so p95 over all is ${saySeconds(p95)} and no alert on it will fire: look at what only ${slow.length === 1 ? "that one uses" : "those use"}.`,
        evidence: [...numbers(latency), ...plot(series, "Request duration", "seconds", limit)],
        remedies: ["findCause"],
      };
    }),
    find(["targets"], ({ targets }) => targetFindings(targets)),
  ]);

function noData(value: Exclude<prometheus.Latency, Measured>): Finding<"fixMetrics" | "repairTargets"> {
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

/** A quantile never comes out above the largest finite bucket. */
const isCapped = ({ p95, largestBucket }: Measured) => largestBucket !== null && p95 >= largestBucket;

const atLeast = ({ largestBucket }: Measured, p95: number) =>
  largestBucket !== null && p95 >= largestBucket ? "at least " : "";

const sayRoutes = (routes: Measured["routes"]) =>
  routes
    .slice(0, 3)
    .map(({ name, p95 }) => `${name} (p95 ${saySeconds(p95)})`)
    .join(", ");

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
    return {
      short: `: slow on ${slow.length === 1 ? first.name : `${first.name} and ${count(slow.length - 1, "other route")}`}`,
      long: `Slow: ${sayRoutes(slow)}; the other routes are within the limit, so look at what only ${slow.length === 1 ? "that one uses" : "those use"}.`,
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

function outside(dependency: { readonly samples: readonly http.Sample[] } | undefined, limit: number): Place {
  if (dependency === undefined) return { short: "", long: "" };
  const times = dependency.samples.map(({ totalMs }) => totalMs / 1000);
  const slowest = Math.max(...times);
  const failed = dependency.samples.filter(({ error }) => error !== undefined).length;
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

const tooShort = ({ metric, largestBucket }: Measured, limit: number): Finding<"fixMetrics"> => ({
  id: "buckets-too-short",
  severity: "warning",
  title: `p95 is beyond the largest bucket (${saySeconds(largestBucket ?? 0)}) and cannot be measured`,
  because: `More than 5 % of the requests are slower than the largest finite bucket of ${metric}; the limit of ${saySeconds(limit)} lies above it, so an alert on it can never fire.`,
  remedies: ["fixMetrics"],
});

const numbers = ({ p50, p95, p99, perSecond, routes, routeLabel }: Measured): Evidence[] => [
  facts({
    p50: saySeconds(p50),
    p95: saySeconds(p95),
    p99: saySeconds(p99),
    requests: sayRate(perSecond),
  }),
  ...(routes.length === 0
    ? []
    : [
        rows("Slowest routes", routes, {
          [routeLabel ?? "route"]: (one) => one.name,
          p95: (one) => saySeconds(one.p95),
          requests: (one) => sayRate(one.perSecond),
        }),
      ]),
];

function causeAdvice(latency: prometheus.Latency | undefined, { connections }: RunContext["system"]): string {
  const has = (kind: string) => connections.some((face) => face.kind === kind);
  const next = [
    ...(has("postgres") ? ["pg-slow-queries and pg-locks"] : []),
    ...(has("redis") ? ["redis-connectivity"] : []),
    ...(has("host") ? ["high-memory"] : []),
    ...(connections.some(({ about }) => about?.external === true) ? ["external-api"] : []),
    "service-health",
  ];
  const route = latency?.state === "measured" ? latency.routes[0]?.name : undefined;
  return `Run ${next.join(", ")}: the first that answers with a finding is the likely cause.${route === undefined ? "" : ` Trace one slow request of ${route} and see which span takes the time.`} If answers may be a little old, cache the expensive ones (Redis, TTL 300 s, key: sha256 of the canonical input, never Python's hash()). Compare the moment the curve rises with the last deployment and with traffic.`;
}
