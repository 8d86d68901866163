// Emulated stores: neither Jaeger nor Tempo can be had where the tests run.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { slowTraces } from "../../../runbooks/jaeger/slow-traces.ts";
import { jaeger } from "../../../src/sdk/index.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import {
  type EmulatedTraces,
  emulatedTraces,
  type LabSpan,
  type LabTrace,
} from "../../helpers/trace-server.ts";

let next = 0;
/** A trace of a minute ago; the first span is its root. */
const trace = (...spans: LabSpan[]): LabTrace => {
  next += 1;
  return { id: `4bf92f3577b34da${String(next).padStart(4, "0")}`, at: Date.now() / 1000 - 60 - next, spans };
};
const root = (to: number, more: Partial<LabSpan> = {}): LabSpan => ({
  ...{ id: "r", service: "api", name: "GET /orders", from: 0, to },
  ...more,
});
const query = (id: string, from: number, to: number, more: Partial<LabSpan> = {}): LabSpan => ({
  ...{ id, parent: "r", service: "shop-db", name: "SELECT orders", from, to },
  tags: { "db.statement": `SELECT * FROM items WHERE order_id = ${next * 100 + from}` },
  ...more,
});

describe.each(["jaeger", "tempo"] as const)("%s", (api) => {
  let server: EmulatedTraces;
  beforeAll(async () => {
    server = await emulatedTraces(api);
  });
  beforeEach(() => {
    server.traces = [];
    server.asked.splice(0);
  });
  afterAll(() => server?.close());

  const diagnose = async (
    params: Record<string, unknown> = {},
    more: object = {},
    labels?: Record<string, string>,
  ) => {
    const { connector } = jaeger.kind;
    if (connector === undefined) throw new Error("no connector");
    const bench = openBench({
      connections: { traces: { kind: "jaeger", url: `http://127.0.0.1:${server.port}`, api, ...more } },
      connectors: [connector],
      ...(labels === undefined ? {} : { alert: { labels, annotations: {} } }),
    });
    return bench.diagnose(slowTraces, params).finally(() => bench.close());
  };
  const found = async (params: Record<string, unknown> = { service: "api" }) =>
    (await diagnose(params)).findings.map(({ id, severity }) => `${severity} ${id}`);

  test("the service of an alert is often another's word: one without traces gives way to the connection's own", async () => {
    server.traces = [trace(root(5_000), query("a", 10, 4_900))];
    const labels = { alertname: "Slow", service: "shop-api-k8s" };
    const alerted = await diagnose({ service: "shop-api-k8s" }, { service: "api" }, labels);
    expect(alerted.findings.map(({ id }) => id)).toEqual(["holds-up"]);
    // A person means what is typed.
    expect(
      (await diagnose({ service: "shop-api-k8s" }, { service: "api" })).findings.map(({ id }) => id),
    ).toEqual(["no-traces"]);
  });

  test("requests that are quick enough: healthy", async () => {
    server.traces = [trace(root(800), query("a", 10, 790))];
    expect(await found()).toEqual([]);
  });

  test("the step on the critical path, not the one beside it that takes as long", async () => {
    const one = () =>
      trace(
        root(4_000),
        query("a", 50, 3_900),
        // Runs meanwhile, and ends before: it holds up nothing.
        { id: "b", parent: "r", service: "mail", name: "POST /send", from: 60, to: 3_800 },
      );
    server.traces = [one(), one(), trace(root(900))];
    const run = await diagnose({ service: "api" });
    expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning holds-up"]);
    const { title, because } = run.finding("holds-up");
    expect(title).toBe("shop-db SELECT orders holds up 2 of 2 slow traces of api: 96 % of their time");
    expect(because).toContain("Only traces that were sampled");
    expect(run.advice("lookThere")).toContain("“SELECT * FROM items WHERE order_id = ?”");
    expect(JSON.stringify(run.seen)).not.toMatch(/order_id = \d/);
  });

  test("one query per row, one after another; the same at once is no such pattern", async () => {
    const rows = (inTurn: boolean) =>
      trace(
        root(3_000),
        ...Array.from({ length: 40 }, (_one, n) =>
          query(`q${n}`, inTurn ? 100 + n * 70 : 100, inTurn ? 160 + n * 70 : 2_900),
        ),
      );
    server.traces = [rows(true), rows(true)];
    const run = await diagnose({ service: "api" });
    expect(run.findings[0]?.id).toBe("one-by-one");
    expect(run.finding("one-by-one").title).toBe(
      "shop-db SELECT orders: 40 times one after another in one request",
    );
    expect(run.finding("one-by-one").because).toContain("each about 60 ms; in 2 of 2 slow traces");
    expect(run.advice("batch")).toContain("WHERE id IN");
    server.traces = [rows(false)];
    expect(await found()).toEqual(["warning holds-up"]);
  });

  test("tries that fail, one after another", async () => {
    const tries = [0, 1, 2].map((n) =>
      query(`t${n}`, 100 + n * 1_000, 1_050 + n * 1_000, {
        service: "api",
        name: "POST pay.example",
        tags: n < 2 ? { error: true, "http.status_code": 503 } : {},
      }),
    );
    server.traces = [trace(root(3_200), ...tries)];
    const run = await diagnose({ service: "api" });
    expect(run.findings[0]?.id).toBe("tried-again");
    expect(run.finding("tried-again").title).toContain("2 of 3 in one request");
  });

  test("time that no span tells is said to be untold, and not put on the last query", async () => {
    server.traces = [trace(root(5_000), query("a", 100, 200), query("b", 4_800, 4_900))];
    const run = await diagnose({ service: "api" });
    expect(run.findings[0]?.id).toBe("untold");
    expect(run.finding("untold").title).toBe("api GET /orders: 4.6 s that no span tells");
    expect(run.advice("tellGap")).toContain("To tell them apart");
  });

  test("a leaf that works long is no gap", async () => {
    server.traces = [trace(root(5_000))];
    const run = await diagnose({ service: "api" });
    expect(run.findings.map(({ id }) => id)).toEqual(["holds-up"]);
  });

  test("no traces at all is not healthy: not of this service, and not of that time", async () => {
    server.traces = [trace(root(100, { service: "web" }))];
    const run = await diagnose({ service: "api" });
    expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning no-traces"]);
    expect(run.finding("no-traces").because).toContain("it is not instrumented, has another name");
    expect(run.advice("sendTraces")).toContain("There are traces of: web");
    server.traces = [{ ...trace(root(100)), at: Date.now() / 1000 - 90_000 }];
    expect((await diagnose({ service: "api" })).finding("no-traces").because).toContain(
      "There were some before",
    );
  });

  test("whose traces: the alert's service, the connection's, the only one; otherwise it asks", async () => {
    server.traces = [trace(root(3_000)), trace(root(100, { service: "web" }))];
    expect((await diagnose()).findings.map(({ id }) => id)).toEqual(["which-service"]);
    expect((await diagnose({}, { service: "api" })).findings.map(({ id }) => id)).toEqual(["holds-up"]);
    server.traces = [trace(root(3_000))];
    expect(await found({})).toEqual(["warning holds-up"]);
  });

  test("a service's name is text within the question", async () => {
    const name = 'api" || true || "';
    server.traces = [trace(root(3_000))];
    await diagnose({ service: name });
    const asked = server.asked.find(({ searchParams }) => searchParams.has("limit"))?.searchParams;
    if (api === "tempo")
      expect(asked?.get("q")).toBe(
        '{ resource.service.name = "api\\" || true || \\"" && duration >= 2000ms }',
      );
    else expect(asked?.get("service")).toBe(name);
  });

  test("more slow ones than are given: said, as the slowest may be among the rest", async () => {
    server.traces = Array.from({ length: 110 }, () => trace(root(3_000)));
    const run = await diagnose({ service: "api" });
    expect(run.findings.map(({ id }) => id)).toEqual(["holds-up", "could-not-look"]);
    expect(run.finding("could-not-look").title).toContain("further slow traces");
  });

  test("a part of a trace is missing: said", async () => {
    server.traces = [trace(root(3_000), query("a", 100, 2_900), query("c", 200, 2_000, { parent: "gone" }))];
    expect((await diagnose({ service: "api" })).finding("holds-up").because).toContain(
      "Of 1 a part is missing",
    );
  });

  test("another server, and a wrong path: what to do", async () => {
    const { connector } = jaeger.kind;
    if (connector === undefined) throw new Error("no connector");
    const bench = openBench({
      connections: {
        traces: { kind: "jaeger", url: `http://127.0.0.1:${server.port}/ui`, api },
      },
      connectors: [connector],
    });
    const run = await bench.diagnose(slowTraces, { service: "api" }).finally(() => bench.close());
    expect(run.findings.map(({ id }) => id)).toEqual(["traces-unseen"]);
    expect(run.advice("reachTraces")).toContain("before /api");
  });
});
