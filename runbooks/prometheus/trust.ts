import { count, type Finding, facts, type prometheus } from "../../src/sdk/index.ts";

type Counters = Extract<prometheus.ErrorRatio, { state: "measured" }>["counters"];

/** Rates of counters that fall without a restart are made up: nothing that rests on them is said. */
export function mixedCounters(metric: string, counters: Counters): Finding<"separateWorkers"> {
  const { resets, samples, restarts, startFalls } = counters;
  const restarted =
    restarts === null
      ? "and the process does not say when it started"
      : startFalls > 0
        ? `and the start time itself falls (${count(startFalls, "time")}), which it never does in one process`
        : `and the process restarted ${count(restarts, "time")} only`;
  const cause =
    restarts === null
      ? "Either several processes answer behind one address, each with counters of its own, or the process restarts all the time; to tell them apart, compare `process_start_time_seconds` or the service's uptime."
      : "Several processes answer behind one address, each with counters of its own (workers of one server, or a load balancer before several).";
  return {
    id: "counters-fall",
    severity: "warning",
    title: `Rates of ${metric} cannot be trusted: the counter falls at ${resets} of ${samples} scrapes`,
    because: `Within 15 min it fell ${count(resets, "time")} ${restarted}. ${cause} Every fall is counted as traffic that nobody sent, so no ratio, rate or quantile of it means anything.`,
    evidence: [
      facts({ falls: resets, samples, restarts: restarts ?? "unknown", "start time falls": startFalls }),
    ],
    remedies: ["separateWorkers"],
  };
}

export const SEPARATE_WORKERS = [
  "Let one scrape see one process",
  "low",
  "Python (gunicorn, uvicorn workers): the multiprocess mode of prometheus_client (`PROMETHEUS_MULTIPROC_DIR`), emptied at every start. Node cluster: AggregatorRegistry. PHP, Ruby: a shared store (APCu, Redis, DirectFileStore). Behind a load balancer: scrape each instance (service discovery), never the balancer's address. See it by hand: `curl` the metrics page five times; the same counter must not fall.",
] as const;

/** Numbers of a part of the data are said to be so before anything that rests on them. */
export function partialAnswer(notSeen: prometheus.Latency["notSeen"]): Finding<never> | undefined {
  const [first] = notSeen ?? [];
  return (
    first && {
      id: "partial-answer",
      severity: "warning",
      title: "Prometheus answered in part only: the numbers are of what answered",
      because: `${first.why}. What is missing may be the part that fails or is slow, or the part that does not; nothing below is of the whole.`,
    }
  );
}

interface Absent {
  readonly elsewhere: boolean;
  readonly near: string | null;
  readonly served?: readonly string[] | undefined;
}

/**
 * Everything is counted under one route: either there is one only, or the label is fixed in the code (trap
 * prom-hardcoded-labels). Nothing is concluded from it.
 */
export const sayOneRoute = (name: string, label = "route"): string =>
  `All requests are counted under one ${label}, ${name}: either there is no other, or the label is a fixed text in the code, and figures by ${label} mean nothing; the application's log tells.`;

/** Why a metric of that name is not there, and what to look for. */
export function sayAbsence({ elsewhere, near, served = [] }: Absent, unknown: string): string {
  const page =
    served.length === 0
      ? ""
      : ` What is scraped under these labels has other metrics (${served.map((prefix) => `${prefix}…`).join(", ")}): either the page at that port is another program's, or the application counts nothing of its own there; its address in <prometheus>/targets tells.`;
  const other = near === null ? page : ` Did you mean ${near}? This system has that.`;
  return elsewhere
    ? `Series of that name exist, but not with the \`labels:\` of the connection: they select another job, or the label is spelt differently.${other}`
    : `Nothing of that name was scraped within the last hour: ${unknown}.${other}`;
}
