import type { RequestListener } from "node:http";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { httpConnector } from "../../../src/connectors/http/index.ts";
import { prometheusConnector } from "../../../src/connectors/prometheus/index.ts";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import type { Reading } from "../../../src/core/words/reading.ts";
import { startPrometheus, whyNoPrometheus } from "../../helpers/prometheus-server.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { webServer } from "../../helpers/web-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
const reader =
  (kind: "http" | "prometheus" | "redis", action: string) =>
  (connection: object, input: object): Promise<Reading> => {
    const bench = openBench({
      connections: { it: { kind, ...connection } },
      connectors: [httpConnector, prometheusConnector, redisConnector],
    });
    cleanups.push(bench.close);
    return bench.call<Reading>({ action, input: input as never });
  };
const asRecord = ({ columns, rows }: Reading) =>
  rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]])));

describe("http.get-json", () => {
  const get = reader("http", "http.get-json");
  const serve = async (handler: RequestListener) => {
    const server = await webServer(handler);
    cleanups.push(server.close);
    return { url: `http://127.0.0.1:${server.port}` };
  };
  const says = (body: unknown, status = 200) =>
    serve((_request, answer) =>
      answer.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body)),
    );

  test("fields by path: nested, of lists, their length; null is null and what is not there has no column", async () => {
    const fields = {
      depth: "queues[1].depth",
      queues: "queues.length",
      none: "none",
      gone: "a.b",
      own: "constructor",
    };
    const reading = await get(await says({ queues: [{ depth: 1 }, { depth: 7 }], none: null }), {
      path: "/stats",
      fields,
    });
    expect(asRecord(reading)).toEqual([
      { status: 200, ms: expect.any(Number), bytes: 48, depth: 7, queues: 2, none: null },
    ]);
  });

  test("a status nobody asked for is no answer; where findings ask for it, it is a value", async () => {
    const ill = await says({ depth: 9 }, 503);
    await expect(get(ill, { path: "/" })).rejects.toMatchObject({ code: "target_error", detail: "503" });
    const fields = { depth: "depth" };
    expect(asRecord(await get(ill, { path: "/", anyStatus: true, fields }))).toMatchObject([
      { status: 503, depth: 9 },
    ]);
    expect(
      asRecord(await get(await says("<h1>", 502), { path: "/", anyStatus: true, fields })),
    ).toMatchObject([{ status: 502 }]);
  });

  test("a body that is no JSON, or too large, is no answer", async () => {
    const fields = { n: "n" };
    await expect(get(await says("<html>"), { path: "/", fields })).rejects.toThrow("not with JSON");
    await expect(get(await says({ n: "x".repeat(70_000) }), { path: "/", fields })).rejects.toMatchObject({
      code: "output_too_large",
    });
  });

  test.each(["//evil.example/x", "http://evil.example/", "/a b", "/x#y"])(
    "%s is no path of the service",
    async (path) => {
      await expect(get({ url: "http://127.0.0.1:9" }, { path })).rejects.toThrow();
    },
  );
});

describe("prometheus.query (emulated)", () => {
  const ask = reader("prometheus", "prometheus.query");
  const answering = async (result: unknown, resultType = "vector") => {
    const asked: string[] = [];
    const server = await webServer((request, answer) => {
      asked.push(new URL(request.url ?? "", "http://x").searchParams.get("query") ?? "");
      answer.end(JSON.stringify({ status: "success", data: { resultType, result } }));
    });
    cleanups.push(server.close);
    return { url: `http://127.0.0.1:${server.port}`, asked };
  };
  const of = (metric: object, value: string) => ({ metric, value: [1, value] });

  test("labels and value; NaN is no value; a label called value makes room", async () => {
    const { url } = await answering([of({ job: "a", value: "x" }, "1.5"), of({ pod: "p" }, "NaN")]);
    expect(asRecord(await ask({ url }, { promql: "x" }))).toEqual([
      { job: "a", label_value: "x", pod: null, value: 1.5 },
      { job: null, label_value: null, pod: "p", value: null },
    ]);
  });

  test("a scalar is a value; at most 200 series are kept", async () => {
    expect(asRecord(await ask({ url: (await answering([1, "4"], "scalar")).url }, { promql: "4" }))).toEqual([
      { value: 4 },
    ]);
    const { url } = await answering(Array.from({ length: 201 }, (_, at) => of({ pod: `p${at}` }, "1")));
    const { rows, more } = await ask({ url }, { promql: "x" });
    expect([rows.length, more]).toEqual([200, true]);
  });

  test("no series is no answer, unless the check says what it means", async () => {
    const { url } = await answering([]);
    await expect(ask({ url }, { promql: "x", wants: { empty: false } })).rejects.toThrow(
      "returned nothing at all",
    );
    expect(await ask({ url }, { promql: "x", wants: { columns: ["value"], empty: true } })).toMatchObject({
      rows: [],
    });
  });

  test("$labels stands for the connection's matchers, escaped; without any it fits every series", async () => {
    const { url, asked } = await answering([]);
    await ask({ url, labels: { job: 'a"}) or vector(1) #' } }, { promql: "up{$labels}" });
    await ask({ url }, { promql: 'up{$labels, a="$labelsX"}' });
    expect(asked).toEqual(['up{job="a\\"}) or vector(1) #"}', 'up{__name__!="", a="$labelsX"}']);
  });
});

describe.skipIf(whyNoPrometheus() !== undefined)("prometheus.query", () => {
  let server: Awaited<ReturnType<typeof startPrometheus>>;
  beforeAll(async () => {
    const line = (job: string, slope: number) => ({
      name: "depth",
      labels: { job },
      value: (s: number) => s * slope,
    });
    server = await startPrometheus([line("a", 1), line("b", 2)], {});
  });
  afterAll(() => server.stop());

  test("over an hour: a line each to plot, and its last value", async () => {
    const ask = reader("prometheus", "prometheus.query");
    const reading = await ask({ url: server.url }, { promql: "depth", rangeSeconds: 3600 });
    expect(reading.series?.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(reading.series?.[0]?.points.length).toBe(241);
    const [a, b] = asRecord(reading).map(({ value }) => Number(value));
    expect(a).toBeGreaterThan(3000);
    expect(b).toBeGreaterThan(6000);
  });

  test("an expression that does not parse is said to", async () => {
    const ask = reader("prometheus", "prometheus.query");
    await expect(ask({ url: server.url }, { promql: "sum(" })).rejects.toMatchObject({ detail: "bad_data" });
  });
});

describe.skipIf(whyNoRedis() !== undefined)("redis.values", () => {
  let server: RedisServer;
  let app: Redis;
  beforeAll(async () => {
    server = await startRedis();
    app = new Redis(server.url);
    await app.mset({ flag: "on", count: "12", long: "x".repeat(9_000) });
    await app.rpush("jobs", "a", "b");
    await app.hset("h", "f", "1");
    await app.set("fleeting", "1", "EX", 1000);
  });
  afterAll(async () => {
    app.disconnect();
    await server.stop();
  });
  const ask = (reads: object, wants: object = {}) =>
    reader("redis", "redis.values")({ url: server.url }, { reads, wants });

  test("one read of the closed list per column; what is not there is null, of INFO no column", async () => {
    const reads = {
      flag: { get: "flag" },
      count: { get: "count" },
      long: { get: "long" },
      missing: { get: "nobody" },
      jobs: { llen: "jobs" },
      none: { llen: "nobody" },
      field: { hget: ["h", "f"] },
      ttl: { ttl: "fleeting" },
      forever: { ttl: "flag" },
      type: { type: "jobs" },
      is: { exists: "jobs" },
      keys: { dbsize: true },
      memory: { info: "used_memory" },
      odd: { info: "no_such_field" },
    };
    const [row] = asRecord(await ask(reads));
    expect(row).toMatchObject({
      flag: "on",
      count: 12,
      missing: null,
      jobs: 2,
      none: 0,
      field: 1,
      forever: null,
      type: "list",
      is: 1,
      keys: 6,
    });
    expect(Number(row?.ttl)).toBeGreaterThan(900);
    expect(Number(row?.memory)).toBeGreaterThan(100_000);
    expect(String(row?.long)).toHaveLength(500);
    expect(Object.keys(row ?? {})).not.toContain("odd");
  });

  test("a key of another type is an error, not a value; so is a field that findings ask for and INFO does not have", async () => {
    await expect(ask({ n: { llen: "flag" } })).rejects.toMatchObject({ code: "target_error" });
    await expect(ask({ n: { info: "no_such_field" } }, { columns: ["n"] })).rejects.toMatchObject({
      code: "bad_output",
    });
  });

  test.each([{ del: "jobs" }, { get: "a", llen: "b" }, {}, { info: "a b" }])(
    "%j is no read of the list",
    async (one) => {
      await expect(ask({ n: one })).rejects.toThrow();
    },
  );
});
