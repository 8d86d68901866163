import type { ActionContext } from "../../core/words/action.ts";
import { closest } from "../../lib/closest.ts";
import type { PrometheusClient } from "./client.ts";
import { matchersOf, selector, seriesWith } from "./promql.ts";
import { labelsOf, namesOf } from "./window.ts";

/** Why there is no such series of this system, as far as the names tell. */
export interface Absence {
  /** Series of that name, but without the connection's labels. */
  elsewhere: boolean;
  /** A name this system has that may be the one that is meant. */
  near: string | null;
  /** What the metrics begin with that this system's targets do serve (`node_`), most first: whose page it is. */
  served?: string[];
}

/** What frameworks and proxies call the same things; those whose labels differ want `statusLabel` as well. */
const OTHER_NAMES: readonly (readonly string[])[] = [
  [
    ...["http_requests_total", "http_server_requests_total", "http_server_requests_seconds_count"],
    ...["http_server_request_duration_seconds_count", "http_server_duration_milliseconds_count"],
    ...["http_request_duration_seconds_count", "http_requests_received_total", "flask_http_request_total"],
    ...["starlette_requests_total", "django_http_responses_total_by_status_total", "rack_requests_total"],
    ...["istio_requests_total", "traefik_service_requests_total", "nginx_ingress_controller_requests"],
    ...[
      "envoy_cluster_upstream_rq_total",
      "haproxy_backend_http_responses_total",
      "caddy_http_requests_total",
    ],
  ],
  [
    ...[
      "http_request_duration_seconds",
      "http_server_requests_seconds",
      "http_server_request_duration_seconds",
    ],
    ...["http_server_duration_milliseconds", "http_requests_duration_seconds", "request_duration_seconds"],
    ...[
      "flask_http_request_duration_seconds",
      "starlette_request_duration_seconds",
      "istio_request_duration_milliseconds",
    ],
    ...["traefik_service_request_duration_seconds", "nginx_ingress_controller_request_duration_seconds"],
    ...["caddy_http_request_duration_seconds", "http_response_time_seconds"],
  ],
];

export async function absenceOf(
  client: PrometheusClient,
  metric: string,
  context: ActionContext,
): Promise<Absence> {
  const own = matchersOf(client.labels);
  const [labels, names] = await Promise.all([
    own.length === 0 ? [] : labelsOf(client, selector(metric, []), context),
    own.length === 0 ? [] : namesOf(client, seriesWith(own), context),
  ]);
  const plain = new Set(names.map((name) => name.replace(/_bucket$/, "")));
  const base = metric.replace(/_bucket$/, "");
  const known = OTHER_NAMES.find((group) => group.includes(base))?.find((name) => plain.has(name));
  const near = known ?? closest(base, [...plain]) ?? null;
  return { elsewhere: labels.length > 0, near, ...(near === null ? servedBy(names) : {}) };
}

/** Written by Prometheus itself for every target, whatever it serves; and the client libraries' own of any process. */
const OF_ANY = /^(?:up|scrape_.*|ALERTS.*|process_.*)$/;

/** A page that serves metrics, but not those of the system, may be another program's (trap prom-exporter-port). Pure. */
export function servedBy(names: readonly string[]): { served?: string[] } {
  const counts = new Map<string, number>();
  for (const name of names) {
    if (OF_ANY.test(name)) continue;
    const prefix = /^[a-zA-Z]+_/.exec(name)?.[0] ?? name;
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  const served = [...counts].toSorted((a, b) => b[1] - a[1]).map(([prefix]) => prefix.slice(0, 60));
  return served.length === 0 ? {} : { served: served.slice(0, 5) };
}

/** Samples of the metric's fullest series within the window: with one there is no rate yet. */
export async function samplesIn(
  client: PrometheusClient,
  metric: string,
  seconds: number,
  context: ActionContext,
): Promise<number> {
  const [most] = await client.instant(`max(count_over_time(${client.select(metric)}[${seconds}s]))`, context);
  return most?.value ?? 0;
}
