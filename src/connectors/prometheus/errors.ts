import type { ActionContext } from "../../core/words/action.ts";
import { type Absence, absenceOf, samplesIn } from "./absence.ts";
import type { PrometheusClient } from "./client.ts";
import { type Counters, countersOf } from "./counters.ts";
import { firstOf } from "./first-errors.ts";
import { labelName, perSecond } from "./promql.ts";
import { labelsOf, lastHour, linesOf, routeLabelOf, windowSeconds } from "./window.ts";

const TOP = 10;
/** `5..` also fits the grouped spelling `5xx`. */
const SERVER_ERRORS = "5..";
const HTTP_STATUS = /^[1-5](\d\d|xx)$/i;
const failing = (label: string) => ({ label, op: "=~", value: SERVER_ERRORS }) as const;

/** Requests and server errors per second, and the ratio of the two; `ratio` null: nothing was requested. */
export interface Share {
  readonly name: string;
  readonly total: number;
  readonly errors: number;
  readonly ratio: number | null;
}

/** Numbers, or why there are none: an empty answer is not "no errors" (trap prom-empty-is-unknown). */
export type Errors =
  | ({ state: "absent"; metric: string } & Absence)
  /** The label is there, but what it holds is no HTTP status: which of these are failures is not ours to guess. */
  | {
      state: "status-words";
      metric: string;
      windowSeconds: number;
      statusLabel: string;
      values: { name: string; perSecond: number }[];
    }
  | { state: "no-status-label"; metric: string; statusLabel: string; labels: string[] }
  | { state: "no-data"; metric: string; windowSeconds: number; samples: number }
  | ({ state: "measured"; metric: string; windowSeconds: number } & Measured);

interface Measured {
  total: Share;
  /** Server errors of the first moment of a series, which a rate never sees; part of the total. */
  firstErrors: number;
  /** Requests per second whose status is no HTTP status. */
  unreadable: number;
  counters: Counters;
  classes: { name: string; perSecond: number }[];
  routeLabel?: string;
  routes: Share[];
  instances: Share[];
}

/** Ratio of server errors over all requests, and where they come from (trap prom-rate-not-ratio). */
export async function errorsOf(
  client: PrometheusClient,
  minutes: number,
  context: ActionContext,
): Promise<Errors> {
  const metric = client.metrics.requests;
  const status = labelName(client.metrics.statusLabel);
  const labels = await labelsOf(client, client.select(metric), context);
  if (labels.length === 0) return { state: "absent", metric, ...(await absenceOf(client, metric, context)) };
  if (!labels.includes(status))
    return {
      state: "no-status-label",
      metric,
      statusLabel: status,
      labels: labels.filter((name) => name !== "__name__").slice(0, 30),
    };
  const seconds = await windowSeconds(client, minutes, context);
  const rates = await client.instant(perSecond(client.select(metric), seconds, [status]), context);
  const byStatus = rates.filter(({ value }) => Number.isFinite(value));
  if (byStatus.length === 0)
    return {
      state: "no-data",
      metric,
      windowSeconds: seconds,
      samples: await samplesIn(client, metric, seconds, context),
    };
  const statuses = byStatus.map(({ labels: own, value }) => [own[status] ?? "", value] as const);
  const sum = (wanted: (code: string) => boolean) =>
    statuses.reduce((all, [code, value]) => (wanted(code) ? all + value : all), 0);
  const unreadable = sum((code) => !HTTP_STATUS.test(code));
  if (statuses.every(([code]) => !HTTP_STATUS.test(code)))
    return {
      ...{ state: "status-words", metric, windowSeconds: seconds, statusLabel: status },
      values: statuses
        .map(([name, value]) => ({ name: name.slice(0, 60) || "(none)", perSecond: value }))
        .sort((a, b) => b.perSecond - a.perSecond)
        .slice(0, 20),
    };
  const firstErrors = await firstOf(client, client.select(metric, [failing(status)]), seconds, context);
  const routeLabel = routeLabelOf(labels);
  const [routes, instances] = await Promise.all([
    routeLabel === undefined ? [] : topBy(client, routeLabel, seconds, context),
    labels.includes("instance") ? topBy(client, "instance", seconds, context) : [],
  ]);
  return {
    state: "measured",
    metric,
    windowSeconds: seconds,
    total: share(
      "all",
      sum(() => true) + firstErrors / seconds,
      sum((code) => /^5..$/.test(code)) + firstErrors / seconds,
    ),
    firstErrors,
    unreadable,
    counters: await countersOf(client, metric, context),
    classes: classesOf(statuses),
    ...(routeLabel === undefined ? {} : { routeLabel }),
    routes,
    instances,
  };
}

/** Share of each status class in all requests over the last hour, for a plot. */
export async function errorLines(client: PrometheusClient, minutes: number, context: ActionContext) {
  const metric = client.metrics.requests;
  const status = labelName(client.metrics.statusLabel);
  const span = lastHour();
  const seconds = await windowSeconds(client, minutes, context);
  const all = perSecond(client.select(metric), seconds);
  const classes = ["5", "4"].map(async (digit) => {
    const some = client.select(metric, [{ label: status, op: "=~", value: `${digit}..` }]);
    const series = await client.range(`${perSecond(some, seconds)} / ${all}`, span, context);
    return linesOf(series, span, () => `${digit}xx`);
  });
  return (await Promise.all(classes)).flat();
}

async function topBy(
  client: PrometheusClient,
  label: string,
  seconds: number,
  context: ActionContext,
): Promise<Share[]> {
  const { requests, statusLabel } = client.metrics;
  const failed5xx = client.select(requests, [failing(statusLabel)]);
  const errors = `topk(${TOP}, ${perSecond(failed5xx, seconds, [label])} > 0)`;
  // The totals of the failing ones only: a system may have thousands of routes.
  const totals = `${perSecond(client.select(requests), seconds, [label])} and on (${label}) ${errors}`;
  const [failed, all] = await Promise.all([client.instant(errors, context), client.instant(totals, context)]);
  const totalOf = new Map(all.map(({ labels, value }) => [labels[label] ?? "", value]));
  return failed
    .map(({ labels, value }) => share(labels[label] ?? "", totalOf.get(labels[label] ?? "") ?? value, value))
    .sort((a, b) => b.errors - a.errors);
}

const share = (name: string, total: number, errors: number): Share => ({
  name: name === "" ? "(none)" : name.slice(0, 120),
  total,
  errors,
  ratio: total > 0 ? errors / total : null,
});

function classesOf(statuses: readonly (readonly [string, number])[]): Measured["classes"] {
  const sums = new Map<string, number>();
  for (const [code, value] of statuses) {
    const name = /^[1-5]..$/.test(code) ? `${code[0]}xx` : "other";
    sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return [...sums]
    .map(([name, rate]) => ({ name, perSecond: rate }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
