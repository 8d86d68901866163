import { leakedSessions } from "../faults.ts";
import { IN_METRICS_SECONDS, patchFault } from "../patch-fault.ts";
import { machineMetrics, machineState, requestMetrics, trafficState } from "../service/common.ts";
import type { Metric, Route, ServiceSpec, State } from "../service/spec.ts";
import { mapOf, numberOf } from "../service/state.ts";
import { health, listed, page, setting, shows } from "../service/words.ts";
import type { SystemSpec } from "../spec.ts";
import { backupState } from "./tektra-backups.ts";
import { programs } from "./tektra-programs.ts";

const GIB = 1 << 30;
const KEY = "demo-key-of-tektra";
const ADMIN_KEY = "demo-admin-key-of-tektra";

const state: State = {
  ...machineState,
  ...trafficState,
  ...backupState,
  health: { database: "ok", models: "ok", cache: "ok" },
  agents: {
    support: { model: "model-b", lastTest: "passed" },
    sales: { model: "model-b", lastTest: "passed" },
  },
  keys: { diagbot: { issued: "2026-01-01" } },
  permissions: {
    "alice read agents/support": { user: "alice", permission: "read", resource: "agents/support" },
  },
  logLevel: { level: "info" },
  requestLogging: { state: "off" },
  gpus: { "0": { used: 6200, free: 18_376, celsius: 61, busy: 34, seen: true } },
  sandbox: {
    read_only: true,
    dropped: "ALL",
    options: "no-new-privileges",
    network: "none",
    memory: 536_870_912,
  },
  compose: { exit: 0 },
  synthetic: { api: "pass", database: "pass", model: "pass", agent: "pass", security: "pass" },
  gpuReset: { at: "never" },
  sandboxJobs: { started_at: "2026-01-01T00:00:00Z", running_jobs: 0 },
  fetch: { state: "ready", free_bytes: 80_000_000_000 },
  models: { DialoGPT: { files: {}, bytes: 862_000_000, loaded: true } },
  cache: { max: 2 * GIB, L1: GIB / 4, L2: GIB / 2, L3: GIB },
  loadTest: {
    ...{ finished_at: "2026-01-01T00:00:00Z", requests: 100, failed: 0, error_rate: 0 },
    ...{ p50_ms: 95, p95_ms: 190, ended: "all sent" },
  },
};

/** The service knows keys by name: while the one of diagbot is not issued, diagbot is refused. */
const agents: Route = {
  on: "GET /v1/agents",
  answer: ({ state: { keys, agents: all } }) =>
    mapOf({ keys: keys ?? {} }, "keys").diagbot === undefined
      ? { status: 401, body: { error: "the key was revoked" } }
      : { body: { agents: Object.keys(mapOf({ all: all ?? {} }, "all")) } },
};

const permissions: readonly Route[] = [
  shows("/admin/permissions", (now) => ({ entries: Object.values(mapOf(now, "permissions")) })),
  {
    on: "POST /admin/permissions",
    answer: ({ body: { user, permission, resource, expiresInSeconds } }) => ({
      body: {},
      set: {
        permissions: {
          [`${user} ${permission} ${resource}`]: {
            user: user ?? "",
            permission: permission ?? "",
            resource: resource ?? "",
          },
        },
      },
      seconds: Number(expiresInSeconds),
    }),
  },
  {
    on: "DELETE /admin/permissions/{user}/{permission}",
    answer: ({ params: { user, permission }, query }) => ({
      body: {},
      set: { permissions: { [`${user} ${permission} ${query.get("resource")}`]: null } },
    }),
  },
];

const keys: readonly Route[] = [
  listed("/v1/auth/api-keys", "keys", "entries"),
  {
    on: "POST /v1/auth/api-keys",
    answer: ({ state: now, body: { name } }) =>
      typeof name !== "string" || name in mapOf(now, "keys")
        ? { status: 409, body: { error: "there is a key of that name" } }
        : { status: 201, body: { name }, set: { keys: { [name]: { issued: "now" } } } },
  },
  {
    on: "DELETE /v1/auth/api-keys/{name}",
    answer: ({ params: { name = "" } }) => ({ status: 204, set: { keys: { [name]: null } } }),
  },
];

const service: ServiceSpec = {
  state,
  metricsOn: "exporter",
  metrics: [
    ...machineMetrics,
    ...requestMetrics("tektra_requests_total", "tektra_request_duration_seconds"),
    {
      name: "tektra_active_connections",
      type: "gauge",
      value: (now) => numberOf(now, "traffic", "perSecond"),
    },
    { name: "tektra_cache_max_bytes", type: "gauge", value: (now) => numberOf(now, "cache", "max") },
    ...["L1", "L2", "L3"].map(
      (level): Metric => ({
        name: "tektra_cache_level_limit_bytes",
        labels: { level },
        type: "gauge",
        value: (now) => numberOf(now, "cache", level),
      }),
    ),
  ],
  faces: {
    api: {
      connections: ["api"],
      key: { header: "authorization", value: `Bearer ${KEY}` },
      routes: [health("/health"), agents],
    },
    parts: {
      connections: ["api-database", "api-models", "api-cache"],
      routes: [
        health("/health/database", "database"),
        health("/health/models", "models"),
        health("/health/cache", "cache"),
      ],
    },
    exporter: { connections: ["exporter"], routes: [] },
    hub: {
      connections: ["hub"],
      routes: [
        page("/api/models/microsoft/DialoGPT-small", { id: "microsoft/DialoGPT-small" }),
        page("/microsoft/DialoGPT-small/resolve/main/config.json", { model_type: "gpt2" }),
      ],
    },
    admin: {
      connections: ["admin"],
      key: { header: "x-admin-key", value: ADMIN_KEY },
      routes: [
        page("/health", { status: "ok" }),
        listed("/admin/agents", "agents", "agents"),
        ...setting("/admin/agents/{agent}", ["agents", "{agent}"]),
        ...permissions,
        ...keys,
        shows("/v1/security/events", () => ({
          events: [{ timestamp: "2026-01-01T00:00:00Z", type: "login", user: "alice", result: "success" }],
        })),
        ...setting("/admin/log-level", ["logLevel"]),
        ...setting("/admin/request-logging", ["requestLogging"]),
      ],
    },
  },
  programs,
};

/** Tektra: an assistant with models of its own. */
export const tektra: SystemSpec = {
  id: "tektra",
  title: "Tektra",
  about: "an assistant with models of its own, Postgres and Redis, a GPU",
  service,
  metricNames: {
    requests: "tektra_requests_total",
    duration: "tektra_request_duration_seconds",
    statusLabel: "status",
  },
  env: { TEKTRA_API_KEY: KEY, TEKTRA_ADMIN_KEY: ADMIN_KEY },
  files: {
    "/var/log/tektra/app.log": () => `${new Date().toISOString()} INFO tektra: ready\n`,
    "/opt/tektra/.env": () => "DATABASE_URL=secret\nDATABASE_POOL_SIZE=20\nDATABASE_MAX_OVERFLOW=30\n",
  },
  real: ["/usr/bin/grep"],
  keys: [],
  writes: [
    "set-log-level level=debug ttl=15m",
    "fetch-model model=microsoft/DialoGPT-small",
    "reset-gpu gpu=0",
    "load-test",
    "take-base-backup",
    "restore-beside dump=tektra.dump",
  ],
  faults: [
    patchFault({
      id: "key-revoked",
      title: "Revoke the API key",
      description: "The key that diagbot has is revoked: the API answers 401.",
      runbook: "agents-endpoint",
      expects: { finding: "status-equals", remedy: "do-status-equals" },
      alert: {
        alertname: "AgentsEndpointRefused",
        severity: "critical",
        summary: "The list of agents is refused",
      },
      patch: { keys: { diagbot: null } },
    }),
    patchFault({
      id: "sandbox-open",
      title: "Let the sandbox write",
      description: "The sandbox was started without its read-only file system.",
      runbook: "sandbox",
      expects: { finding: "read-only-not", remedy: undefined },
      alert: { alertname: "SandboxOpen", severity: "critical", summary: "The sandbox is not locked up" },
      patch: { sandbox: { read_only: false } },
    }),
    patchFault({
      id: "compose-broken",
      title: "Break the compose file",
      description: "A merge left a mistake in the compose file: nothing can be recreated.",
      runbook: "compose-valid",
      expects: { finding: "exit-not", remedy: "advice-exit-not", advice: true },
      alert: { alertname: "ComposeInvalid", severity: "critical", summary: "The compose file is refused" },
      patch: { compose: { exit: 15 } },
    }),
    patchFault({
      id: "synthetic-fails",
      title: "Let agents fail to answer",
      description: "An agent can be made, and does not answer.",
      runbook: "synthetic",
      expects: { finding: "result-equals", remedy: undefined },
      alert: { alertname: "SyntheticFails", severity: "critical", summary: "A synthetic test fails" },
      patch: { synthetic: { agent: "fail" } },
    }),
    patchFault({
      id: "model-incomplete",
      title: "Break off a model's download",
      description: "A download of model files was broken off: one is missing.",
      runbook: "incomplete-models",
      expects: { finding: "state-equals", remedy: "advice-state-equals", advice: true },
      alert: { alertname: "ModelIncomplete", severity: "critical", summary: "A model cannot be loaded" },
      patch: { models: { DialoGPT: { files: { "model.safetensors": { state: "missing", size: 0 } } } } },
    }),
    patchFault({
      id: "cache-levels",
      title: "Let the cache's levels grow",
      description: "The third level of the cache may grow to 3 GB, of 2 GB for all.",
      runbook: "cache-levels",
      expects: { finding: "value-above", remedy: "advice-value-above", advice: true },
      alert: {
        ...{ alertname: "CacheLevelsTooLarge", severity: "warning", forSeconds: IN_METRICS_SECONDS },
        summary: "The levels of the cache may hold more than its max_size",
      },
      patch: { cache: { L3: 3 * GIB } },
    }),
    patchFault({
      id: "gpu-full",
      title: "Fill the GPU's memory",
      description: "A second copy of a model takes what the GPU has left.",
      runbook: "gpu-room",
      expects: { finding: "free-mib-below", remedy: "advice-free-mib-below", advice: true },
      alert: { alertname: "GpuMemoryLow", severity: "warning", summary: "A GPU has hardly any memory left" },
      patch: { gpus: { "0": { free: 120, used: 24_456 } } },
    }),
    patchFault({
      id: "gpu-unseen",
      title: "Take the GPU from the service",
      description: "The container was recreated without its GPU; the machine still has it.",
      runbook: "gpu-in-service",
      expects: { finding: "rows-equals", remedy: "advice-rows-equals", advice: true },
      alert: { alertname: "GpuUnseen", severity: "critical", summary: "The service sees no GPU" },
      patch: { gpus: { "0": { seen: false } } },
    }),
    patchFault({
      id: "histogram-missing",
      title: "Lose a metric",
      description: "A release without the histogram of request durations.",
      runbook: "custom-metrics",
      expects: { finding: "buckets-absent", remedy: undefined },
      alert: { alertname: "MetricMissing", severity: "warning", summary: "The exporter lost a metric" },
      patch: { hidden: { tektra_request_duration_seconds: true } },
    }),
    patchFault({
      id: "hub-limited",
      title: "Have the model hub limit us",
      description: "The model hub answers 429: too many downloads from this address.",
      runbook: "hub-reachable",
      expects: { finding: "status-equals", remedy: undefined },
      alert: { alertname: "HubLimited", severity: "warning", summary: "The model hub refuses downloads" },
      patch: {
        troubles: { "hub /microsoft/DialoGPT-small/resolve/main/config.json": { status: 429 } },
      },
    }),
    leakedSessions(),
  ],
};
