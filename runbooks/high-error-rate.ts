import {
  type Evidence,
  type Finding,
  facts,
  prometheus,
  type RunContext,
  runbook,
  type Seen,
  sayPercent,
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
type Measured = Extract<prometheus.ErrorRatio, { state: "measured" }>;
type Limits = { limit: number; minRequests: number };

/** Share of requests answered 5xx, and which routes and instances they come from. Guides: high error rate. */
export const highErrorRate = runbook({
  id: "high-error-rate",
  title: "Error rate",
  needs: ["prometheus"],
  covers: [
    "sergas-agents.high-error-rate",
    "ai-saas.high-error-rate",
    "ai-saas.alert-high-error-rate",
    "sergas-accounts.high-error-rate",
    "tektra.alert-tektra-down",
    "ai-saas.missing-metrics",
  ],
  alerts: [
    { alertname: "HighErrorRate" },
    { alertname: "HighRequestErrorRate" },
    { alertname: "HighHttpErrorRate" },
    { alertname: "HTTPErrorRateHigh" },
    { alertname: "High5xxRate" },
    { alertname: "ErrorBudgetBurn" },
    { alertname: "TektraDown" },
    { alertname: "TargetDown" },
    { alertname: "PrometheusTargetMissing" },
    { alertname: "NginxHighHttp5xxErrorRate" },
    { alertname: "TraefikHighHttp5xxErrorRateService" },
  ],
  params: z.object({
    windowMinutes: z.int().min(1).max(60).default(5).describe("minutes the ratio is taken over"),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("share of failing requests that is too high; empty: the system's errorRatio"),
    minRequests: z
      .int()
      .min(1)
      .max(100_000)
      .default(20)
      .describe("with fewer requests in the window the ratio is not judged"),
  }),
})
  .diagnose(({ windowMinutes }) => ({
    ratio: prometheus.errorRatio({ windowMinutes }),
    series: prometheus.errorSeries({ windowMinutes }),
    targets: prometheus.targets(),
  }))
  .findings(({ ratio, series, targets }, { params, thresholds }): Finding<Remedy>[] => {
    if (!ratio.ok) return [cannotAsk(ratio.error)];
    const limit = params.threshold ?? thresholds.errorRatio;
    const limits = { limit, minRequests: params.minRequests };
    return [...judge(ratio.value, series, limits), ...targetFindings(targets, "its labels")];
  })
  .remedies({
    ...prometheusAdvice,
    findCause: {
      title: "Find what fails",
      risk: "low",
      advice: ({ ratio }, { system }) => causeAdvice(ratio, system),
    },
    fixMetrics: {
      title: "Correct the metric names",
      risk: "low",
      advice: ({ ratio }) =>
        ratio.ok && ratio.value.state === "no-status-label"
          ? `Set \`metrics: { statusLabel: … }\` of the prometheus connection to the label that holds the HTTP status; ${ratio.value.metric} has: ${ratio.value.labels.join(", ")}.`
          : "Set `metrics: { requests: … }` and `labels:` of the prometheus connection to the system's request counter (its name ends in _total on the application's /metrics page), or repair the scraping of it.",
    },
  });

function judge(
  value: prometheus.ErrorRatio,
  series: Seen<prometheus.Plot>,
  limits: Limits,
): Finding<Remedy>[] {
  if (value.state === "measured") return measured(value, series, limits);
  return [noData(value)];
}

function noData(value: Exclude<prometheus.ErrorRatio, Measured>): Finding<Remedy> {
  const shared = { id: "no-data", severity: "info", remedies: ["fixMetrics"] } as const;
  if (value.state === "no-status-label")
    return {
      ...shared,
      title: `No data: ${value.metric} has no label "${value.statusLabel}"`,
      because: `Without the status there is no telling which requests failed. Its labels: ${value.labels.join(", ")}.`,
    };
  if (value.state === "absent")
    return {
      ...shared,
      title: `No data: Prometheus has no series ${value.metric} of this system`,
      because: "Nothing of that name was scraped within the last hour: that is unknown, not zero errors.",
    };
  return {
    ...shared,
    title: `No data: ${value.metric} stopped within the last hour`,
    because: `There were samples within the last hour but none for a rate over ${sayWindow(value.windowSeconds)}: scraping stopped or the process is gone.`,
    remedies: ["repairTargets"],
  };
}

function measured(value: Measured, series: Seen<prometheus.Plot>, { limit, minRequests }: Limits) {
  const { total, windowSeconds } = value;
  const requests = total.total * windowSeconds;
  const window = sayWindow(windowSeconds);
  if (total.ratio === null) return [noTraffic(value)];
  if (total.ratio === 0) return [];
  const evidence = [...numbers(value), ...plot(series, "Share of failing requests", "ratio", limit)];
  if (total.ratio < limit)
    return partsThatFail(value, { limit, minRequests }).map((finding) => ({ ...finding, evidence }));
  if (requests < minRequests)
    return [
      {
        id: "few-requests",
        severity: "info",
        title: `${sayPercent(total.ratio)} of requests fail, but there are few: about ${Math.max(1, Math.round(requests))} in ${window}`,
        because: `Below ${minRequests} requests one failure weighs too much to judge.`,
        evidence,
      },
    ] satisfies Finding<Remedy>[];
  const place = placeOf(value);
  return [
    {
      id: "error-rate",
      severity: total.ratio >= 2 * limit ? "critical" : "warning",
      title: `${sayPercent(total.ratio)} of requests fail (limit ${sayPercent(limit)})${place.short}`,
      because: `${sayRate(total.errors)} of ${sayRate(total.total)} were answered 5xx over ${window}. ${place.long}`,
      evidence,
      remedies: ["findCause"],
    },
  ] satisfies Finding<Remedy>[];
}

/** A route or instance that fails this often is broken, however little of the traffic it has. */
const BROKEN = 0.25;

/** The whole is within the limit, but one route or instance hardly works: its users see an outage. */
function partsThatFail(
  { routes, instances, total, windowSeconds }: Measured,
  { limit, minRequests }: Limits,
): Finding<Remedy>[] {
  const parts = [
    ...routes.map((one) => ({ ...one, what: "Route" })),
    ...instances.map((one) => ({ ...one, what: "Instance" })),
  ].filter(
    ({ ratio, errors }) =>
      ratio !== null && ratio >= Math.max(BROKEN, 2 * limit) && errors * windowSeconds >= minRequests,
  );
  return parts.slice(0, 3).map(({ what, name, errors, total: all, ratio }) => ({
    id: `part-fails:${what}:${name}`.slice(0, 100),
    severity: "warning",
    title: `${what} ${name} fails: ${sayPercent(ratio ?? 0)} of its requests`,
    because: `${sayRate(errors)} of its ${sayRate(all)} were answered 5xx over ${sayWindow(windowSeconds)}. Of all requests that is only ${sayPercent(total.ratio ?? 0)}, below the limit of ${sayPercent(limit)}, so no alert on the whole will fire.`,
    remedies: ["findCause"],
  }));
}

/** Concentrated on one route or instance, or everywhere: the first fork of the search. */
function placeOf({ routes, instances, total }: Measured): { short: string; long: string } {
  const [route] = routes;
  const [instance] = instances;
  const shareOf = ({ errors }: { errors: number }) => (total.errors === 0 ? 0 : errors / total.errors);
  if (instance !== undefined && (instances.length > 1 || instance.total < total.total * 0.9)) {
    if (shareOf(instance) >= 0.8)
      return {
        short: `, nearly all on instance ${instance.name}`,
        long: `${sayPercent(shareOf(instance))} of the failures are on instance ${instance.name}: that one is broken, not the code.`,
      };
  }
  if (route !== undefined && routes.length > 1 && shareOf(route) >= 0.8)
    return {
      short: `, nearly all on ${route.name}`,
      long: `${sayPercent(shareOf(route))} of the failures are on ${route.name}: look at what only that route uses.`,
    };
  if (routes.length === 1 && route !== undefined)
    return { short: `, all on ${route.name}`, long: `All failures are on ${route.name}.` };
  return routes.length > 1
    ? {
        short: `, spread over ${routes.length} routes`,
        long: `They are spread over ${routes.length} routes: look at what all share (database, cache, a dependency, a deployment).`,
      }
    : { short: "", long: "" };
}

const noTraffic = ({ metric, windowSeconds }: Measured): Finding<Remedy> => ({
  id: "no-traffic",
  severity: "info",
  title: `No requests in the last ${sayWindow(windowSeconds)}`,
  because: `${metric} is there but does not move: nothing can be said about errors. If there should be traffic, look in front of the service (DNS, load balancer, ingress).`,
});

function numbers({ total, classes, routes, instances, routeLabel }: Measured): Evidence[] {
  const list = (title: string, shares: readonly (typeof total)[]) =>
    shares.length === 0
      ? []
      : [
          table(
            [title, "errors/s", "requests/s", "failing"],
            shares.map(({ name, errors, total: all, ratio }) => [
              name,
              sayRate(errors),
              sayRate(all),
              ratio === null ? null : sayPercent(ratio),
            ]),
          ),
        ];
  return [
    facts(Object.fromEntries(classes.map(({ name, perSecond }) => [name, sayRate(perSecond)]))),
    ...list(routeLabel ?? "route", routes),
    ...list("instance", instances),
  ];
}

function causeAdvice(ratio: Seen<prometheus.ErrorRatio>, { connections }: RunContext["system"]): string {
  const kinds = new Set(connections.map(({ kind }) => kind));
  const next = [
    "service-health",
    ...(kinds.has("postgres") ? ["pg-connectivity and pg-locks"] : []),
    ...(connections.some(({ external }) => external === true) ? ["external-api"] : []),
  ];
  const route = ratio.ok && ratio.value.state === "measured" ? ratio.value.routes[0]?.name : undefined;
  return `Run ${next.join(", ")} now. Read the newest error log lines${route === undefined ? "" : ` of ${route}`} and group them by exception. Compare the moment the curve rises with the last deployment or configuration change: if they fit, roll back first and search later.`;
}
