import {
  count,
  type Evidence,
  type Finding,
  network,
  type prometheus,
  type Seen,
  table,
} from "../../src/sdk.ts";

type StepError = Extract<Seen<unknown>, { ok: false }>["error"];
export type PrometheusRemedy = "repairPrometheus" | "repairTargets";

/** Prometheus itself cannot be asked: nothing is known about the system, which is not the same as nothing wrong. */
export function cannotAsk(error: StepError): Finding<PrometheusRemedy> {
  const cause = network.causeOf(error);
  const isQuery = error.detail === "bad_data" || error.detail === "execution";
  const word = error.detail === "503" ? "not ready" : isQuery ? "query refused" : cause.word;
  const why =
    error.detail === "503"
      ? "It is starting (replaying its write-ahead log) or shutting down."
      : cause.id === "other"
        ? "It answered, but not with numbers."
        : cause.because;
  return {
    id: "prometheus",
    severity: "critical",
    title: `Prometheus cannot be asked: ${word}`,
    because: `${error.message}. ${why} Whether requests fail or are slow is unknown until it answers.`,
    remedies: ["repairPrometheus"],
  };
}

/** Targets that are down, or that Prometheus does not know at all (`up == 0` alone never fires for those). */
export function targetFindings(
  targets: Seen<prometheus.Targets>,
  labels: string,
): Finding<PrometheusRemedy>[] {
  if (!targets.ok) return [];
  const { total, down } = targets.value;
  if (total === 0)
    return [
      {
        id: "no-targets",
        severity: "warning",
        title: "Prometheus knows no scrape target of this system",
        because: `There is no \`up\` series for ${labels}: service discovery lost the targets, or \`labels:\` of the connection do not fit.`,
        remedies: ["repairTargets"],
      },
    ];
  if (down.length === 0) return [];
  return [
    {
      id: "targets-down",
      severity: down.length >= total ? "critical" : "warning",
      title: `${down.length} of ${count(total, "scrape target")} down: ${down
        .slice(0, 3)
        .map(({ instance }) => instance)
        .join(", ")}${down.length > 3 ? "…" : ""}`,
      because: `Prometheus cannot scrape ${down.length === 1 ? "it" : "them"}${down[0]?.lastError === undefined ? "" : ` (${down[0].lastError})`}: the process is down or its metrics page fails. What these instances do is missing from the numbers.`,
      evidence: [
        table(
          ["job", "instance", "error"],
          down.slice(0, 20).map(({ job, instance, lastError }) => [job, instance, lastError]),
        ),
      ],
      remedies: ["repairTargets"],
    },
  ];
}

/** Advice for both remedies, shared by the runbooks that read Prometheus. */
export const prometheusAdvice = {
  repairPrometheus: {
    title: "Bring Prometheus back",
    risk: "low",
    advice:
      'Look at Prometheus itself: is the process up, is its disk full (the usual reason), is it still replaying its WAL (log: "Replaying WAL"), are URL and credentials in diagbot.yaml right? Then run this runbook again.',
  },
  repairTargets: {
    title: "Bring the scrape targets back",
    risk: "low",
    advice:
      "Open <prometheus>/targets: the error of each target says whether the process is down (connection refused), stuck (context deadline exceeded) or its /metrics page is wrong (content type, parse error). Run service-health for the process itself; when the target is not listed at all, compare service discovery and relabelling with `labels:` of the connection.",
  },
} as const;

/** Plot evidence; undefined where there is nothing to draw. */
export function plot(
  seen: Seen<prometheus.Plot>,
  title: string,
  unit: "seconds" | "ratio",
  threshold: number,
): Evidence[] {
  if (!seen.ok) return [];
  const series = seen.value.lines.filter(({ points }) => points.some(([, value]) => value !== null));
  return series.length === 0 ? [] : [{ kind: "series", title, unit, series, threshold }];
}

/** `5 min`, `90 s`. */
export const sayWindow = (seconds: number): string =>
  seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;

/** Requests per second with the digits that matter. */
export const sayRate = (perSecond: number): string =>
  `${perSecond >= 10 ? Math.round(perSecond) : Number(perSecond.toPrecision(2))}/s`;
