import type { RequestListener } from "node:http";
import { afterEach, expect, test } from "vitest";
import { highErrorRate } from "../../../runbooks/prometheus/high-error-rate.ts";
import { slowResponses } from "../../../runbooks/prometheus/slow-responses.ts";
import * as prometheus from "../../../src/connectors/prometheus/actions.ts";
import { prometheusConnector } from "../../../src/connectors/prometheus/index.ts";
import { freePort } from "../../helpers/ports.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { webServer } from "../../helpers/web-server.ts";

// Answers a real Prometheus gives only in trouble, given by a small HTTP server instead (emulated).
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
const bench = (url: string, more: object = {}) => {
  const one = openBench({
    connections: { metrics: { kind: "prometheus", url, ...more } },
    connectors: [prometheusConnector],
  });
  cleanups.push(one.close);
  return one;
};
const serve = async (handler: RequestListener) => {
  const server = await webServer(handler);
  cleanups.push(server.close);
  return `http://127.0.0.1:${server.port}`;
};
const answers = (status: number, body: unknown) =>
  serve((_request, answer) =>
    answer.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body)),
  );

test("Prometheus is down: both runbooks say so instead of nothing", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  for (const runbook of [highErrorRate, slowResponses]) {
    const { findings } = await bench(url).diagnose(runbook);
    expect(findings.map(({ id, severity }) => [id, severity])).toEqual([["prometheus", "critical"]]);
    expect(findings[0]?.title).toContain("connection refused");
  }
});

test.each([
  ["starting", 503, "Service Unavailable", "target_error", "503"],
  ["credentials", 401, "Unauthorized", "target_auth", "401"],
  [
    "bad query",
    400,
    { status: "error", errorType: "bad_data", error: "parse error" },
    "target_error",
    "bad_data",
  ],
  [
    "overload",
    503,
    { status: "error", errorType: "timeout", error: "query timed out" },
    "timeout",
    "timeout",
  ],
  ["a login page", 200, "<html>login</html>", "target_error", "200"],
  [
    "another shape",
    200,
    { status: "success", data: { resultType: "streams", result: [] } },
    "bad_output",
    undefined,
  ],
] as const)("%s is an error with its own code", async (_name, status, body, code, detail) => {
  const call = bench(await answers(status, body)).call(prometheus.health());
  await expect(call).rejects.toMatchObject({ code, ...(detail === undefined ? {} : { detail }) });
});

test("a question that is too big is no Prometheus that is down", async () => {
  const body = {
    status: "error",
    errorType: "execution",
    error: "query processing would load too many samples into memory in query execution",
  };
  const diagnosis = await bench(await answers(422, body)).diagnose(slowResponses);
  expect(diagnosis.findings).toMatchObject([{ id: "prometheus:too-big", severity: "warning" }]);
  expect(diagnosis.advice("narrowQuestion")).toContain("labels:");
});

test("a partial answer is said before any number of it, and none of it is grave", async () => {
  const data = (url = "") =>
    url.includes("/labels")
      ? ["__name__", "status"]
      : {
          resultType: url.includes("query_range") ? "matrix" : "vector",
          result: url.includes("query_range") ? [] : [{ metric: { status: "500" }, value: [1, "12.5"] }],
        };
  const url = await serve((request, answer) =>
    answer.end(
      JSON.stringify({
        status: "success",
        warnings: ["store-2: connection refused"],
        data: data(request.url),
      }),
    ),
  );
  const { findings } = await bench(url).diagnose(highErrorRate);
  expect(findings[0]).toMatchObject({ id: "partial-answer", severity: "warning" });
  expect(findings[0]?.because).toContain("store-2: connection refused");
  expect(findings.map(({ severity }) => severity)).not.toContain("critical");
});

test("a check as data says that its answer was partial, too", async () => {
  const url = await answers(200, {
    ...{ status: "success", isPartial: true },
    data: { resultType: "vector", result: [] },
  });
  const reading = await bench(url).call(prometheus.query({ promql: "up" }));
  expect(reading.notSeen?.[0]?.why).toContain("isPartial");
});

test("remarks on the question are no gap", async () => {
  const url = await serve((_request, answer) =>
    answer.end(
      JSON.stringify({
        status: "success",
        warnings: ["PromQL warning: bucket label is missing"],
        infos: ["PromQL info: x"],
        data: { resultType: "vector", result: [] },
      }),
    ),
  );
  expect(await bench(url).call(prometheus.targets())).toEqual({ total: 0, down: [] });
});

test("not ready is told apart in the finding", async () => {
  const { findings } = await bench(await answers(503, "Service Unavailable")).diagnose(highErrorRate);
  expect(findings[0]?.title).toContain("not ready");
});

test("while it starts it says how far it is", async () => {
  const url = await serve((request, answer) =>
    request.url?.startsWith("/api/v1/status/walreplay") === true
      ? answer.end(
          JSON.stringify({
            status: "success",
            data: { min: 0, max: 412, current: 180, state: "in progress" },
          }),
        )
      : answer.writeHead(503).end("Service Unavailable"),
  );
  const { findings } = await bench(url).diagnose(highErrorRate);
  expect(findings[0]?.title).toContain("it is starting, 180 of 412 segments");
  expect(findings[0]?.remedies).toEqual(["awaitStart"]);
});

test("an answer beyond 8 MiB is refused", async () => {
  const url = await serve((_request, answer) => {
    const more = () => answer.write("x".repeat(1024 * 1024), (error) => (error ? undefined : more()));
    more();
  });
  await expect(bench(url).call(prometheus.health())).rejects.toMatchObject({ code: "output_too_large" });
});

test("a Prometheus that hangs is a timeout", async () => {
  const url = await serve(() => undefined);
  await expect(bench(url).call(prometheus.health())).rejects.toMatchObject({
    code: "timeout",
    detail: "answer",
  });
});

test("headers and path prefix of the connection are used, and never shown", async () => {
  const seen: string[] = [];
  const url = await serve((request, answer) => {
    seen.push(`${request.headers.authorization} ${request.url}`);
    answer.writeHead(500).end("boom");
  });
  const headers = { authorization: "Bearer prometheus-secret" };
  const diagnosis = await bench(`${url}/prom/`, { headers }).diagnose(slowResponses);
  expect(seen[0]).toMatch(/^Bearer prometheus-secret \/prom\/api\/v1\//);
  expect(JSON.stringify(diagnosis.findings)).not.toContain("prometheus-secret");
});
