import { count, type Evidence, type Finding, type prometheus, rows } from "../../src/sdk/index.ts";

/** Targets that are down, or that Prometheus does not know at all (`up == 0` alone never fires for those). */
export function targetFindings({ total, down }: prometheus.Targets): Finding<"repairTargets"> | false {
  if (total === 0)
    return {
      id: "no-targets",
      severity: "warning",
      title: "Prometheus knows no scrape target of this system",
      because:
        "There is no `up` series for its labels: service discovery lost the targets, or `labels:` of the connection do not fit.",
      remedies: ["repairTargets"],
      explains: ["no-data"],
    };
  const names = down.slice(0, 3).map(({ instance }) => instance);
  return (
    down.length > 0 && {
      id: "targets-down",
      ...(down.length >= total ? { explains: ["no-data"] } : {}),
      severity: down.length >= total ? "critical" : "warning",
      title: `${down.length} of ${count(total, "scrape target")} down: ${names.join(", ")}${down.length > 3 ? "…" : ""}`,
      because: `Prometheus cannot scrape ${down.length === 1 ? "it" : "them"}${down[0]?.lastError === undefined ? "" : ` (${down[0].lastError})`}: the process is down or its metrics page fails. What these instances do is missing from the numbers.`,
      evidence: [
        rows("", down, {
          job: (one) => one.job,
          instance: (one) => one.instance,
          error: (one) => one.lastError,
        }),
      ],
      remedies: ["repairTargets"],
    }
  );
}

/** What a person does about targets, the same for every runbook that reads Prometheus. */
export const REPAIR_TARGETS = [
  "Bring the scrape targets back",
  "low",
  "Open <prometheus>/targets: the error of each target says whether the process is down (connection refused), stuck (context deadline exceeded) or its /metrics page is wrong (content type, parse error). Run service-health for the process itself; when the target is not listed at all, compare service discovery and relabelling with `labels:` of the connection.",
] as const;

/** A plot; nothing where there is nothing to draw. */
export function plot(
  seen: prometheus.Plot | undefined,
  title: string,
  unit: "seconds" | "ratio",
  threshold: number,
): Evidence[] {
  const series = (seen?.lines ?? []).filter(({ points }) => points.some(([, value]) => value !== null));
  return series.length === 0 ? [] : [{ kind: "series", title, unit, series, threshold }];
}

/** `5 min`, `90 s`. */
export const sayWindow = (seconds: number): string =>
  seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;

/** Requests per second with the digits that matter. */
export const sayRate = (perSecond: number): string =>
  `${perSecond >= 10 ? Math.round(perSecond) : Number(perSecond.toPrecision(2))}/s`;
