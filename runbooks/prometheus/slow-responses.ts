import {
  count,
  http,
  on,
  orThreshold,
  prometheus,
  type RunContext,
  runbookOn,
  sayPercent,
  saySeconds,
  z,
} from "../../src/sdk/index.ts";
import {
  ENOUGH,
  fewRequests,
  isCoarse,
  isJudged,
  type Measured,
  mayBeMilliseconds,
  noData,
  numbers,
  sayCertainty,
  sayQuantile,
  severityOf,
  tooCoarse,
  tooShort,
  unitUnclear,
  verdictOf,
} from "./durations.ts";
import { plot, REPAIR_TARGETS, sayRepairs, targetFindings } from "./targets.ts";
import { mixedCounters, partialAnswer, SEPARATE_WORKERS, sayOneRoute } from "./trust.ts";

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
  const isSlow = latency.state === "measured" && verdictOf(latency, params.p95Seconds) !== "within";
  // A slow dependency is the cause people forget: three requests tell, and only when something is slow.
  return isSlow && external !== undefined
    ? { dependency: on(external.name, http.samples({ count: 3 })) }
    : {};
});

/** Where it only may be over the limit nobody is called for it. */
const harmOf = (verdict: ReturnType<typeof verdictOf>) =>
  verdict === "unknown" ? {} : { damage: "performance" as const };

export const slowResponses = book
  .remedies({
    repairTargets: book.advises(...REPAIR_TARGETS, ({ targets }) => sayRepairs(targets)),
    separateWorkers: book.advises(...SEPARATE_WORKERS),
    findCause: book.advises("Find what is slow", "low", ({ latency }, { system }) =>
      causeAdvice(latency, system),
    ),
    fixMetrics: book.advises(
      "Correct the metric",
      "low",
      ({ latency }, { params: { p95Seconds: limit } }) => {
        if (latency?.state === "measured" && mayBeMilliseconds(latency))
          return `Let the application observe seconds (its bounds, too), or name what it counts: a metric whose name ends in _milliseconds, set as \`metrics: { duration: … }\`, is read as such.`;
        if (latency?.state === "measured")
          return `Give the histogram bounds around the limit, ${saySeconds(limit)} itself among them (a quantile is known no better than the bucket it falls into, and never above the largest finite one), or a native histogram, whose buckets are narrow everywhere.`;
        if (latency?.state === "absent" && latency.isSummary)
          return `${latency.metric} is a summary: its quantiles cannot be added up over instances. Change it to a histogram with buckets around the limit.`;
        return "Set `metrics: { duration: … }` (the histogram's name without _bucket) and `labels:` of the prometheus connection, or repair the scraping of it.";
      },
    ),
  })
  .findings((find) => [
    find(["latency"], ({ latency }) => partialAnswer(latency.notSeen)),
    find(["latency"], ({ latency }) => latency.state !== "measured" && noData(latency)),
    find(
      ["latency"],
      ({ latency }) =>
        latency.state === "measured" &&
        prometheus.areMixed(latency.counters) &&
        mixedCounters(latency.metric, latency.counters),
    ),
    find(["latency", "series?", "dependency?"], (values, { params: { p95Seconds: limit } }) => {
      const { latency, series, dependency } = values;
      if (!isJudged(latency)) return undefined;
      const verdict = verdictOf(latency, limit);
      const evidence = [...numbers(latency), ...plot(series, "Request duration", "seconds", limit)];
      if (mayBeMilliseconds(latency)) return unitUnclear(latency, evidence);
      if (verdict === "within") return isCoarse(latency.p95, limit) && tooCoarse(latency, limit, evidence);
      if (latency.p95.to === null && latency.p95.from < limit) return tooShort(latency, limit);
      if (latency.perSecond * latency.windowSeconds < ENOUGH) return fewRequests(latency, limit, evidence);
      const place = where(latency, limit);
      const external = outside(dependency, limit);
      return {
        id: "slow",
        severity: severityOf(latency, limit, verdict),
        ...harmOf(verdict),
        title: `p95 is ${sayQuantile(latency.p95)} (limit ${saySeconds(limit)})${external.short || place.short}`,
        because: `${sayCertainty(latency, limit, verdict)} (p50 ${sayQuantile(latency.p50)}, p99 ${sayQuantile(latency.p99)}). ${place.long}${external.long}`,
        evidence,
        remedies: verdict === "unknown" ? ["fixMetrics", "findCause"] : ["findCause"],
      };
    }),
    // The whole is within the limit, but whoever uses these routes waits.
    find(["latency", "series?"], ({ latency, series }, { params: { p95Seconds: limit } }) => {
      if (!isJudged(latency) || verdictOf(latency, limit) !== "within") return undefined;
      const { routes, windowSeconds, perSecond, p95 } = latency;
      const slow = routes.filter(
        (route) =>
          route.p95.from >= limit / 2 && route.p95.guess > limit && route.perSecond * windowSeconds >= ENOUGH,
      );
      const [first] = slow;
      if (first === undefined) return undefined;
      const share = perSecond === 0 ? 0 : slow.reduce((sum, route) => sum + route.perSecond, 0) / perSecond;
      return {
        id: "slow-routes",
        severity: "warning",
        title: `${first.name} is slow: p95 ${sayQuantile(first.p95)} (limit ${saySeconds(limit)})${slow.length > 1 ? `, and ${count(slow.length - 1, "other route")}` : ""}`,
        because: `Slow: ${sayRoutes(slow)}. They have ${sayPercent(share)} of the requests, so p95 over all is ${sayQuantile(p95)} and no alert on it will fire: look at what only ${slow.length === 1 ? "that one uses" : "those use"}.`,
        evidence: [...numbers(latency), ...plot(series, "Request duration", "seconds", limit)],
        remedies: ["findCause"],
      };
    }),
    find(["targets"], ({ targets }) => targetFindings(targets)),
  ]);

const sayRoutes = (routes: Measured["routes"]) =>
  routes
    .slice(0, 3)
    .map(({ name, p95 }) => `${name} (p95 ${sayQuantile(p95)})`)
    .join(", ");

interface Place {
  /** Ends the title. */
  readonly short: string;
  readonly long: string;
}

/** What a single route says, after a space; empty: there are several, or none. */
const oneRoute = (routes: Measured["routes"], label: string | undefined): string => {
  const [first, second] = routes;
  return first === undefined || second !== undefined ? "" : ` ${sayOneRoute(first.name, label)}`;
};

/** Slow for everybody, or only for some: a tail points at one route, lock or instance. */
function where({ routes, ...all }: Measured, limit: number): Place {
  const [p50, p95] = [all.p50.guess, all.p95.guess];
  const slow = routes.filter((route) => route.p95.guess > limit);
  const [first] = slow;
  const one = oneRoute(routes, all.routeLabel);
  if (first !== undefined && slow.length < routes.length) {
    return {
      short: `: slow on ${slow.length === 1 ? first.name : `${first.name} and ${count(slow.length - 1, "other route")}`}`,
      long: `Slow: ${sayRoutes(slow)}; the other routes are within the limit, so look at what only ${slow.length === 1 ? "that one uses" : "those use"}.`,
    };
  }
  if (p50 > limit / 2 && all.p50.from > 0)
    return {
      short: routes.length > 1 ? ": slow on every route" : "",
      long:
        one === ""
          ? "Half of all requests are slow, on every route: something shared is saturated (database, CPU, connection pool, a dependency)."
          : `Half of all requests are slow.${one}`,
    };
  return p95 > 5 * p50 && all.p50.from > 0
    ? {
        short: ": most are fast, a tail is slow",
        long: `Most requests are fast and a tail is slow: locks, retries, cold caches or one bad instance.${one}`,
      }
    : { short: "", long: one.trim() };
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
