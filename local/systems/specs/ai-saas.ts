import { redisNoeviction } from "../../faults/redis-noeviction.ts";
import { redisTooSmall } from "../../faults/redis-too-small.ts";
import { IN_METRICS_SECONDS, patchFault } from "../patch-fault.ts";
import { requestMetrics, trafficState, wordOf } from "../service/common.ts";
import type { Program, ServiceSpec, State } from "../service/spec.ts";
import { mapOf, numberOf } from "../service/state.ts";
import { health, page } from "../service/words.ts";
import type { SystemSpec } from "../spec.ts";

const state: State = {
  ...trafficState,
  health: { database: "ok", cache: "ok" },
  cache: { hits: 0.9 },
  users: { "4711": { used: 12, limit: 60, seconds_left: 41, refusedPerSecond: 0 } },
  settings: { REDIS_URL: "ok", MONGODB_URI: "ok", "agents.timeout": "ok" },
};

/** Who has made no request in the window is no row: exit code 2, as the guide's program says it. */
const rateLimit: Program = (args, now) => {
  const { used, limit, seconds_left } = mapOf(now, "users", wordOf(args, "--user") ?? "");
  if (used === undefined) return { code: 2 };
  return { out: { count: used, limit: limit ?? 0, seconds_left: seconds_left ?? 0 } };
};

const checkConfig: Program = (_args, now) => ({
  out: Object.entries(mapOf(now, "settings"))
    .map(([name, word]) => `${word} ${name}\n`)
    .join(""),
});

const service: ServiceSpec = {
  state,
  metricsOn: "api",
  metrics: [
    ...requestMetrics("http_requests_total", "http_request_duration_seconds"),
    {
      name: "http_requests_total",
      labels: { route: "/", method: "GET", status: "429", user: "4711" },
      type: "counter",
      perSecond: (now) => numberOf(now, "users", "4711", "refusedPerSecond"),
    },
    {
      name: "agent_requests_total",
      type: "counter",
      perSecond: (now) => numberOf(now, "traffic", "perSecond"),
    },
    {
      name: "agent_errors_total",
      type: "counter",
      perSecond: (now) => numberOf(now, "traffic", "perSecond") * numberOf(now, "traffic", "failing"),
    },
    { name: "custom_metric_total", type: "counter", perSecond: 1 },
    { name: "cache_hits_total", type: "counter", perSecond: (now) => 20 * numberOf(now, "cache", "hits") },
    {
      name: "cache_misses_total",
      type: "counter",
      perSecond: (now) => 20 * (1 - numberOf(now, "cache", "hits")),
    },
    { name: "redis_memory_used_bytes", type: "gauge", value: 210_000_000 },
    { name: "redis_memory_max_bytes", type: "gauge", value: 536_870_912 },
  ],
  faces: {
    api: { connections: ["api"], routes: [health("/health", "database", "cache")] },
    external: { connections: ["external"], routes: [page("/health", { status: "ok" })] },
  },
  programs: {
    "/opt/ai-saas/bin/rate-limit": rateLimit,
    "/opt/ai-saas/bin/check-config": checkConfig,
    "/opt/ai-saas/bin/deployed": () => ({
      out: {
        releases: [
          {
            revision: "9d1f0c2",
            deployed_at: "2026-01-01T08:00:00Z",
            author: "alice",
            subject: "Batch requests",
          },
        ],
      },
    }),
  },
};

/** An AI SaaS platform: an API with Redis as its cache. */
export const aiSaas: SystemSpec = {
  id: "ai-saas",
  title: "AI SaaS platform",
  about: "an API with Redis as its cache, and a service outside that it calls",
  service,
  env: {},
  files: { "/var/log/ai-saas/error.log": () => `${new Date().toISOString()} WARNING agents: retried once\n` },
  real: ["/usr/bin/ss"],
  keys: [{ key: "rate_limit:4711", value: "12", seconds: 3600 }],
  writes: [],
  faults: [
    patchFault({
      id: "metrics-as-json",
      title: "Send the metrics as JSON",
      description:
        "A route returns bytes, and the framework sends them as JSON: Prometheus refuses the page.",
      runbook: "metrics-exposed",
      expects: { finding: "type-lacks", remedy: "advice-type-lacks", advice: true },
      alert: { alertname: "MetricsRefused", severity: "critical", summary: "The page of metrics is refused" },
      patch: { troubles: { "api /metrics": { type: "application/json" } } },
    }),
    patchFault({
      id: "errors-uncounted",
      title: "Lose the counter of errors",
      description: "A release without agent_errors_total: the alert on errors can never fire.",
      runbook: "metrics-exposed",
      expects: { finding: "errors-absent", remedy: undefined },
      alert: { alertname: "ErrorsUncounted", severity: "warning", summary: "Errors are not counted" },
      patch: { hidden: { agent_errors_total: true } },
    }),
    patchFault({
      id: "external-down",
      title: "Stop the external service",
      description: "The service outside answers 503.",
      runbook: "external-latency",
      expects: { finding: "failed-above", remedy: undefined },
      alert: { alertname: "ExternalDown", severity: "warning", summary: "The external service fails" },
      patch: { troubles: { "external /health": { status: 503 } } },
    }),
    patchFault({
      id: "external-slow",
      title: "Slow the external service down",
      description: "The service outside answers after one and a half seconds.",
      runbook: "external-latency",
      expects: { finding: "ms-above", remedy: undefined },
      alert: { alertname: "ExternalSlow", severity: "warning", summary: "The external service is slow" },
      patch: { troubles: { "external /health": { ms: 1500 } } },
    }),
    redisNoeviction,
    redisTooSmall,
    patchFault({
      id: "user-limited",
      title: "Let one user run into the limit",
      description: "A script of one user asks forty times a second and is refused with 429.",
      runbook: "limited-users",
      expects: { finding: "value-above", remedy: "advice-value-above", advice: true },
      alert: {
        alertname: "UserLimited",
        severity: "warning",
        summary: "One user is refused again and again",
        forSeconds: IN_METRICS_SECONDS,
      },
      patch: { users: { "4711": { refusedPerSecond: 40, used: 60 } } },
    }),
  ],
};
