import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import type { PrometheusClient } from "./client.ts";
import { whole } from "./partial.ts";
import { type Matcher, selector } from "./promql.ts";

const { read } = actionsOn<PrometheusClient>("prometheus");
const MOST = 60;
const BY = "namespace, pod, container";

const Throttled = z.object({
  namespace: z.string(),
  pod: z.string(),
  container: z.string(),
  /** Share (0..1) of the scheduler's periods with work in which it was stopped by its quota. */
  ratio: z.number(),
  /** Periods with work within the window: of few a share says little. */
  periods: z.number(),
  /** Cores used on average; null: not scraped. */
  cores: z.number().nullable(),
});
export type Throttled = z.output<typeof Throttled>;

const Output = z.object({
  minutes: z.int(),
  /** Containers with a CPU quota that Prometheus knows; those that are stopped most come first. */
  known: z.int(),
  containers: z.array(Throttled).max(MOST),
  notSeen,
});

export type Throttling = z.output<typeof Output>;

/**
 * How often containers are stopped by their CPU limit (trap k8s-top-not-throttle: use says nothing of it): cAdvisor's counters, by
 * difference over the window, in these namespaces. The connection's own labels are the application's and do not count here.
 * sergas-agents.insufficient-resources.
 */
export const throttling = read({
  name: "prometheus.throttling",
  title: "Measures how often containers are stopped by their CPU limit",
  timeoutSeconds: 20,
  input: z.strictObject({
    namespaces: z.array(z.string().min(1).max(63)).min(1).max(21),
    minutes: z.int().min(2).max(120).default(15),
  }),
  output: Output,
  run: (client, asked, context) => whole(client, (one) => look(one, asked, context)),
});

async function look(
  client: PrometheusClient,
  { namespaces, minutes }: { namespaces: readonly string[]; minutes: number },
  context: ActionContext,
): Promise<z.input<typeof Output>> {
  const of: Matcher[] = [
    { label: "namespace", op: "=~", value: namespaces.map(literally).join("|") },
    { label: "container", op: "!=", value: "" },
  ];
  const grown = (metric: string) => `sum by (${BY}) (increase(${selector(metric, of)}[${minutes * 60}s]))`;
  const [periods, stopped, used] = await Promise.all([
    client.instant(grown("container_cpu_cfs_periods_total"), context),
    client.instant(grown("container_cpu_cfs_throttled_periods_total"), context),
    client.instant(grown("container_cpu_usage_seconds_total"), context),
  ]);
  const stoppedBy = new Map(stopped.map((one) => [keyOf(one.labels), one.value]));
  const usedBy = new Map(used.map((one) => [keyOf(one.labels), one.value / (minutes * 60)]));
  const containers = periods
    .filter(({ value, labels }) => value > 0 && stoppedBy.has(keyOf(labels)))
    .map(({ labels, value }) => ({
      namespace: clip(labels.namespace ?? "", 63),
      pod: clip(labels.pod ?? "", 253),
      container: clip(labels.container ?? "", 63),
      ratio: Math.min(1, (stoppedBy.get(keyOf(labels)) ?? 0) / value),
      periods: Math.round(value),
      cores: usedBy.get(keyOf(labels)) ?? null,
    }))
    .sort((a, b) => b.ratio - a.ratio);
  // Only a container with a limit has periods; use it has without one.
  const isScraped = used.length > 0 || periods.length > 0;
  return {
    minutes,
    known: containers.length,
    containers: containers.slice(0, MOST),
    ...(isScraped
      ? {}
      : {
          notSeen: [
            {
              what: `CPU throttling of the containers in ${namespaces.join(", ")}`.slice(0, 300),
              why: "this Prometheus has neither container_cpu_usage_seconds_total nor container_cpu_cfs_periods_total of them",
              fix: "scrape the kubelets' /metrics/cadvisor, and do not drop these names",
            },
          ],
        }),
  };
}

/** Names of Kubernetes hold letters, digits, dashes and dots. */
const literally = (name: string): string => name.replace(/[^A-Za-z0-9_-]/g, (one) => `\\${one}`);

const keyOf = ({ namespace = "", pod = "", container = "" }: Readonly<Record<string, string>>): string =>
  `${namespace}/${pod}/${container}`;
