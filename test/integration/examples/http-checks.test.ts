import { afterEach, describe, expect, test } from "vitest";
import { knowledgeOf } from "../../../src/app/knowledge.ts";
import { httpConnector } from "../../../src/connectors/http/index.ts";
import { exampleSystems, loadExample } from "../../helpers/examples.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { webServer } from "../../helpers/web-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** An answer: status, body (an object is JSON), headers. */
interface Said {
  readonly status?: number;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}
const HTML = { "content-type": "text/html; charset=utf-8" };
const PLAIN = { "content-type": "text/plain; version=0.0.4" };
const JSON_TYPE = { "content-type": "application/json" };
const RESYNC = "tws_status_requests_total 7\ntws_workstations_total 3\n";
const TEKTRA = `tektra_requests_total{method="GET"} 7
tektra_request_duration_seconds_bucket{le="+Inf"} 7
tektra_request_duration_seconds_count 7
tektra_active_connections 0
`;
const SAAS =
  "# HELP agent_errors_total e\nagent_errors_total 0\nhttp_requests_total 5\ncustom_metric_total 0\n";
const breakers = (...states: string[]) => ({
  body: { breakers: states.map((state, index) => ({ name: `b${index}`, state, replica: "a", failures: 5 })) },
});
const queue = (depth: number, utilization: number, failedLastHour = 0) => ({
  body: { depth, utilization, maxSize: 1000, workers: 8, failedLastHour },
});
const agents = (count: number): Said => ({
  body: { agents: Array.from({ length: count }, () => ({})) },
  headers: JSON_TYPE,
});

/** Each check: an answer of a healthy service, and answers with what is found of each. */
const CASES: Readonly<Record<string, { healthy: Said; faulty: readonly (readonly [Said, string])[] }>> = {
  "resync/dashboard-page": {
    healthy: { body: '<html><script src="/static/app.js"></script></html>', headers: HTML },
    faulty: [
      [{ status: 404, body: "Not Found" }, "status-equals"],
      [{ status: 500, body: "oops" }, "status-not"],
      [{ body: '{"detail":"x"}', headers: JSON_TYPE }, "page-equals"],
    ],
  },
  "resync/anonymous-refused": {
    healthy: { status: 401 },
    faulty: [
      [{ status: 200, body: { jobs: [] } }, "status-equals"],
      [{ status: 500 }, "status-not"],
    ],
  },
  "resync/https-only": {
    healthy: { headers: { "strict-transport-security": "max-age=31536000", ...JSON_TYPE } },
    faulty: [[{ headers: JSON_TYPE }, "strict-absent"]],
  },
  "resync/input-escaped": {
    healthy: { body: "<html>Nothing found for &lt;b&gt;diagbot-probe&lt;/b&gt;</html>", headers: HTML },
    faulty: [
      [{ body: "<html>Nothing found for <b>diagbot-probe</b></html>", headers: HTML }, "raw-above"],
      [{ status: 500 }, "status-not"],
    ],
  },
  "resync/metrics-page": {
    healthy: { body: RESYNC, headers: PLAIN },
    faulty: [
      [{ body: RESYNC, headers: JSON_TYPE }, "type-lacks"],
      [{ body: "tws_workstations_total 3", headers: PLAIN }, "requests-absent"],
      [{ body: "tws_status_requests_total 3", headers: PLAIN }, "workstations-absent"],
    ],
  },
  "resync/dashboard-provisioned": {
    healthy: { body: { dashboard: { title: "Resync Monitoring", panels: [{}] } } },
    faulty: [
      [{ status: 404, body: { message: "not found" } }, "status-equals"],
      [{ status: 401, body: { message: "no" } }, "status-not"],
      [{ body: { dashboard: { title: "x", panels: [] } } }, "panels-below"],
    ],
  },
  "tektra/agents-endpoint": {
    healthy: agents(2),
    faulty: [
      [{ status: 401 }, "status-equals"],
      [{ status: 403 }, "status-equals-warning"],
      [{ status: 500 }, "failed-above-status-not"],
      [agents(0), "agents-equals"],
    ],
  },
  "tektra/agents-on-old-model": {
    healthy: { body: { agents: [{ name: "support", model: "model-b", lastTest: "passed" }] } },
    faulty: [
      [{ body: { agents: [{ name: "support", model: "model-a", lastTest: "passed" }] } }, "model-equals"],
      [{ body: { agents: [{ name: "support", model: "model-b", lastTest: "failed" }] } }, "test-equals"],
      [{ body: { agents: [] } }, "rows-equals"],
    ],
  },
  "tektra/custom-metrics": {
    healthy: { body: TEKTRA, headers: PLAIN },
    faulty: [
      [{ body: TEKTRA, headers: JSON_TYPE }, "type-lacks"],
      [{ body: TEKTRA.replaceAll("requests_total", "x"), headers: PLAIN }, "requests-absent"],
      [{ body: TEKTRA.replaceAll("_bucket", "_x"), headers: PLAIN }, "buckets-absent"],
      [{ body: TEKTRA.replaceAll("active", "x"), headers: PLAIN }, "connections-absent"],
    ],
  },
  "tektra/hub-reachable": {
    healthy: { body: '{"model_type": "gpt2"}' },
    faulty: [
      [{ status: 429 }, "status-equals"],
      [{ status: 404 }, "status-not"],
      [{ body: "<html>captive portal</html>", headers: HTML }, "status-equals-file-equals"],
    ],
  },
  "sergas-agents/open-breakers": {
    healthy: breakers("closed", "closed"),
    faulty: [
      [breakers("closed", "open"), "state-equals"],
      [breakers("half-open"), "state-equals-info"],
      [breakers(), "rows-equals"],
    ],
  },
  "sergas-agents/work-queue": {
    healthy: queue(5, 0.01),
    faulty: [
      [queue(900, 0.9), "share-above"],
      [queue(150, 0.2), "depth-above"],
      [queue(5, 0.01, 3), "failed-above"],
    ],
  },
  "sergas-agents/resource-links": {
    healthy: { body: "<title>Jaeger UI</title>" },
    faulty: [[{ body: "<title>nginx</title>" }, "page-equals"]],
  },
  "ai-saas/metrics-exposed": {
    healthy: { body: SAAS, headers: PLAIN },
    faulty: [
      [{ status: 404, headers: PLAIN }, "status-not"],
      [{ body: JSON.stringify(SAAS), headers: JSON_TYPE }, "type-lacks"],
      [{ body: "<html>", headers: HTML }, "help-equals"],
      [{ body: SAAS.replaceAll("agent_errors", "x"), headers: PLAIN }, "errors-absent"],
      [{ body: SAAS.replaceAll("custom", "x"), headers: PLAIN }, "custom-absent"],
    ],
  },
  "ai-saas/external-latency": { healthy: { body: {} }, faulty: [[{ status: 500 }, "failed-above"]] },
  "sergas-accounts/zoho-signed-in": {
    healthy: { body: { zoho: { status: "authenticated" } } },
    faulty: [
      [{ body: {} }, "zoho-absent"],
      [{ body: { zoho: { status: "expired" } } }, "zoho-not"],
    ],
  },
  "sergas-accounts/cognee-answers": {
    healthy: { body: { status: "ok" }, headers: JSON_TYPE },
    faulty: [[{ body: '{"status":"ok"}', headers: HTML }, "type-lacks"]],
  },
  "sergas-accounts/accounts-endpoint": { healthy: { body: {} }, faulty: [[{ status: 500 }, "failed-above"]] },
  "sergas-accounts/rate-limited": {
    healthy: { body: {}, headers: { "x-ratelimit-limit": "60", "x-ratelimit-remaining": "59" } },
    faulty: [[{ body: {} }, "limit-absent"]],
  },
};

const checks = exampleSystems().flatMap((system) =>
  loadExample(system).checks.flatMap(({ check }) =>
    check.http === undefined ? [] : [`${system}/${check.id}`],
  ),
);

test("there is a case for every check of the examples that asks by http", () => {
  expect(Object.keys(CASES).toSorted()).toEqual(checks.toSorted());
});

/** Ids of what the check finds in this answer; the system's http connections all lead to a server that gives it. */
async function found(name: string, { status = 200, body = "", headers = {} }: Said): Promise<string[]> {
  const [system = "", id = ""] = name.split("/");
  const server = await webServer((_request, answer) =>
    answer.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body)),
  );
  const { runbooks } = knowledgeOf(loadExample(system));
  const runbook = runbooks.find((one) => one.id === id);
  if (runbook === undefined) throw new Error(`no check ${name}`);
  const named = Object.keys(runbook.only?.connections ?? {})[0] ?? "api";
  const bench = openBench({
    connections: { [named]: { kind: "http", url: `http://127.0.0.1:${server.port}` } },
    connectors: [httpConnector],
  });
  cleanups.push(server.close, bench.close);
  const { findings } = await bench.diagnose(runbook);
  return findings.map((finding) => finding.id);
}

describe.each(Object.entries(CASES))("%s", (name, { healthy, faulty }) => {
  test("finds nothing where all is well", async () => {
    expect(await found(name, healthy)).toEqual([]);
  });
  test("an answer nobody expects is never healthy", async () => {
    expect((await found(name, { status: 418, body: "teapot" })).length).toBeGreaterThan(0);
  });
  test.each(faulty)("%j is %s", async (said, id) => {
    expect(await found(name, said)).toContain(id);
  });
});
