import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { closest } from "../../lib/closest.ts";
import type { PrometheusClient } from "./client.ts";
import { labelName, matchersOf, selector, seriesWith } from "./promql.ts";
import { labelsOf } from "./window.ts";

const Names = z.array(z.string());

/** Whether the label selector and the metric names of the connection match anything. */
export async function checkPrometheus(
  client: PrometheusClient,
  context: ActionContext,
): Promise<ConnectionCheck[]> {
  await client.instant("vector(1)", context);
  const labels = await checkLabels(client, context);
  const reach: ConnectionCheck = { name: "reach", state: "ok", detail: "answers queries" };
  // Without a series behind the labels every metric is missing, and it would be said again and again.
  const metrics = labels.some(({ state }) => state === "missing") ? [] : await checkMetrics(client, context);
  return [reach, ...labels, ...metrics];
}

const isThere = async (client: PrometheusClient, query: string, context: ActionContext): Promise<boolean> =>
  (await client.instant(`count(${query})`, context)).length > 0;

async function checkLabels(client: PrometheusClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const { labels } = client;
  const pairs = Object.entries(labels);
  const written = pairs.map(([label, value]) => `${label}: ${value}`).join(", ");
  if (pairs.length === 0)
    return [
      { name: "labels", state: "warning", detail: "no `labels:`: the figures are of everything it scrapes" },
    ];
  if (await isThere(client, selector("up", matchersOf(labels)), context))
    return [{ name: "labels", state: "ok", detail: `{ ${written} } selects targets` }];
  const wrong: ConnectionCheck[] = [];
  for (const [label, value] of pairs) {
    const values = await valuesOf(client, label, [], context);
    if (!values.includes(value)) wrong.push(noSuch(label, value, values));
  }
  if (wrong.length > 0) return wrong;
  // Metrics without a target of ours (pushed, recorded, remote-written) have no `up`.
  if (await isThere(client, client.select(client.metrics.requests), context))
    return [{ name: "labels", state: "ok", detail: `{ ${written} } selects series, but no target` }];
  return [
    {
      name: "labels",
      state: "missing",
      detail: `each of { ${written} } is there, but nothing has all of them`,
      fix: "correct `labels:` of the connection in diagbot.yaml",
    },
  ];
}

function noSuch(label: string, value: string, values: readonly string[]): ConnectionCheck {
  const near = closest(value, [...values]);
  const there =
    values.length === 0 ? "no series has this label" : `there are: ${values.slice(0, 20).join(", ")}`;
  return {
    name: "labels",
    state: "missing",
    detail: `nothing has ${label}="${value}"`,
    fix: `correct \`labels:\` of the connection in diagbot.yaml${near === undefined ? "" : `; did you mean ${near}?`} (${there})`,
  };
}

async function checkMetrics(client: PrometheusClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const { requests, duration, statusLabel } = client.metrics;
  const found: ConnectionCheck[] = [];
  for (const [key, metric] of [
    ["requests", requests],
    ["duration", `${duration}_bucket`],
  ] as const)
    if (
      !(await isThere(client, client.select(metric), context)) &&
      // A native histogram has no series of buckets.
      (key !== "duration" || (await labelsOf(client, client.select(duration), context)).length === 0)
    )
      found.push(await noMetric(client, key, metric, context));
  if (found.every(({ detail }) => !detail.includes(requests))) {
    const statuses = `count by (${labelName(statusLabel)}) (${client.select(requests)})`;
    const seen = await client.instant(statuses, context);
    if (seen.every(({ labels }) => (labels[statusLabel] ?? "") === ""))
      found.push({
        name: "metrics",
        state: "warning",
        detail: `${requests} has no label ${statusLabel}: errors cannot be told from successes`,
        fix: "set `metrics: { statusLabel: … }` of the connection in diagbot.yaml",
      });
  }
  return found.length > 0 ? found : [{ name: "metrics", state: "ok", detail: `${requests}, ${duration}` }];
}

async function noMetric(
  client: PrometheusClient,
  key: string,
  metric: string,
  context: ActionContext,
): Promise<ConnectionCheck> {
  const own = Object.keys(client.labels).length === 0 ? [] : [seriesWith(matchersOf(client.labels))];
  const near = closest(metric, await valuesOf(client, "__name__", own, context));
  return {
    name: "metrics",
    state: "warning",
    detail: `there is no ${metric} of this system: runbooks that need it cannot tell`,
    fix: `set \`metrics: { ${key}: … }\` of the connection in diagbot.yaml${near === undefined ? "" : `; did you mean ${near}?`}`,
  };
}

const valuesOf = async (
  client: PrometheusClient,
  label: string,
  match: readonly string[],
  context: ActionContext,
): Promise<string[]> => {
  const params = match.map((one): [string, string] => ["match[]", one]);
  const data = await client.get(`label/${labelName(label)}/values`, params, context);
  return Names.catch([]).parse(data);
};
