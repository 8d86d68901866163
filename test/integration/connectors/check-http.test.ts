import type { RequestListener } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { httpConnector } from "../../../src/connectors/http/index.ts";
import type { Reading } from "../../../src/core/words/reading.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { webServer } from "../../helpers/web-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A real HTTP server, and what the check's read makes of its answers. */
async function asking(handler: RequestListener, input: object, settings: object = {}) {
  let asked = 0;
  const server = await webServer((request, answer) => {
    asked += 1;
    handler(request, answer);
  });
  const url = `http://127.0.0.1:${server.port}`;
  const bench = openBench({
    connections: { it: { kind: "http", url, ...settings } },
    connectors: [httpConnector],
  });
  cleanups.push(server.close, bench.close);
  const call = { action: "http.get-json", input: { path: "/x", ...input } as never };
  const reading = bench
    .call<Reading>(call)
    .then(({ columns, rows }) =>
      rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]]))),
    );
  return { reading, asked: () => asked };
}
const says =
  (body: string, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_request, answer) =>
    answer.writeHead(status, headers).end(body);

describe("what of an answer is a column", () => {
  test("a text of the page by how often it stands there; a header by its value; what is not there is absent", async () => {
    const page = "<html><title>Resync</title><div>a</div><div>b</div></html>";
    const { reading } = await asking(says(page, 200, { "Content-Type": "text/html" }), {
      text: { title: "<title>Resync</title>", parts: "<div>", gone: "Sign in" },
      headers: { type: "content-type", strict: "Strict-Transport-Security" },
    });
    const [row] = await reading;
    expect(row).toMatchObject({
      status: 200,
      bytes: page.length,
      title: 1,
      parts: 2,
      gone: 0,
      type: "text/html",
    });
    expect(row).not.toHaveProperty("strict");
  });

  test("a metric by the sum of its series; NaN, an exemplar, a label with a brace and a name within another do not count", async () => {
    const page = `# HELP tws_requests_total 99
# TYPE tws_requests_total counter
tws_requests_total{path="/a}b 7",code="200"} 3 1395066363000
tws_requests_total{path="/b"} 4.5 # {trace_id="x"} 0.5
tws_requests_total_created 1000
tws_status NaN
tws_limit +Inf
tws_up 1
<html>tws_up 5
`;
    const { reading } = await asking(says(page), {
      metrics: {
        requests: "tws_requests_total",
        state: "tws_status",
        limit: "tws_limit",
        up: "tws_up",
        no: "x",
      },
    });
    const [row] = await reading;
    expect(row).toMatchObject({ requests: 7.5, up: 1 });
    for (const gone of ["state", "limit", "no"]) expect(row).not.toHaveProperty(gone);
  });

  test("of a list each entry is a row, with the columns of the answer; where there is no list it is no answer", async () => {
    const body = JSON.stringify({
      breakers: [
        { name: "zoho", state: "open" },
        { name: "mail", state: "closed" },
      ],
    });
    const input = { rows: "breakers", fields: { name: "name", state: "state", since: "since" } };
    const { reading } = await asking(says(body), input);
    expect(await reading).toMatchObject([
      { status: 200, name: "zoho", state: "open", since: null },
      { status: 200, name: "mail", state: "closed", since: null },
    ]);
    const other = await asking(says("{}"), input);
    await expect(other.reading).rejects.toThrow("no list at breakers");
  });

  test("a field of the author's own that is called bytes, or failed without samples, is the author's", async () => {
    const { reading } = await asking(says('{"b":"own","f":2}'), { fields: { bytes: "b", failed: "f" } });
    expect(await reading).toEqual([{ status: 200, ms: expect.any(Number), bytes: "own", failed: 2 }]);
  });

  test("of an error that findings are about, what it does not hold is said not to be seen", async () => {
    const server = await webServer(says("<h1>", 503));
    const url = `http://127.0.0.1:${server.port}`;
    const bench = openBench({ connections: { it: { kind: "http", url } }, connectors: [httpConnector] });
    cleanups.push(server.close, bench.close);
    const input = { path: "/x", fields: { n: "n" }, anyStatus: true, wants: { columns: ["status", "n"] } };
    const reading = await bench.call<Reading>({ action: "http.get-json", input: input as never });
    expect(reading.notSeen).toEqual([{ what: "n", why: "the answer was 503" }]);
  });

  test("of a page beyond 1 MiB nothing is said, and up to there all is read", async () => {
    const text = { end: "THE END" };
    const fits = await asking(says(`${"x".repeat(1_000_000)}THE END`), { text });
    expect(await fits.reading).toMatchObject([{ end: 1 }]);
    const large = await asking(says(`${"x".repeat(1_100_000)}THE END`), { text });
    await expect(large.reading).rejects.toMatchObject({ code: "output_too_large" });
  });
});

describe("samples", () => {
  test("the median and the slowest of those that were answered", async () => {
    const { reading, asked } = await asking(says("{}"), { samples: 3 });
    const [row] = await reading;
    expect(asked()).toBe(3);
    expect(row).toMatchObject({
      status: 200,
      failed: 0,
      ms: expect.any(Number),
      slowest: expect.any(Number),
    });
    expect(Number(row?.slowest)).toBeGreaterThanOrEqual(Number(row?.ms));
  });

  test("one that failed is no answer, unless the findings are about it", async () => {
    let turn = 0;
    const flaky: RequestListener = (request, answer) => {
      turn += 1;
      says("{}", turn % 3 === 2 ? 500 : 200)(request, answer);
    };
    const strict = await asking(flaky, { samples: 3 });
    await expect(strict.reading).rejects.toMatchObject({ code: "target_error", detail: "500" });
    turn = 0;
    const counted = await asking(flaky, { samples: 3, countsFailures: true });
    expect(await counted.reading).toMatchObject([{ failed: 1, status: 500 }]);
  });

  test("no answer at all is an error, however it is counted", async () => {
    const { reading } = await asking((request) => request.socket.destroy(), {
      samples: 2,
      countsFailures: true,
    });
    await expect(reading).rejects.toMatchObject({ code: "target_unreachable" });
  });

  test.each([429, 401, 404])("after %s nothing is asked again", async (status) => {
    const { reading, asked } = await asking(says("no", status), {
      samples: 5,
      anyStatus: true,
      countsFailures: true,
    });
    expect(await reading).toMatchObject([{ status, failed: 1 }]);
    expect(asked()).toBe(1);
  });

  test("a service that asks to wait is not asked again", async () => {
    const { reading, asked } = await asking(says("busy", 503, { "retry-after": "30" }), {
      samples: 5,
      countsFailures: true,
    });
    expect(await reading).toMatchObject([{ status: 503, failed: 1 }]);
    expect(asked()).toBe(1);
  });
});
