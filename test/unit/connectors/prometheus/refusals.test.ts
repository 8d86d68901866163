import { describe, expect, it, test } from "vitest";
import { refusalOf } from "../../../../src/connectors/prometheus/refusals.ts";
import { prometheusTrouble } from "../../../../src/connectors/prometheus/trouble.ts";

const error = (message: string, detail: string, said?: Record<string, string>, code = "target_error") => ({
  ...{ code, message, detail },
  ...(said === undefined ? {} : { said }),
});

// The words of the servers themselves.
test.each([
  [
    "too-big",
    "execution: query processing would load too many samples into memory in query execution",
    "execution",
  ],
  [
    "too-big",
    "bad_data: exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution",
    "bad_data",
  ],
  ["too-big", "422: cannot select more than -search.maxSamplesPerQuery=1000000000 samples", "422"],
  [
    "too-big",
    "422: the number of matching timeseries exceeds 300000; either narrow down the search or increase -search.maxUniqueTimeseries",
    "422",
  ],
  [
    "too-big",
    "execution: the query exceeded the maximum number of series (limit: 100 series) (err-mimir-max-series-per-query)",
    "execution",
  ],
  [
    "too-big",
    "bad_data: the query time range exceeds the limit (query length: 721h, limit: 720h) (err-mimir-max-query-length)",
    "bad_data",
  ],
  ["too-big", "execution: exceeded series limit: rpc error: limit 5 violated (got 6)", "execution"],
  ["too-big", "h: the answer is larger than 8388608 bytes", "output_too_large"],
  ["too-slow", "timeout: query timed out in expression evaluation", "timeout"],
  ["too-many", "HTTP 429: too many outstanding requests", "429"],
  [
    "too-many",
    "422: couldn't start executing the request in 10.000 seconds, since -search.maxConcurrentRequests=16 concurrent requests are executed",
    "422",
  ],
  ["disk", "internal: write /data/wal/000: no space left on device", "internal"],
  ["cluster", "HTTP 500: at least 1 live replicas required, could only find 0", "500"],
  ["cluster", "HTTP 500: empty ring", "500"],
  ["starting", "HTTP 503: Service Unavailable", "503"],
  ["proxy", "HTTP 502: <html>Bad Gateway", "502"],
  ["path", "HTTP 404: 404 page not found", "404"],
  ["path", "HTTP 400: unsupported URL format", "400"],
  ["redirected", "HTTP 302", "302"],
  ["page", "the answer is not of the Prometheus API", "200"],
  ["query", "bad_data: 1:5: parse error: unexpected identifier", "bad_data"],
] as const)("%s: %s", (id, message, detail) => {
  expect(refusalOf(error(message, detail))?.id).toBe(id);
});

test.each([
  ["tenant", "no org id"],
  ["signature", '{"message":"Missing Authentication Token"}'],
  ["credentials", "Unauthorized"],
] as const)("401 with %s beside it", (id, body) => {
  expect(
    refusalOf(error("did not accept our credentials", "401", { status: "401", body }, "target_auth"))?.id,
  ).toBe(id);
});

it("what happens on the way there is not Prometheus' own", () => {
  expect(
    refusalOf(error("connect ECONNREFUSED", "ECONNREFUSED", undefined, "target_unreachable")),
  ).toBeUndefined();
  expect(refusalOf(error("no answer in time", "answer", undefined, "timeout"))).toBeUndefined();
});

describe("the trouble", () => {
  const seen = (...errors: ReturnType<typeof error>[]) =>
    Object.fromEntries(errors.map((one, index) => [`step${index}`, { ok: false as const, error: one }]));
  const big = error("execution: too many samples", "execution");

  it("of a question that is too big is a warning with advice to ask for less, not a Prometheus that is down", () => {
    const [one, ...more] = prometheusTrouble(seen(big, big));
    expect(one).toMatchObject({
      id: "prometheus:too-big",
      severity: "warning",
      remedy: { key: "narrowQuestion" },
    });
    expect(one?.remedy.advice).not.toMatch(/WAL|is the process up/);
    expect(more).toEqual([]);
  });

  it("of a Prometheus that is away is critical", () => {
    const gone = error("connect ECONNREFUSED", "ECONNREFUSED", undefined, "target_unreachable");
    expect(prometheusTrouble(seen(gone))).toMatchObject([{ id: "prometheus", severity: "critical" }]);
    expect(prometheusTrouble(seen(big, gone)).map(({ id }) => id)).toEqual([
      "prometheus:too-big",
      "prometheus",
    ]);
    expect(prometheusTrouble({ a: { ok: true, value: 1 } })).toEqual([]);
  });
});
