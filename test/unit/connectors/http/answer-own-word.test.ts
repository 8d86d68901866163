import { expect, test } from "vitest";
import { answerTrouble, goodAnswer } from "../../../../src/connectors/http/answer/say.ts";
import { judgeHealth } from "../../../../src/connectors/http/health.ts";
import { Thresholds } from "../../../../src/core/words/system.ts";
import { type AnswerCase, answerOf, expectAnswer, page } from "../../../helpers/answers.ts";
import { makeConnection } from "../../../make/system.ts";

const ES = { cluster_name: "shop", timed_out: false, number_of_nodes: 3, number_of_data_nodes: 3 };
const VAULT = { initialized: true, sealed: false, standby: false, version: "1.17.0" };

test.each([
  ["Rails", 200, '<!DOCTYPE html><html><body style="background-color: green"></body></html>', "/up"],
  ["Laravel", 200, page("Shop", "<div>Application up</div><p>HTTP request received.</p>"), "/up"],
  ["OK as a page", 200, "<html><body>OK</body></html>", "/health"],
  ["nothing at all", 204, "", "/health"],
  ["Elasticsearch, green", 200, { ...ES, status: "green" }, "/_cluster/health"],
  ["Elasticsearch, one node", 200, { ...ES, status: "yellow", number_of_data_nodes: 1 }, "/_cluster/health"],
  ["Vault, active", 200, VAULT, "/v1/sys/health"],
  ["Vault, standby", 429, { ...VAULT, standby: true }, "/v1/sys/health"],
  [
    "Vault, recovery site",
    472,
    { ...VAULT, standby: true, replication_dr_mode: "secondary" },
    "/v1/sys/health",
  ],
  ["Vault, performance standby", 473, { ...VAULT, performance_standby: true }, "/v1/sys/health"],
  [
    "Patroni asked for another role",
    503,
    { state: "running", role: "replica", patroni: { version: "3" } },
    "/primary",
  ],
  ["Kubernetes", 200, "[+]ping ok\n[+]etcd ok\nhealthz check passed\n", "/healthz"],
  ["Spring", 200, { status: "UP", groups: ["liveness", "readiness"] }, "/actuator/health"],
  ["a start page that was asked for", 200, page("Shop", "<div id=root></div>"), "/"],
  ["a login page that was asked for", 200, page("Sign in to Shop"), "/"],
  ["what is not changed", 304, "", "/health"],
  ["metrics", 200, "# HELP up\nup 1\n", "/metrics"],
  ["an array of data", 200, [{ id: 1, title: "error" }], "/v1/items"],
] as const)("fine: %s", (_name, status, body, path) => {
  const answer = answerOf(status, body, { path });
  expect(answerTrouble(answer)).toBeUndefined();
  expect(answer.excerpt).toBeUndefined();
});

test("a good answer with a note", () => {
  expect(goodAnswer(answerOf(429, { ...VAULT, standby: true }))).toBe("429, standby");
  expect(goodAnswer(answerOf(200, { ...ES, status: "yellow", number_of_data_nodes: 1 }))).toMatch(
    /^200, yellow: one data node/,
  );
  expect(goodAnswer(answerOf(200, { status: "ok" }))).toBe("200");
});

const own: readonly AnswerCase[] = [
  // The service's own word.
  [
    "Rails, red",
    500,
    '<!DOCTYPE html><html><body style="background-color: red"></body></html>',
    { path: "/up" },
    "says-ill",
    /^500: its health page says/,
  ],
  [
    "Laravel, ill",
    500,
    page("Shop", "Application experiencing problems"),
    { path: "/up" },
    "says-ill",
    /^500/,
  ],
  [
    "Elasticsearch, red",
    200,
    { ...ES, status: "red", unassigned_shards: 40 },
    {},
    "says-ill",
    /40 shards are not assigned/,
    /timed_out/,
  ],
  [
    "Elasticsearch, yellow",
    200,
    { ...ES, status: "yellow", unassigned_shards: 4 },
    {},
    "says-degraded",
    /allocation\/explain/,
  ],
  ["Vault, sealed", 503, { ...VAULT, sealed: true }, {}, "says-ill", /Unseal it/],
  ["Vault, new", 501, { ...VAULT, initialized: false }, {}, "says-ill", /never initialized/],
  [
    "terminus",
    503,
    { status: "error", details: { database: { status: "down" } } },
    {},
    "says-ill",
    /^503: database \(down\)/,
  ],
  ["Spring", 503, { status: "DOWN" }, {}, "says-ill", /says "DOWN"/, /proxy/],
  ["ASP.NET", 200, "Degraded", {}, "says-degraded", /^answers 200 but says "Degraded"/],
  [
    "Kubernetes",
    500,
    "[+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed\n",
    {},
    "says-ill",
    /etcd/,
  ],
  ["an array", 200, [{ name: "db", status: "down" }], {}, "says-ill", /^unhealthy: db \(down\)/],
  ["Consul, warning", 429, "warning", {}, "says-degraded", /says "warning"/, /too many/],
  [
    "CouchDB",
    404,
    { status: "maintenance_mode" },
    { path: "/_up" },
    "maintenance",
    /in maintenance/,
    /path is wrong/,
  ],
  [
    "Nextcloud",
    200,
    { installed: true, maintenance: true, needsDbUpgrade: false },
    {},
    "maintenance",
    /in maintenance/,
  ],
  ["Metabase", 503, { status: "initializing", progress: 0.3 }, {}, "starting", /still starting/],
  ["Envoy", 503, "PRE_INITIALIZING", { path: "/ready" }, "starting", /still starting/],
  ["a contradiction", 500, { status: "ok" }, {}, "server-error", /contradict/],
  ["Slack", 200, { ok: false, error: "ratelimited" }, {}, "limited", /limits us/],
  [
    "broken",
    200,
    "{",
    { headers: { "content-type": "application/json" } },
    "broken-json",
    /cannot be parsed/,
  ],
  // Pages.
  [
    "a single-page application",
    200,
    page("Shop", "<div id=root></div><script src=/main.js></script>"),
    { path: "/health" },
    "page",
    /a route that answers everything/,
  ],
  ["a login page", 200, page("Sign in"), {}, "login", /a login page/],
  [
    "a password field",
    200,
    page("Shop", '<form><input name=p type="password"></form>'),
    {},
    "login",
    /a login page/,
  ],
  [
    "maintenance with a good status",
    200,
    page("We are down for maintenance"),
    {},
    "maintenance",
    /in maintenance/,
  ],
  ["nginx' own page", 200, page("Welcome to nginx!"), { path: "/" }, "page", /nothing was deployed/],
  [
    "an error page with a good status",
    200,
    page("500 Internal Server Error"),
    { path: "/" },
    "page",
    /error page/,
  ],
  ["a list of files", 200, page("Index of /health"), {}, "page", /list of files/],
  [
    "a bot check with a good status",
    200,
    page("", "<script src=/_Incapsula_Resource?x></script>"),
    {},
    "blocked",
    /Imperva/,
  ],
];
for (const one of own) test(one[0], () => expectAnswer(...one));

test("someone else's service is a warning; parts and the beginning of the answer are shown", () => {
  const health = {
    ...answerOf(503, { status: "error", details: { db: { status: "down" } } }),
    timings: { dnsMs: null, connectMs: 1, tlsMs: null, waitMs: 1, downloadMs: 1, totalMs: 3 },
  };
  const face = (external: boolean) =>
    makeConnection("api", { kind: "http", url: "http://shop.lab", external }).face;
  const limits = { slowSeconds: 2, thresholds: Thresholds.parse({}) };
  expect(judgeHealth(health, limits, face(true))).toMatchObject({ severity: "warning" });
  expect(judgeHealth(health, limits, face(false))).toMatchObject({
    severity: "critical",
    parts: [{ name: "db", status: "down" }],
    excerpt: expect.stringContaining("error"),
  });
});
