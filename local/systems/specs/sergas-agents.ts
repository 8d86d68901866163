import { leakedSessions } from "../faults.ts";
import { IN_METRICS_SECONDS, patchFault } from "../patch-fault.ts";
import { requestMetrics, trafficState } from "../service/common.ts";
import type { Metric, Route, ServiceSpec, State } from "../service/spec.ts";
import { numberOf } from "../service/state.ts";
import { health, html, listed, page, setting } from "../service/words.ts";
import type { SystemSpec } from "../spec.ts";
import { manifest, run } from "./sergas-agents-programs.ts";

const ADMIN_KEY = "demo-admin-key-of-agents";

const breaker = (state: string): State => ({
  state,
  failures: 0,
  errorRate: 0,
  secondsUntilRetry: 0,
  threshold: 5,
  replica: "api-server-0",
});

const state: State = {
  ...trafficState,
  health: { database: "ok", redis: "ok", queue: "ok" },
  breakers: { zoho: breaker("closed"), mail: breaker("closed") },
  upstreams: { zoho: { status: "ok" }, mail: { status: "ok" } },
  fallbacks: { zoho: { strategy: "none", ttlSeconds: 0 }, mail: { strategy: "none", ttlSeconds: 0 } },
  pool: { min: 5, max: 20, server: { free: 60 } },
  queue: {
    depth: 4,
    maxSize: 1000,
    utilization: 0.004,
    workers: 6,
    failedLastHour: 0,
    backpressure: "off",
  },
  logLevel: { level: "info" },
  statusPage: { status: "operational" },
  maintenance: { state: "off" },
  files: { open: 140 },
  cpu: { throttled: 0.01 },
  cache: {
    warmed: "2026-01-01T00:00:00Z",
    large: 2,
    ttls: { "users:": 3600, "documents:": 3600, "answers:": 600 },
  },
  apis: {
    external_api: { timeout: 10, caching: "off" },
    zoho: { timeout: 10, caching: "off" },
    mail: { timeout: 10, caching: "off" },
  },
};

/** A breaker that may try again does; the other side answers, so it closes. */
const reset: Route = {
  on: "POST /admin/breakers/{name}/reset",
  answer: ({ params: { name = "" } }) => ({ body: {}, set: { breakers: { [name]: breaker("closed") } } }),
};

const service: ServiceSpec = {
  state,
  metricsOn: "api",
  metrics: [
    ...requestMetrics("http_requests_total", "http_request_duration_seconds"),
    {
      name: "process_open_fds",
      labels: { pod: "api-server-0" },
      type: "gauge",
      value: (now) => numberOf(now, "files", "open"),
    },
    { name: "process_max_fds", labels: { pod: "api-server-0" }, type: "gauge", value: 1024 },
    {
      name: "container_memory_working_set_bytes",
      labels: { namespace: "production", container: "api-server", pod: "api-server-0" },
      type: "gauge",
      value: 610_000_000,
    },
    ...["container_cpu_cfs_periods_total", "container_cpu_cfs_throttled_periods_total"].map(
      (name, index): Metric => ({
        name,
        labels: { namespace: "production", container: "api-server", pod: "api-server-0" },
        type: "counter",
        perSecond: (now) => 10 * (index === 0 ? 1 : numberOf(now, "cpu", "throttled")),
      }),
    ),
  ],
  faces: {
    api: { connections: ["api"], routes: [health("/health", "database", "redis", "queue")] },
    downstream: { connections: ["downstream"], routes: [page("/health", { status: "ok" })] },
    jaeger: { connections: ["jaeger"], routes: [html("/", "<html><title>Jaeger UI</title></html>")] },
    admin: {
      connections: ["admin"],
      key: { header: "x-admin-key", value: ADMIN_KEY },
      routes: [
        page("/health", { status: "ok" }),
        listed("/admin/breakers", "breakers", "breakers"),
        ...setting("/admin/breakers/{name}", ["breakers", "{name}"]),
        reset,
        ...setting("/admin/upstreams/{name}", ["upstreams", "{name}"]),
        // Answers come from the cache: nobody calls the other side, and its breaker may try again.
        ...setting("/admin/fallbacks/{name}", ["fallbacks", "{name}"], ({ strategy }, { name = "" }) =>
          strategy === "cached_fallback" ? { breakers: { [name]: { state: "half-open", failures: 0 } } } : {},
        ),
        ...setting("/admin/pool", ["pool"]),
        // New work is turned away, and the workers get through with what waits.
        ...setting("/admin/queue", ["queue"], ({ backpressure }) =>
          backpressure === "on" ? { queue: { depth: 12, utilization: 0.012 } } : {},
        ),
        ...setting("/admin/log-level", ["logLevel"]),
        ...setting("/admin/status-page", ["statusPage"]),
        ...setting("/admin/maintenance", ["maintenance"]),
      ],
    },
  },
  programs: { "/opt/sergas-agents/bin/run": run, "/opt/sergas-agents/bin/manifest": manifest },
};

/** Sergas Agents: an API server and workers with an admin API. */
export const sergasAgents: SystemSpec = {
  id: "sergas-agents",
  title: "Sergas Agents",
  about: "an API server and workers with an admin API: breakers, pool, queue, maintenance",
  service,
  env: { AGENTS_ADMIN_KEY: ADMIN_KEY, PAGERDUTY_KEY: "unused" },
  files: {},
  tables:
    "CREATE TABLE error_logs (error_type text NOT NULL, endpoint text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())",
  real: [],
  keys: [],
  writes: ["set-maintenance state=on", "set-pool min=10 max=40", "set-log-level level=debug ttl=15m"],
  faults: [
    patchFault({
      id: "breaker-open",
      title: "Open a circuit breaker",
      description:
        "Calls of Zoho failed again and again: its breaker is open, and every call is refused at once.",
      runbook: "open-breakers",
      expects: { finding: "state-equals", remedy: "do-state-equals" },
      alert: { alertname: "CircuitBreakerOpen", severity: "critical", summary: "A circuit breaker is open" },
      patch: { breakers: { zoho: { state: "open", failures: 14, errorRate: 0.82, secondsUntilRetry: 45 } } },
    }),
    patchFault({
      id: "queue-full",
      title: "Fill the work queue",
      description: "A batch puts more work into the queue than the workers get through with.",
      runbook: "work-queue",
      expects: { finding: "share-above", remedy: "do-share-above" },
      alert: { alertname: "QueueDepth", severity: "critical", summary: "The work queue is nearly full" },
      patch: { queue: { depth: 930, utilization: 0.93 } },
    }),
    patchFault({
      id: "files-leak",
      title: "Leak file handles",
      description: "A client opens sockets and never closes them: 93 % of the handles are taken.",
      runbook: "open-files",
      expects: { finding: "value-above", remedy: "advice-value-above", advice: true },
      alert: {
        alertname: "OpenFiles",
        severity: "warning",
        summary: "File handles run out",
        forSeconds: IN_METRICS_SECONDS,
      },
      patch: { files: { open: 955 } },
    }),
    patchFault({
      id: "jaeger-moved",
      title: "Put another page where Jaeger was",
      description: "The address of Jaeger leads to another page.",
      runbook: "resource-links",
      expects: { finding: "page-equals", remedy: undefined },
      alert: { alertname: "LinkMoved", severity: "warning", summary: "A link leads astray" },
      patch: { troubles: { "jaeger /": { status: 200, type: "text/html", body: "<html>It works</html>" } } },
    }),
    leakedSessions("PoolExhausted"),
  ],
};
