import { count, type Evidence, type Finding, type prometheus, rows } from "../../src/sdk/index.ts";
import { scrapeErrorOf } from "./scrape-errors.ts";

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
  const isAll = down.length >= total;
  const causes = new Map(down.flatMap(({ lastError }) => causeIn(lastError)));
  const [cause] = causes.values();
  const isOne =
    cause !== undefined && causes.size === 1 && down.every(({ lastError }) => scrapeErrorOf(lastError));
  const doesAnswer = down.every(({ lastError }) => scrapeErrorOf(lastError)?.answers === true);
  const said = down[0]?.lastError === undefined ? "" : ` (${down[0].lastError})`;
  const why = isOne
    ? cause.because
    : "The process is down, or its metrics page fails or is refused; the error of each tells.";
  return (
    down.length > 0 && {
      id: "targets-down",
      ...(isAll ? { explains: ["no-data"] } : {}),
      // What answers may be well: only its measurement is known to be missing.
      severity: isAll && !doesAnswer ? "critical" : "warning",
      title: `${down.length} of ${count(total, "scrape target")} down${isOne ? ` (${cause.word})` : ""}: ${names.join(", ")}${down.length > 3 ? "…" : ""}`,
      because: `Prometheus cannot scrape ${down.length === 1 ? "it" : "them"}${said}. ${why} What these instances do is missing from the numbers.`,
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

const causeIn = (error: string | undefined): [string, NonNullable<ReturnType<typeof scrapeErrorOf>>][] => {
  const cause = scrapeErrorOf(error);
  return cause === undefined ? [] : [[cause.word, cause]];
};

/** What a person does about targets, the same for every runbook that reads Prometheus. */
export const REPAIR_TARGETS = ["Bring the scrape targets back", "low"] as const;

const UNKNOWN =
  "Open <prometheus>/targets: the error of each target says why. When a target is not listed at all, compare service discovery and relabelling with `labels:` of the connection.";

/** For each reason that targets are down what to do, with one of them as an example. */
export function sayRepairs(targets: prometheus.Targets | undefined): string {
  const down = targets?.down ?? [];
  const causes = new Map(
    down.flatMap(({ instance, lastError }) =>
      causeIn(lastError).map(([word, { next }]) => [word, `${instance} (${word}): ${next}`] as const),
    ),
  );
  return causes.size === 0 ? UNKNOWN : [...causes.values()].join("\n");
}

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
