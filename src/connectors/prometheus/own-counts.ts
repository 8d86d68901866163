import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import type { Labels, PrometheusClient, Sample, Series } from "./client.ts";

/** What is lost or fails, as Prometheus counts it of itself. */
const COUNTED = [
  "prometheus_notifications_dropped_total",
  "prometheus_notifications_errors_total",
  "prometheus_rule_group_iterations_missed_total",
  "prometheus_remote_storage_samples_failed_total",
  "prometheus_remote_storage_samples_dropped_total",
  "prometheus_target_scrapes_sample_out_of_order_total",
  "prometheus_target_scrapes_sample_duplicate_timestamp_total",
  "prometheus_target_scrapes_sample_out_of_bounds_total",
  "prometheus_tsdb_wal_corruptions_total",
  "prometheus_tsdb_compactions_failed_total",
] as const;

export const Count = z.object({
  name: z.enum(COUNTED),
  instance: z.string(),
  /** What tells it apart from others of the name: the rule group, the receiver. */
  of: z.string(),
  /** Within the window. */
  increase: z.number(),
  /** Of it within the last quarter of the window. */
  recent: z.number(),
});
export type Count = z.output<typeof Count>;

/** A queue of remote write. */
export const Queue = z.object({
  instance: z.string(),
  to: z.string(),
  pending: z.number(),
  shards: z.number(),
  mostShards: z.number(),
  /** Samples that were sent again, since it started: the other side refused or did not answer. */
  retried: z.number(),
  /** Seconds that what was sent last is older than the newest sample; null: nothing was sent yet, or it does not say. */
  behindSeconds: z.number().nullable(),
});
export type Queue = z.output<typeof Queue>;

/** Points that a window is looked at in. */
const POINTS = 60;

/**
 * Counters that rose within the window. What was counted before its first sample there is not of the window: while it starts,
 * Prometheus drops alerts, for it does not know anybody to tell yet; the same after each fall. Null: no Prometheus' own metrics are there.
 */
export async function countsOf(
  client: PrometheusClient,
  seconds: number,
  context: ActionContext,
): Promise<Count[] | null> {
  const end = Date.now() / 1000;
  const span = { start: end - seconds, end, step: Math.max(1, Math.ceil(seconds / POINTS)) };
  const series = await client.range(`{__name__=~"${COUNTED.join("|")}"}`, span, context);
  if (series.length === 0) return null;
  const known = firstSeen(series);
  return series
    .flatMap(({ labels, points }) => {
      // A series that came later than others of its process began at nothing.
      const isLate = (points[0]?.[0] ?? 0) > (known.get(labels.instance ?? "") ?? Infinity);
      const values = [...(isLate ? [0] : []), ...points.map(([, value]) => value)];
      const recent = points.filter(([at]) => at >= end - seconds / 4).length;
      return countOf(labels, riseIn(values), riseIn(values.slice(-recent - 1)));
    })
    .toSorted((a, b) => b.increase - a.increase)
    .slice(0, 100);
}

/** When each Prometheus was first seen within the window. */
function firstSeen(series: readonly Series[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { labels, points } of series) {
    const instance = labels.instance ?? "";
    const at = points[0]?.[0] ?? Infinity;
    first.set(instance, Math.min(first.get(instance) ?? Infinity, at));
  }
  return first;
}

const riseIn = (values: readonly number[]): number =>
  values.reduce((sum, value, at) => sum + Math.max(0, value - (values[at - 1] ?? value)), 0);

function countOf(labels: Labels, increase: number, recent: number): Count[] {
  const name = COUNTED.find((one) => one === labels.__name__);
  if (name === undefined || !(increase > 0)) return [];
  const of = labels.rule_group?.split(";").at(-1) ?? hostIn(labels.alertmanager ?? labels.url ?? "");
  return [{ name, instance: clip(labels.instance ?? "", 100), of: clip(of, 100), increase, recent }];
}

/** A URL may hold credentials. */
const hostIn = (url: string): string => (URL.canParse(url) ? new URL(url).host : "");

const PART = {
  pending: "prometheus_remote_storage_samples_pending",
  shards: "prometheus_remote_storage_shards",
  mostShards: "prometheus_remote_storage_shards_max",
  retried: "prometheus_remote_storage_samples_retried_total",
  sent: "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
} as const;
const NEWEST = "prometheus_remote_storage_highest_timestamp_in_seconds";

/** Queues of remote write, as far as it scrapes itself; empty: it has none. */
export async function queuesOf(client: PrometheusClient, context: ActionContext): Promise<Queue[]> {
  const all = await client.instant(`{__name__=~"${[...Object.values(PART), NEWEST].join("|")}"}`, context);
  const newest = new Map(
    all
      .filter(({ labels }) => labels.__name__ === NEWEST)
      .map((one) => [one.labels.instance ?? "", one.value]),
  );
  const queues = new Map<string, Sample[]>();
  for (const one of all) {
    const { instance = "", remote_name: name = "", url = "" } = one.labels;
    if (one.labels.__name__ === NEWEST) continue;
    const key = JSON.stringify([instance, name, url]);
    queues.set(key, [...(queues.get(key) ?? []), one]);
  }
  return [...queues.values()].slice(0, 20).flatMap((samples) => queueOf(samples, newest));
}

function queueOf(samples: readonly Sample[], newest: ReadonlyMap<string, number>): Queue[] {
  const [first] = samples;
  const figureOf = (name: string) => samples.find(({ labels }) => labels.__name__ === name)?.value;
  if (first === undefined) return [];
  const { instance = "", url = "" } = first.labels;
  const last = newest.get(instance);
  const sent = figureOf(PART.sent) ?? 0;
  return [
    {
      instance: clip(instance, 100),
      to: clip(hostIn(url), 100),
      pending: figureOf(PART.pending) ?? 0,
      shards: figureOf(PART.shards) ?? 0,
      mostShards: figureOf(PART.mostShards) ?? 0,
      retried: figureOf(PART.retried) ?? 0,
      behindSeconds: last === undefined || sent <= 0 ? null : Math.max(0, last - sent),
    },
  ];
}
