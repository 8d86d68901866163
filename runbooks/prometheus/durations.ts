import {
  count,
  type Evidence,
  type Finding,
  facts,
  prometheus,
  rows,
  saySeconds,
} from "../../src/sdk/index.ts";
import { sayRate, sayWindow } from "./targets.ts";
import { sayAbsence } from "./trust.ts";

export type Measured = Extract<prometheus.Latency, { state: "measured" }>;
type Verdict = ReturnType<typeof prometheus.verdictOn>;

/** With fewer requests in the window a quantile is chance. */
export const ENOUGH = 20;

/** Measured, and by counters that count. */
export const isJudged = (latency: prometheus.Latency): latency is Measured =>
  latency.state === "measured" && !prometheus.areMixed(latency.counters);

/** Where the bounds lie further apart than this, a number between them says more than is known. */
const NARROW = 1.5;

const isNarrow = ({ from, to }: prometheus.Quantile): boolean =>
  to !== null && from > 0 && to / from <= NARROW;

export function verdictOf({ buckets, mean, p95 }: Measured, limit: number): Verdict {
  if (isNarrow(p95)) return p95.guess > limit ? "over" : "within";
  return prometheus.verdictOn(0.95, limit, buckets, mean);
}

/** As much as the buckets tell: a number where they are narrow, otherwise between what it lies. */
export function sayQuantile(quantile: prometheus.Quantile): string {
  const { from, to, guess } = quantile;
  if (to === null) return `at least ${saySeconds(from)}`;
  if (from === 0) return `below ${saySeconds(to)}`;
  return isNarrow(quantile) ? saySeconds(guess) : `between ${saySeconds(from)} and ${saySeconds(to)}`;
}

/** Grave only where it is certain, and of the whole. */
export function severityOf(
  { p95, p50, notSeen }: Measured,
  limit: number,
  verdict: Verdict,
): "warning" | "critical" {
  const isFar =
    (isNarrow(p95) ? p95.guess : p95.from) >= 2 * limit || (isNarrow(p50) ? p50.guess : p50.from) >= limit;
  return verdict === "over" && notSeen === undefined && isFar ? "critical" : "warning";
}

const sayMean = ({ mean }: Measured): string => (mean === null ? "" : ` The mean is ${saySeconds(mean)}.`);

export const sayCertainty = (latency: Measured, limit: number, verdict: Verdict): string =>
  verdict === "over"
    ? `5 % of the requests of the last ${sayWindow(latency.windowSeconds)} took longer than ${saySeconds(isNarrow(latency.p95) ? latency.p95.guess : Math.max(limit, latency.p95.from))}`
    : `The limit lies between two bounds of the histogram, so it cannot tell on which side p95 is; spread evenly it would be ${saySeconds(latency.p95.guess)}.${sayMean(latency)} All of the last ${sayWindow(latency.windowSeconds)}`;

/** The bucket that p95 falls into reaches beyond the limit: only the mean tells that it is within. */
export const isCoarse = (p95: prometheus.Quantile, limit: number): boolean =>
  !isNarrow(p95) && (p95.to === null || p95.to > limit);

export const tooCoarse = (
  latency: Measured,
  limit: number,
  evidence: readonly Evidence[],
): Finding<"fixMetrics"> => ({
  id: "buckets-too-coarse",
  severity: "info",
  title: `p95 is ${sayQuantile(latency.p95)}, which is all the buckets say; the mean is ${saySeconds(latency.mean ?? 0)}`,
  because: `With that mean 5 % of the requests cannot have taken longer than the limit of ${saySeconds(limit)}. A quantile drawn from these buckets (${saySeconds(latency.p95.guess)}) is a guess: an alert on it fires or stays silent whatever happens.`,
  evidence,
  remedies: ["fixMetrics"],
});

/** Nobody waits a quarter of an hour for an answer: a histogram with such a bound, in which most fall beyond 10, counts milliseconds. */
const LONG_BOUND = 1000;
const LONG_WAIT = 10;

/** Its figures are of seconds only by the metric's name. */
export const mayBeMilliseconds = ({ isNative, buckets, p50, mean }: Measured): boolean =>
  !isNative &&
  buckets.some(({ from }) => from >= LONG_BOUND) &&
  (p50.from >= LONG_WAIT || (mean ?? 0) >= LONG_WAIT);

export const unitUnclear = (latency: Measured, evidence: readonly Evidence[]): Finding<"fixMetrics"> => {
  const { from, to, guess } = latency.p95;
  const inMilliseconds = sayQuantile({
    from: from / 1000,
    to: to === null ? null : to / 1000,
    guess: guess / 1000,
  });
  return {
    id: "unit-unclear",
    severity: "warning",
    title: `p95 is ${sayQuantile(latency.p95)}, or ${inMilliseconds} if ${latency.metric} counts milliseconds`,
    because:
      "By its name it counts seconds, by its bounds milliseconds: they reach beyond 1000, and most requests fall where nobody would have waited. Nothing is judged before that is clear; to tell them apart: time one request by hand.",
    evidence,
    remedies: ["fixMetrics"],
  };
};

export const tooShort = (latency: Measured, limit: number): Finding<"fixMetrics"> => ({
  id: "buckets-too-short",
  severity: "warning",
  title:
    latency.p95.from === 0
      ? "p95 cannot be measured: there is no bucket but the one that takes everything (+Inf)"
      : `p95 is beyond the largest bucket (${saySeconds(latency.p95.from)}) and cannot be measured`,
  because:
    latency.p95.from === 0
      ? `${latency.metric} has no finite bucket, so nothing of how long requests take can be told from it but the mean: its bounds were dropped on the way (a relabelling of \`le\`), or never given.${sayMean(latency)}`
      : `More than 5 % of the requests are slower than the largest finite bucket of ${latency.metric}; the limit of ${saySeconds(limit)} lies above it, so an alert on it can never fire.${sayMean(latency)}`,
  remedies: ["fixMetrics"],
});

export function fewRequests(
  latency: Measured,
  limit: number,
  evidence: readonly Evidence[],
): Finding<"findCause"> {
  const requests = Math.max(1, Math.round(latency.perSecond * latency.windowSeconds));
  return {
    id: "few-requests",
    severity: "info",
    title: `p95 is ${sayQuantile(latency.p95)} (limit ${saySeconds(limit)}), but of about ${count(requests, "request")} in ${sayWindow(latency.windowSeconds)} only`,
    because: `Below ${ENOUGH} requests one slow answer weighs too much to judge.`,
    evidence,
    remedies: ["findCause"],
  };
}

export function noData(
  value: Exclude<prometheus.Latency, Measured>,
): Finding<"fixMetrics" | "repairTargets"> {
  if (value.state === "no-data" && value.samples === 1)
    return {
      id: "no-data",
      severity: "info",
      title: `No data yet: ${value.metric} has been seen once within ${sayWindow(value.windowSeconds)}`,
      because: "A rate needs two samples of a series. Ask again after the next scrapes.",
    };
  if (value.state === "no-data")
    return {
      id: "no-data",
      severity: "info",
      title: `No data: no requests in the last ${sayWindow(value.windowSeconds)}`,
      because: `${value.metric} is there but ${value.samples === 0 ? "has no samples any more" : "does not move"}: nothing was measured, which is not the same as fast.`,
      remedies: ["repairTargets"],
    };
  return {
    id: "no-data",
    severity: "info",
    title: `No data: Prometheus has no histogram ${value.metric} of this system`,
    because: value.isSummary
      ? `${value.metric} exists, but as a summary without buckets.`
      : sayAbsence(value, "that is unknown, not fast"),
    remedies: ["fixMetrics"],
  };
}

export const numbers = ({
  p50,
  p95,
  p99,
  mean,
  perSecond,
  isNative,
  routes,
  routeLabel,
}: Measured): Evidence[] => [
  facts({
    p50: sayQuantile(p50),
    p95: sayQuantile(p95),
    p99: sayQuantile(p99),
    ...(mean === null ? {} : { mean: saySeconds(mean) }),
    requests: sayRate(perSecond),
    histogram: isNative ? "native" : "classic",
  }),
  ...(routes.length === 0
    ? []
    : [
        rows("Slowest routes", routes, {
          [routeLabel ?? "route"]: (one) => one.name,
          p95: (one) => sayQuantile(one.p95),
          requests: (one) => sayRate(one.perSecond),
        }),
      ]),
];
