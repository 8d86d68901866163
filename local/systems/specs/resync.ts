import { requestMetrics, showsPart, trafficState, wordOf } from "../service/common.ts";
import type { Program, Route, ServiceSpec, State } from "../service/spec.ts";
import { mapOf, numberOf } from "../service/state.ts";
import { health, html, page, setting } from "../service/words.ts";
import type { SystemSpec } from "../spec.ts";
import { LOG, resyncFaults } from "./resync-faults.ts";

const TOKEN = "demo-token-of-grafana";

const state: State = {
  ...trafficState,
  health: { app: "ok", tws: "ok" },
  anonymous: { status: 401, strict: true },
  tws: { perSecond: 2, workstations: 12 },
  logLevel: { tws: { level: "info" } },
  grafana: { there: true },
  search: { escapes: true },
  template: { exit: 0 },
  released: {
    services: [{ name: "app", running_digest: "sha256:1f2e", released_digest: "sha256:1f2e", same: true }],
  },
  golden: { questions: [{ id: "job-state", right: true, graph_entries: 3, oldest_context_hours: 2 }] },
  audit: { dependencies: [{ name: "fastapi", version: "0.115.0", vulns: [] }] },
  memories: { findings: [{ id: "m-17", verdict: "keep", reason: "agrees with the job's log" }] },
  environment: { TWS_HOST: "ok", TWS_USER: "ok", LLM_ENDPOINT: "ok", REDIS_URL: "ok" },
};

const STRICT = { "strict-transport-security": "max-age=31536000" };

/** What somebody without a token sees. */
const anonymous: readonly Route[] = [
  {
    on: "GET /api/v1/jobs",
    answer: ({ state: now }) => ({
      status: numberOf(now, "anonymous", "status"),
      body: numberOf(now, "anonymous", "status") === 200 ? { jobs: [] } : { error: "a token is needed" },
    }),
  },
  {
    on: "GET /health/app",
    answer: ({ state: now }) => ({
      body: { status: "healthy" },
      headers: mapOf(now, "anonymous").strict === true ? STRICT : {},
    }),
  },
];

/** Grafana's answer, as far as the checks read it. */
const dashboard: Route = {
  on: "GET /api/dashboards/uid/resync-monitoring",
  answer: ({ state: now }) =>
    mapOf(now, "grafana").there === true
      ? { body: { dashboard: { title: "Resync Monitoring", version: 1, panels: [{ id: 1 }] } } }
      : { status: 404, body: { message: "Dashboard not found" } },
};

/** A search page that escapes what it repeats, or does not. */
const search: Route = {
  on: "GET /search",
  answer: ({ state: now, query }) => {
    const asked = query.get("q") ?? "";
    const said = mapOf(now, "search").escapes === true ? asked.replaceAll("<", "&lt;") : asked;
    return {
      body: `<html><p>Nothing found for ${said}</p></html>`,
      headers: { "content-type": "text/html" },
    };
  },
};

const DASHBOARD = `<html><head><title>Resync</title><script src="/static/app.js"></script></head><body></body></html>`;

const environment: Program = (_args, now) => ({
  out: Object.entries(mapOf(now, "environment"))
    .map(([name, word]) => `${word} ${name}\n`)
    .join(""),
});

const logLevel: Program = (args, now) => {
  const at = args.indexOf("--set");
  const logger = (at < 0 ? wordOf(args, "--get") : args[at + 1]) ?? "";
  if (at < 0) return { out: mapOf(now, "logLevel", logger) };
  return {
    set: { logLevel: { [logger]: { level: args[at + 2] ?? "info" } } },
    seconds: Number(wordOf(args, "--for")),
  };
};

const service: ServiceSpec = {
  state,
  metricsOn: "exporter",
  metrics: [
    ...requestMetrics("resync_requests_total", "resync_request_duration_seconds"),
    {
      name: "tws_status_requests_total",
      type: "counter",
      perSecond: (now) => numberOf(now, "tws", "perSecond"),
    },
    {
      name: "tws_connection_status",
      labels: { host: "tws" },
      type: "gauge",
      value: (now) => (mapOf(now, "health").tws === "ok" ? 1 : 0),
    },
    { name: "tws_workstations_total", type: "gauge", value: (now) => numberOf(now, "tws", "workstations") },
  ],
  faces: {
    app: {
      connections: ["app", "tws-health"],
      routes: [
        health("/health/app", "app"),
        health("/health/tws", "tws"),
        html("/dashboard", DASHBOARD),
        ...setting("/admin/log-level", ["logLevel", "tws"]),
      ],
    },
    anonymous: { connections: ["anonymous"], routes: anonymous },
    staging: { connections: ["staging"], routes: [health("/health/app"), search] },
    exporter: { connections: ["exporter"], routes: [] },
    model: { connections: ["model"], routes: [page("/ready", { status: "ready" })] },
    // A scheduler speaks a protocol of its own: here only its port takes connections.
    tws: { connections: ["tws"], routes: [] },
    grafana: {
      connections: ["grafana"],
      key: { header: "authorization", value: `Bearer ${TOKEN}` },
      routes: [
        page("/api/health", { database: "ok" }),
        dashboard,
        { on: "POST /api/dashboards/db", answer: () => ({ body: {}, set: { grafana: { there: true } } }) },
        {
          on: "DELETE /api/dashboards/uid/resync-monitoring",
          answer: () => ({ body: {}, set: { grafana: { there: false } } }),
        },
      ],
    },
  },
  programs: {
    "/opt/resync/bin/check-env": environment,
    "/opt/resync/venv/bin/pip-audit": showsPart("audit"),
    "/opt/resync/bin/ia-auditor": showsPart("memories"),
    "/opt/resync/bin/log-level": logLevel,
    "/opt/resync/bin/released": showsPart("released"),
    "/opt/resync/bin/golden-questions": showsPart("golden"),
    "/opt/resync/bin/plain-http": () => ({
      out: { code: 301, redirect_url: "https://resync.example.com/health/app" },
    }),
    "/usr/bin/docker": (_args, now) => ({ code: numberOf(now, "template", "exit") }),
  },
};

/** Resync: an application beside a workload scheduler. */
export const resync: SystemSpec = {
  id: "resync",
  title: "Resync",
  about: "an application beside a workload scheduler (TWS), with a language model behind it",
  service,
  metricNames: {
    requests: "resync_requests_total",
    duration: "resync_request_duration_seconds",
    statusLabel: "status",
  },
  env: { GRAFANA_TOKEN: TOKEN },
  files: {
    [LOG]: () => `${new Date().toISOString()} INFO resync: ready\n`,
    "/opt/resync/resync/core/utils/llm.py": () => "import httpx\n\nTIMEOUT_SECONDS = 30\n",
    "/opt/resync/data/README": () => "What containers write.\n",
    "/opt/resync/logs/access.log": () => '127.0.0.1 - - "GET /dashboard HTTP/1.1" 200 118\n',
  },
  real: ["/usr/bin/find", "/usr/bin/grep", "/usr/bin/stat"],
  keys: [],
  writes: ["set-tws-log-level level=debug ttl=15m"],
  faults: resyncFaults,
};
