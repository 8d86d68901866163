import { describe, expect, test } from "vitest";
import { readBody } from "../../../../src/connectors/http/answer/read.ts";
import type { Heard } from "../../../../src/connectors/http/answer/shape.ts";
import { fc } from "../../../helpers/property.ts";

const heard = (contentType: string, body: string): Heard => ({
  path: "/health",
  origin: "http://shop.lab",
  status: 200,
  headers: { "content-type": contentType },
  body,
  isCut: false,
  sentCredentials: false,
});
const read = (contentType: string, body: string) => readBody(heard(contentType, body));
const json = (body: unknown) => read("application/json; charset=utf-8", JSON.stringify(body));
const bad = (body: unknown) =>
  json(body)
    .components.filter(({ verdict }) => verdict !== "healthy")
    .map(({ name, status }) => `${name}=${status}`);

describe("the body of a health endpoint", () => {
  test.each([
    [{ status: "ok" }, "healthy"],
    [{ status: "UP" }, "healthy"],
    [{ status: "Degraded" }, "degraded"],
    [{ status: "OUT_OF_SERVICE" }, "unhealthy"],
    [{ status: "not ready" }, "unhealthy"],
    [{ status: "SERVING" }, "healthy"],
    [{ status: "NOT_SERVING" }, "unhealthy"],
    [{ healthy: false }, "unhealthy"],
    [{ health: "true", reason: "" }, "healthy"],
    [{ status: 200 }, "healthy"],
    [{ status: 503 }, "unhealthy"],
    [{ ok: 1 }, "healthy"],
    [{ up: 0 }, "unhealthy"],
    [{ success: false, error: "no route to db" }, "unhealthy"],
    [{ error: "node is not healthy" }, "unhealthy"],
    [{ error: null, uptime: 12 }, "unknown"],
    [{ errors: [{ message: "boom" }] }, "unhealthy"],
    [{ errors: [{ message: "boom" }], data: { a: 1 } }, "unknown"],
    [{ data: { status: "down" } }, "unhealthy"],
    [{ status: "success", data: { status: "down" } }, "unhealthy"],
    [{ web_server: true }, "healthy"],
    [{ web_server: true, db: false }, "unhealthy"],
    [{ status: "frobnicating" }, "unknown"],
    [{}, "unknown"],
    [[{ name: "db", status: "down" }], "unhealthy"],
    [["a", 1, null], "unknown"],
    ["OK", "healthy"],
    [true, "healthy"],
  ] as const)("%j is %s", (body, verdict) => {
    expect(json(body).verdict).toBe(verdict);
  });

  test.each([
    { status: "ok", log_level: "error" },
    { status: "ok", logLevel: "critical", "fail-mode": "stopped" },
    { status: "ok", timed_out: false, debug: false, maintenance: false },
    { status: "green", theme: "red", on_failure: "stopped", lastStatus: "failed" },
    { status: "pass", errors: [], failures: {}, problems: [] },
    { status: "ok", cache_enabled: false, readOnly: false, version: "down-2.1" },
    { status: "UP", groups: ["liveness", "readiness"] },
    { installed: true, maintenance: false, needsDbUpgrade: false, version: "29.0" },
    { starting: false, uptime: "3.2d" },
    {
      Healthy: true,
      FailureTolerance: 0,
      Servers: [{ Name: "a", SerfStatus: "alive", Leader: false, Voter: true, Healthy: true }],
    },
    { commit: "abc", database: "ok", version: "11.0" },
    { status: "success", data: { version: "2.1" } },
  ])("a word counts with its key: nothing is ill in %j", (body) => {
    expect(bad(body)).toEqual([]);
    expect(json(body).verdict).not.toMatch(/degraded|unhealthy/);
  });

  test.each([
    [{ status: "DOWN", components: { db: { status: "DOWN" }, disk: { status: "UP" } } }, ["db=DOWN"]],
    [
      {
        status: "error",
        error: { db: { status: "down" } },
        details: { redis: { status: "up" }, db: { status: "down" } },
      },
      ["db=down"],
    ],
    [
      { status: "fail", checks: { "redis:time": [{ status: "fail" }, { status: "pass" }] } },
      ["redis:time=fail"],
    ],
    [{ status: "ok", services: [{ name: "queue", status: "stopped" }] }, ["queue=stopped"]],
    [{ status: "ok", zoho: "expired", database: "connected", version: "2.1" }, ["zoho=expired"]],
    [{ checks: { db: true, cache: false } }, ["cache=false"]],
    [
      [
        { name: "db", status: "down" },
        { name: "mq", status: "up" },
      ],
      ["db=down"],
    ],
    // The part that is ill within the part, not the whole above it.
    [
      {
        status: "DOWN",
        components: {
          db: { status: "DOWN", components: { primary: { status: "UP" }, replica: { status: "DOWN" } } },
        },
      },
      ["db/replica=DOWN"],
    ],
    [{ status: { db: "ok", cache: "down" } }, ["cache=down"]],
    [{ deadlocks: { healthy: true }, db: { healthy: false, message: "refused" } }, ["db=healthy: false"]],
    [{ status: "Partially Available", failures: { db: "connection refused" } }, ["db=connection refused"]],
    [
      {
        name: "sink",
        connector: { state: "RUNNING" },
        tasks: [
          { id: 0, state: "RUNNING" },
          { id: 1, state: "FAILED" },
        ],
      },
      ["tasks 1=FAILED"],
    ],
    [
      {
        metadatabase: { status: "healthy" },
        scheduler: { status: "unhealthy" },
        triggerer: { status: null },
      },
      ["scheduler=unhealthy"],
    ],
    [{ status: "OK", database_status: "OK", filestore_status: "UNHEALTHY" }, ["filestore_status=UNHEALTHY"]],
    [
      { DatabaseBackend: "working", CacheBackend: "unavailable: Connection refused" },
      ["CacheBackend=unavailable: Connection refused"],
    ],
    [
      { results: [{ checker: "redis", passed: false, output: "x" }], status: "failure" },
      ["redis=passed: false"],
    ],
    [{ status: "UP", checks: [{ name: "db", status: "DOWN", data: {} }] }, ["db=DOWN"]],
    [{ installed: true, maintenance: true }, ["maintenance=true"]],
    [{ entries: { db: { status: 0 }, mq: { status: 2 } }, status: 1, totalDuration: "0" }, ["db=Unhealthy"]],
    [
      [{ name: "rabbit@a", running: true, mem_alarm: true, disk_free_alarm: false }],
      ["rabbit@a=memory alarm: publishers are blocked"],
    ],
  ] as const)("parts that are ill in %j", (body, expected) => {
    expect(bad(body)).toEqual(expected);
  });

  test("without a word of its own the worst part counts", () => {
    expect(json({ checks: { db: "ok", cache: "degraded" } }).verdict).toBe("degraded");
  });

  test.each([
    ["OK\n", "healthy"],
    ["Ok.\n", "healthy"],
    ["pong", "healthy"],
    ["true", "healthy"],
    ["Healthy", "healthy"],
    ["Degraded", "degraded"],
    ["Unhealthy", "unhealthy"],
    ["Prometheus Server is Healthy.", "healthy"],
    ["healthz check passed", "healthy"],
    ["LIVE\n", "healthy"],
    ["PRE_INITIALIZING", "degraded"],
    ["SERVER_IS_NOT_READY", "unhealthy"],
    ["Ingester not ready: waiting for 15s after being ready", "unhealthy"],
    ["WARN: inconsistent objects in schema", "degraded"],
    ["GitLab OK", "unknown"],
    ["OK - 3 checks", "healthy"],
    ["[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n", "unhealthy"],
    ["[+]ping ok\n[+]etcd ok\nhealthz check passed\n", "healthy"],
    ["Active connections: 3 \nserver accepts handled requests\n", "healthy"],
    ["# HELP process_cpu_seconds_total", "unknown"],
  ] as const)("plain text %j is %s", (body, verdict) => {
    expect(read("text/plain", body).verdict).toBe(verdict);
  });

  test("announced JSON that is none is broken; JSON without the announcement is read; OK is a word", () => {
    expect(read("application/json", "<htm").isBroken).toBe(true);
    expect(read("text/plain", '{"status":"down"}').verdict).toBe("unhealthy");
    expect(read("application/json", "OK").isBroken).toBe(false);
    expect(read("application/json", "").isBroken).toBe(false);
  });

  test.each([
    '[{"toString":null}]',
    '{"checks":[{"name":{"toString":null},"status":"ok"}]}',
    "[null]",
    '[{"constructor":{"name":1}}]',
    '{"__proto__":{"status":"down"}}',
  ])("objects where words are expected: %s", (body) =>
    expect(() => read("application/json", body)).not.toThrow(),
  );

  test("lists within lists without end", () => {
    const body = `{"checks":${"[".repeat(20_000)}"down"${"]".repeat(20_000)}}`;
    expect(() => read("application/json", body)).not.toThrow();
  });

  test("never throws and stays small, whatever comes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        expect(read("application/json", body).components.length).toBeLessThanOrEqual(30);
        expect(() => read("text/html", `<html><body>${body}`)).not.toThrow();
      }),
    );
  });
});
