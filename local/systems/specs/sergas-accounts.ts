import { fault } from "../../faults/fault.ts";
import { leakedSessions } from "../faults.ts";
import { patchFault } from "../patch-fault.ts";
import { requestMetrics, showsPart, trafficState, wordOf } from "../service/common.ts";
import type { Program, Route, ServiceSpec, State } from "../service/spec.ts";
import { mapOf, numberOf } from "../service/state.ts";
import { health, page, shows } from "../service/words.ts";
import type { LiveSystem, SystemSpec } from "../spec.ts";

const TOKEN = "zoho:access_token";
const HOUR = 3600;
const COGNEE_KEY = "demo-key-of-cognee";
const IMAGE = `sha256:${"0123456789abcdef".repeat(4)}`;
const NEXT_IMAGE = `sha256:${"fedcba9876543210".repeat(4)}`;

const state: State = {
  ...trafficState,
  health: { database: "ok", redis: "ok", zoho: "authenticated" },
  zoho: { perMinute: 30, expires_at: "2026-01-01T09:00:00Z", seconds_left: HOUR, refreshed: 0 },
  limit: { shown: true },
  memory: { bytes: 420_000_000 },
  packages: { broken: [] },
  settings: { readable: true },
  venv: { path: "/opt/accounts/venvs/first", lock_sha256: "emulated", imports_ok: true },
  signIn: { second_factor_required: true, session_minutes: 30, accounts_without: 0 },
  cognee: { digest: IMAGE, health: "healthy", started_at: "2026-01-01T00:00:00Z" },
  sessions: { old: 3 },
  environment: { ZOHO_CLIENT_ID: "ok", ZOHO_CLIENT_SECRET: "ok", DATABASE_URL: "ok" },
};

const accounts: Route = {
  on: "GET /api/v1/accounts",
  answer: ({ state: now }) => ({
    body: { accounts: [{ id: 1 }] },
    headers:
      mapOf(now, "limit").shown === true ? { "x-ratelimit-limit": "60", "x-ratelimit-remaining": "58" } : {},
  }),
};

/** A new token, for an hour; the application is signed in with it. */
const refresh: Program = (_args, now) => ({
  set: {
    zoho: {
      expires_at: new Date(Date.now() + HOUR * 1000).toISOString(),
      seconds_left: HOUR,
      refreshed: numberOf(now, "zoho", "refreshed") + 1,
    },
    health: { zoho: "authenticated" },
  },
});

const sessions: Program = (args, now) =>
  args.includes("--dry-run")
    ? { out: { count: numberOf(now, "sessions", "old") } }
    : { set: { sessions: { old: 0 } } };

const pipCheck: Program = (args, now) => {
  if (args.some((word) => word.includes("src.config")))
    return mapOf(now, "settings").readable === true ? { out: "settings load\n" } : { code: 1 };
  if (wordOf(args, "-m") !== "pip") return { out: "/opt/accounts/venv/bin/python\n" };
  const { broken } = mapOf(now, "packages");
  const lines = Array.isArray(broken) ? broken : [];
  return lines.length === 0
    ? { out: "No broken requirements found.\n" }
    : { out: `${lines.join("\n")}\n`, code: 1 };
};

/** A query as Cognee takes it: JSON, and nothing else. */
const query: Route = {
  on: "POST /api/v1/query",
  answer: ({ body }) =>
    body.query === undefined
      ? { status: 422, body: { detail: "query is missing" } }
      : { body: { results: [{ text: "emulated" }] } },
};

const deployCognee: Program = (args, now) => {
  const digest = wordOf(args, "--digest");
  if (digest === undefined) return { out: mapOf(now, "cognee") };
  return { set: { cognee: { digest, health: "healthy", started_at: new Date().toISOString() } } };
};

/** A new environment has no packages that do not fit: it is built from the lock file. */
const environments: Program = (args, now) => {
  if (args.includes("--current")) return { out: mapOf(now, "venv") };
  const path = wordOf(args, "--switch") ?? `/opt/accounts/venvs/${Date.now().toString(36)}`;
  return { set: { venv: { path }, ...(args.includes("--rebuild") ? { packages: { broken: [] } } : {}) } };
};

const service: ServiceSpec = {
  state,
  metricsOn: "app",
  metrics: [
    ...requestMetrics("sergas_http_requests_total", "sergas_http_request_duration_seconds"),
    {
      name: "sergas_zoho_api_calls_total",
      type: "counter",
      perSecond: (now) => numberOf(now, "zoho", "perMinute") / 60,
    },
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      value: (now) => numberOf(now, "memory", "bytes"),
    },
  ],
  faces: {
    app: { connections: ["app"], routes: [health("/health", "database", "redis", "zoho"), accounts] },
    cognee: {
      connections: ["cognee"],
      key: { header: "authorization", value: `Bearer ${COGNEE_KEY}` },
      routes: [shows("/health", () => ({ status: "ok" })), query],
    },
    zoho: { connections: ["zoho"], routes: [page("/crm/v2/org", { org: [{ company_name: "Sergas" }] })] },
  },
  programs: {
    "/opt/accounts/bin/check_env": (_args, now) => ({
      out: Object.entries(mapOf(now, "environment"))
        .map(([name, word]) => `${word} ${name}\n`)
        .join(""),
    }),
    "/opt/accounts/bin/check_zoho_token": showsPart("zoho"),
    "/opt/accounts/bin/refresh_zoho_token": refresh,
    "/opt/accounts/bin/test_zoho_auth": () => ({
      out: { result: "accepted", org: "Sergas", scopes: "ZohoCRM.modules.READ" },
    }),
    "/opt/accounts/bin/revoke_old_sessions": sessions,
    "/opt/accounts/bin/fail2ban-status": () => ({ out: "Status\n|- Currently banned:\t0\n" }),
    "/opt/accounts/venv/bin/python": pipCheck,
    "/opt/accounts/bin/environments": environments,
    "/opt/accounts/bin/profile": () => ({ out: "311 sync_accounts (zoho.py:61)\n40 dumps (json.py:9)\n" }),
    "/opt/accounts/bin/sign-in-rules": showsPart("signIn"),
    "/opt/sergas/bin/deploy-cognee": deployCognee,
    "/usr/bin/ss": () => ({ out: "0      0      10.0.5.5:8000      10.0.5.9:51514\n" }),
    "/opt/accounts/bin/memory-of-service": () => ({
      out: { types: [{ type: "dict", count: 48_120, size: 21_400_000 }] },
    }),
  },
};

/** Somebody wrote the token without its time to live. */
const endlessToken = fault<LiveSystem>({
  id: "endless-token",
  title: "Keep the cached token for ever",
  description: "A script wrote the access token to the cache without its time to live.",
  runbook: "zoho-cached-token",
  expects: { finding: "there-equals-left-absent", remedy: "advice-there-equals-left-absent", advice: true },
  rule: {
    alertname: "ZohoTokenEndless",
    severity: "warning",
    summary: "The cached Zoho token never ends",
    needsRedis: true,
    firing: async (system) => ((await system.cache().ttl(TOKEN)) === -1 ? "no time to live" : undefined),
  },
  break: async (system) => {
    await system.cache().set(TOKEN, "emulated");
  },
  heal: async (system) => {
    await system.cache().expire(TOKEN, HOUR);
  },
});

/** Sergas Super Account Manager. */
export const sergasAccounts: SystemSpec = {
  id: "sergas-accounts",
  title: "Sergas Accounts",
  about: "an application with Postgres, Redis and Zoho CRM",
  service,
  metricNames: {
    requests: "sergas_http_requests_total",
    duration: "sergas_http_request_duration_seconds",
    statusLabel: "status",
  },
  env: { COGNEE_API_KEY: COGNEE_KEY },
  files: {
    "/opt/accounts/README": () => "The application's folder.\n",
    "/opt/accounts/.env": () => "DATABASE_URL=secret\nDATABASE_POOL_SIZE=10\nDATABASE_MAX_OVERFLOW=20\n",
  },
  real: ["/usr/bin/grep"],
  keys: [
    { key: TOKEN, value: "emulated", seconds: HOUR },
    { key: "zoho:refresh_token", value: "emulated" },
  ],
  writes: ["revoke-sessions age=30d", "rebuild-environment", `deploy-cognee digest=${NEXT_IMAGE}`],
  faults: [
    patchFault({
      id: "zoho-signed-out",
      title: "Sign the application out of Zoho",
      description: "Zoho has ended the token: the application cannot read accounts.",
      runbook: "zoho-signed-in",
      expects: { finding: "zoho-not", remedy: "do-zoho-not" },
      alert: { alertname: "ZohoSignedOut", severity: "critical", summary: "Zoho refuses the application" },
      patch: { health: { zoho: "unauthenticated" } },
    }),
    patchFault({
      id: "zoho-token-ends",
      title: "Let the Zoho token run out",
      description: "The token ends in four minutes, and nothing has renewed it.",
      runbook: "zoho-token-ends",
      expects: { finding: "left-below", remedy: "do-left-below" },
      alert: { alertname: "ZohoTokenEnds", severity: "warning", summary: "The Zoho token ends soon" },
      patch: { zoho: { seconds_left: 240 } },
    }),
    endlessToken,
    patchFault({
      id: "limit-off",
      title: "Turn the rate limit off",
      description: "The application was started without its limit for clients.",
      runbook: "rate-limited",
      expects: { finding: "limit-absent", remedy: "advice-limit-absent", advice: true },
      alert: { alertname: "RateLimitOff", severity: "warning", summary: "The application has no rate limit" },
      patch: { limit: { shown: false } },
    }),
    patchFault({
      id: "accounts-fail",
      title: "Break the list of accounts",
      description: "The list of accounts answers 500.",
      runbook: "accounts-endpoint",
      expects: { finding: "failed-above", remedy: undefined },
      alert: { alertname: "AccountsFail", severity: "critical", summary: "The list of accounts fails" },
      patch: { troubles: { "app /api/v1/accounts": { status: 500 } } },
    }),
    patchFault({
      id: "cognee-html",
      title: "Put a proxy's page before Cognee",
      description: "A proxy answers for Cognee with a page of its own.",
      runbook: "cognee-answers",
      expects: { finding: "type-lacks", remedy: undefined },
      alert: { alertname: "CogneeOdd", severity: "warning", summary: "Cognee answers oddly" },
      patch: {
        troubles: { "cognee /health": { status: 200, type: "text/html", body: "<html>Welcome</html>" } },
      },
    }),
    patchFault({
      id: "settings-broken",
      title: "Break the application's settings",
      description: "A setting was renamed in a release and is missing: the application would not start anew.",
      runbook: "settings-readable",
      expects: { finding: "exit-equals", remedy: "advice-exit-equals", advice: true },
      alert: { alertname: "SettingsBroken", severity: "critical", summary: "Settings cannot be read" },
      patch: { settings: { readable: false } },
    }),
    patchFault({
      id: "second-factor-off",
      title: "Turn the second factor off",
      description: "The application was started without asking for a second factor.",
      runbook: "strong-auth",
      expects: { finding: "second-factor-not", remedy: "advice-second-factor-not", advice: true },
      alert: { alertname: "SecondFactorOff", severity: "warning", summary: "A password alone is enough" },
      patch: { signIn: { second_factor_required: false, accounts_without: 12 } },
    }),
    patchFault({
      id: "packages-clash",
      title: "Install packages that do not fit",
      description: "An upgrade in place left two packages that do not fit each other.",
      runbook: "unit-imports",
      expects: { finding: "exit-equals", remedy: "do-exit-equals" },
      alert: { alertname: "PackagesClash", severity: "warning", summary: "Packages do not fit each other" },
      patch: { packages: { broken: ["httpx 0.28 requires httpcore==1.*, but you have httpcore 0.18."] } },
    }),
    leakedSessions(),
  ],
};
