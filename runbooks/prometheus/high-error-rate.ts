import {
  type Evidence,
  type Finding,
  facts,
  orThreshold,
  prometheus,
  type RunContext,
  rows,
  runbookOn,
  sayPercent,
  z,
} from "../../src/sdk/index.ts";
import { plot, REPAIR_TARGETS, sayRate, sayRepairs, sayWindow, targetFindings } from "./targets.ts";
import { mixedCounters, partialAnswer, SEPARATE_WORKERS, sayAbsence } from "./trust.ts";
import { type Measured, placeOf } from "./where-failures.ts";

/** Share of requests answered 5xx, and which routes and instances they come from. Guides: high error rate. */
const book = runbookOn(
  "prometheus",
  {
    id: "high-error-rate",
    title: "Error rate",
    covers: [
      "sergas-agents.high-error-rate",
      "ai-saas.high-error-rate",
      "ai-saas.alert-high-error-rate",
      "sergas-accounts.high-error-rate",
      "tektra.alert-tektra-down",
      "ai-saas.missing-metrics",
      "sergas-agents.rollback",
      "resync.prometheus-exporter",
    ],
    alerts: [
      "HighErrorRate",
      "HighRequestErrorRate",
      "HighHttpErrorRate",
      "HTTPErrorRateHigh",
      "High5xxRate",
      "ErrorBudgetBurn",
      "TektraDown",
      "TargetDown",
      "PrometheusTargetMissing",
      "PrometheusAllTargetsMissing",
      "PrometheusTargetMissingWithWarmupTime",
      "NginxHighHttp5xxErrorRate",
      "TraefikHighHttp5xxErrorRateService",
    ],
    params: z.object({
      windowMinutes: z.int().min(1).max(60).default(5).describe("minutes the ratio is taken over"),
      threshold: orThreshold(
        "errorRatio",
        "share of failing requests that is too high",
        z.number().min(0).max(1),
      ),
      minRequests: z
        .int()
        .min(1)
        .max(100_000)
        .default(20)
        .describe("with fewer requests in the window the ratio is not judged"),
    }),
  },
  ({ params: { windowMinutes } }) => ({
    ratio: prometheus.errorRatio({ windowMinutes }),
    series: prometheus.errorSeries({ windowMinutes }),
    targets: prometheus.targets(),
  }),
);

export const highErrorRate = book
  .remedies({
    repairTargets: book.advises(...REPAIR_TARGETS, ({ targets }) => sayRepairs(targets)),
    separateWorkers: book.advises(...SEPARATE_WORKERS),
    readStatus: book.advises("Tell failures by a status", "low", ({ ratio }) =>
      ratio?.state === "status-words"
        ? `Set \`metrics: { statusLabel: … }\` to a label with HTTP statuses, or let the application set one. Until then compare with the log of the proxy in front: how many of its answers are 5xx? Values of ${ratio.statusLabel}: ${ratio.values.map(({ name }) => name).join(", ")}.`
        : "Compare with the log of the proxy in front: how many of its answers are 5xx?",
    ),
    findCause: book.advises("Find what fails", "low", ({ ratio }, { system }) => causeAdvice(ratio, system)),
    fixMetrics: book.advises("Correct the metric names", "low", ({ ratio }) =>
      ratio?.state === "no-status-label"
        ? `Set \`metrics: { statusLabel: … }\` of the prometheus connection to the label that holds the HTTP status; ${ratio.metric} has: ${ratio.labels.join(", ")}.`
        : "Set `metrics: { requests: … }` and `labels:` of the prometheus connection to the system's request counter (its name ends in _total on the application's /metrics page), or repair the scraping of it.",
    ),
  })
  .findings((find) => [
    find(["ratio"], ({ ratio }) => partialAnswer(ratio.notSeen)),
    find(["ratio"], ({ ratio }) => ratio.state !== "measured" && noData(ratio)),
    find(
      ["ratio"],
      ({ ratio }) =>
        ratio.state === "measured" &&
        prometheus.areMixed(ratio.counters) &&
        mixedCounters(ratio.metric, ratio.counters),
    ),
    find(["ratio"], ({ ratio }, { params: { threshold } }) => {
      if (ratio.state !== "measured" || ratio.unreadable <= ratio.total.total * threshold) return undefined;
      return {
        id: "status-unreadable",
        severity: "info",
        title: `${sayPercent(ratio.unreadable / ratio.total.total)} of requests have a status that is no HTTP status`,
        because: "Whether those failed cannot be told; the ratio counts none of them as failed.",
        remedies: ["readStatus"],
      };
    }),
    find(
      ["ratio"],
      ({ ratio }) => ratio.state === "measured" && ratio.total.ratio === null && noTraffic(ratio),
    ),
    find(["ratio", "series?"], ({ ratio, series }, { params: { threshold, minRequests } }) => {
      if (!isJudged(ratio) || (ratio.total.ratio ?? 0) < threshold || ratio.total.ratio === 0)
        return undefined;
      const { total, windowSeconds } = ratio;
      const share = total.ratio ?? 0;
      const requests = total.total * windowSeconds;
      const window = sayWindow(windowSeconds);
      const evidence = [...numbers(ratio), ...plot(series, "Share of failing requests", "ratio", threshold)];
      if (requests < minRequests)
        return {
          id: "few-requests",
          severity: "info",
          title: `${sayPercent(share)} of requests fail, but there are few: about ${Math.max(1, Math.round(requests))} in ${window}`,
          because: `Below ${minRequests} requests one failure weighs too much to judge.`,
          evidence,
        };
      const place = placeOf(ratio);
      return {
        id: "error-rate",
        severity: share >= 2 * threshold && ratio.notSeen === undefined ? "critical" : "warning",
        title: `${sayPercent(share)} of ${ratio.notSeen === undefined ? "" : "the counted part of "}requests fail (limit ${sayPercent(threshold)})${place.short}`,
        because:
          `${sayRate(total.errors)} of ${sayRate(total.total)} were answered 5xx over ${window}. ${sayFirst(ratio)}${place.long}`.trimEnd(),
        evidence,
        remedies: ["findCause"],
      };
    }),
    // The whole is within the limit, but one route or instance hardly works: its users see an outage.
    find(["ratio", "series?"], ({ ratio, series }, { params: { threshold, minRequests } }) => {
      if (!isJudged(ratio) || (ratio.total.ratio ?? threshold) >= threshold) return undefined;
      const evidence = [...numbers(ratio), ...plot(series, "Share of failing requests", "ratio", threshold)];
      return brokenParts(ratio, threshold, minRequests).map(
        ({ what, name, errors, total, ratio: share }) => ({
          id: `part-fails:${what}:${name}`,
          severity: "warning",
          title: `${what} ${name} fails: ${sayPercent(share ?? 0)} of its requests`,
          because: `${sayRate(errors)} of its ${sayRate(total)} were answered 5xx over ${sayWindow(ratio.windowSeconds)}. Of all requests that is only ${sayPercent(ratio.total.ratio ?? 0)}, below the limit of ${sayPercent(threshold)}, so no alert on the whole will fire.`,
          evidence,
          remedies: ["findCause"],
        }),
      );
    }),
    find(["targets"], ({ targets }) => targetFindings(targets)),
  ]);

/** Measured, and by counters that count. */
const isJudged = (ratio: prometheus.ErrorRatio): ratio is Measured =>
  ratio.state === "measured" && !prometheus.areMixed(ratio.counters);

const sayFirst = ({ firstErrors }: Measured): string =>
  firstErrors < 1
    ? ""
    : `${Math.round(firstErrors)} of them came before the first sample of their series, where a rate does not see them. `;

function noData(
  value: Exclude<prometheus.ErrorRatio, Measured>,
): Finding<"fixMetrics" | "repairTargets" | "readStatus"> {
  const shared = { id: "no-data", severity: "info", remedies: ["fixMetrics"] } as const;
  if (value.state === "no-status-label")
    return {
      ...shared,
      title: `No data: ${value.metric} has no label "${value.statusLabel}"`,
      because: `Without the status there is no telling which requests failed. Its labels: ${value.labels.join(", ")}.`,
    };
  if (value.state === "status-words")
    return {
      ...shared,
      title: `Errors cannot be told: the values of ${value.statusLabel} are ${value.values
        .slice(0, 5)
        .map(({ name }) => name)
        .join(", ")}`,
      because: `${value.metric} is counted, but none of these is an HTTP status, and which of them are failures is not ours to guess: that is unknown, not zero errors.`,
      evidence: [
        rows("", value.values, {
          [value.statusLabel]: (one) => one.name,
          "requests/s": (one) => sayRate(one.perSecond),
        }),
      ],
      remedies: ["readStatus"],
    };
  if (value.state === "absent")
    return {
      ...shared,
      title: `No data: Prometheus has no series ${value.metric} of this system`,
      because: sayAbsence(value, "that is unknown, not zero errors"),
    };
  if (value.samples > 0)
    return {
      ...shared,
      title: `No data yet: ${value.metric} has been seen ${value.samples === 1 ? "once" : `${value.samples} times`} within ${sayWindow(value.windowSeconds)}`,
      because:
        "A rate needs two samples of a series: it has just appeared, or is scraped too seldom. Ask again after the next scrapes.",
      remedies: [],
    };
  return {
    ...shared,
    title: `No data: ${value.metric} stopped within the last hour`,
    because: `There were samples within the last hour but none for a rate over ${sayWindow(value.windowSeconds)}: scraping stopped or the process is gone.`,
    remedies: ["repairTargets"],
  };
}

/** A route or instance that fails this often is broken, however little of the traffic it has. */
const BROKEN = 0.25;

const brokenParts = ({ routes, instances, windowSeconds }: Measured, limit: number, minRequests: number) =>
  [
    ...routes.map((one) => ({ ...one, what: "Route" })),
    ...instances.map((one) => ({ ...one, what: "Instance" })),
  ]
    .filter(
      ({ ratio, errors }) =>
        ratio !== null && ratio >= Math.max(BROKEN, 2 * limit) && errors * windowSeconds >= minRequests,
    )
    .slice(0, 3);

const noTraffic = ({ metric, windowSeconds }: Measured): Finding<never> => ({
  id: "no-traffic",
  severity: "info",
  title: `No requests in the last ${sayWindow(windowSeconds)}`,
  because: `${metric} is there but does not move: nothing can be said about errors. If there should be traffic, look in front of the service (DNS, load balancer, ingress).`,
});

const numbers = ({ total, classes, routes, instances, routeLabel }: Measured): Evidence[] => [
  facts(Object.fromEntries(classes.map(({ name, perSecond }) => [name, sayRate(perSecond)]))),
  ...shareRows<typeof total>(routeLabel ?? "route", routes),
  ...shareRows<typeof total>("instance", instances),
];

const shareRows = <T extends { name: string; errors: number; total: number; ratio: number | null }>(
  column: string,
  shares: readonly T[],
): Evidence[] =>
  shares.length === 0
    ? []
    : [
        rows("", shares, {
          [column]: (one) => one.name,
          "errors/s": (one) => sayRate(one.errors),
          "requests/s": (one) => sayRate(one.total),
          failing: (one) => (one.ratio === null ? null : sayPercent(one.ratio)),
        }),
      ];

function causeAdvice(
  ratio: prometheus.ErrorRatio | undefined,
  { connections }: RunContext["system"],
): string {
  const kinds = new Set(connections.map(({ kind }) => kind));
  const next = [
    "service-health",
    ...(kinds.has("postgres") ? ["pg-connectivity and pg-locks"] : []),
    ...(connections.some(({ about }) => about?.external === true) ? ["external-api"] : []),
  ];
  const route = ratio?.state === "measured" ? ratio.routes[0]?.name : undefined;
  return `Run ${next.join(", ")} now. Read the newest error log lines${route === undefined ? "" : ` of ${route}`} and group them by exception. Compare the moment the curve rises with the last deployment or configuration change: if they fit, roll back first and search later.`;
}
