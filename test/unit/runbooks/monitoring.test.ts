import { describe, expect, it } from "vitest";
import {
  lostAlerts,
  lostSamples,
  nobodyToTell,
  queueFindings,
  storageFindings,
} from "../../../runbooks/prometheus/monitoring-counts.ts";
import { ruleFindings } from "../../../runbooks/prometheus/monitoring-rules.ts";
import { scrapeErrorOf } from "../../../runbooks/prometheus/scrape-errors.ts";
import { sayRepairs, targetFindings } from "../../../runbooks/prometheus/targets.ts";

const now = new Date("2026-12-01T12:00:00Z");
type State = Parameters<typeof nobodyToTell>[0];
const state = (more: Partial<State>): State => ({
  ...{ startedAt: "2026-11-30T12:00:00Z", configTaken: true, configAt: null, corruptions: 0 },
  rules: { total: 3, alerts: 2, failing: [], failingTotal: 0, failingAlerts: 0, slow: [] },
  ...{ alertmanagers: ["am:9093"], namesAlertmanagers: true, counts: [], queues: [] },
  ...more,
});

describe("what the error of a scrape says", () => {
  it.each([
    ["sample limit exceeded", "refused by Prometheus' own limits", true],
    [
      "label_limit exceeded (metric: x, number of labels: 40, limit: 30)",
      "refused by Prometheus' own limits",
      true,
    ],
    ["server returned HTTP status 401 Unauthorized", "credentials refused", true],
    ["server returned HTTP status 404 Not Found", "no metrics at that path", true],
    ["server returned HTTP status 503 Service Unavailable", "its metrics page fails", true],
    ["server returned HTTP status 400 Bad Request", "its page is answered with an error", true],
    ['"INVALID" is not a valid start token', "what it serves are no metrics", true],
    [
      'Get "https://a:1/metrics": http: server gave HTTP response to HTTPS client',
      "scraped with TLS, and speaks none",
      true,
    ],
    [
      'Get "https://a/metrics": tls: failed to verify certificate: x509: certificate has expired',
      "its certificate is not accepted",
      true,
    ],
    [
      'Get "http://a/metrics": dial tcp: lookup a on 10.0.0.1:53: no such host',
      "its name is not found",
      false,
    ],
    ['Get "http://a/metrics": dial tcp: lookup a: i/o timeout', "its name is not found", false],
    [
      'Get "http://a/metrics": dial tcp 10.0.0.1:80: connect: connection refused',
      "connection refused",
      false,
    ],
    ['Get "http://a/metrics": dial tcp 10.0.0.1:80: i/o timeout', "no answer in time", false],
    ['Get "http://a/metrics": context deadline exceeded', "no answer in time", false],
    ['Get "http://a/metrics": EOF', "the connection was cut", false],
    ['strconv.ParseFloat: parsing "<nil>": invalid syntax', "what it serves are no metrics", true],
    ["out of bounds", "its samples are not taken for their times", true],
    ["something new", undefined, undefined],
  ] as const)("%s", (error, word, answers) => {
    const cause = scrapeErrorOf(error);
    expect([cause?.word, cause?.answers]).toEqual([word, answers]);
  });

  const down = (...errors: string[]) => ({
    total: errors.length,
    down: errors.map((lastError, at) => ({ job: "j", instance: `i${at}`, lastError })),
  });

  it("what answers is no target that is down; several causes are not folded into one", () => {
    expect(targetFindings(down("sample limit exceeded"))).toMatchObject({ severity: "warning" });
    const mixed = down("sample limit exceeded", "dial tcp 10.0.0.1:80: connect: connection refused");
    expect(targetFindings(mixed)).toMatchObject({
      severity: "critical",
      title: "2 of 2 scrape targets down: i0, i1",
    });
    expect(sayRepairs(mixed).split("\n")).toHaveLength(2);
    expect(targetFindings({ total: 1, down: [] })).toBe(false);
  });
});

describe("what Prometheus says of itself", () => {
  it.each([
    ["knows one", {}, false],
    ["names none", { alertmanagers: [], namesAlertmanagers: false }, true],
    ["names some, finds none", { alertmanagers: [] }, true],
    ["has only begun to look", { alertmanagers: [], startedAt: "2026-12-01T11:59:55Z" }, false],
    ["has no rule that alerts", { alertmanagers: [], rules: null }, false],
  ] satisfies [string, Partial<State>, boolean][])("%s: nobody to tell is %j", (_what, more, is) =>
    expect(nobodyToTell(state(more), now) !== undefined).toBe(is),
  );

  const dropped = (increase: number, recent: number) => ({
    counts: [
      { name: "prometheus_notifications_dropped_total" as const, instance: "a", of: "", increase, recent },
    ],
  });
  it("alerts that were dropped once have been told since; where it goes on they are not", () => {
    expect(lostAlerts(state({}), 30)).toBeUndefined();
    expect(lostAlerts(state(dropped(1, 0)), 30)).toMatchObject({ severity: "info" });
    expect(lostAlerts(state(dropped(9, 4)), 30)).toMatchObject({ severity: "critical" });
  });

  const queue = { instance: "a", to: "mimir:80", pending: 500, shards: 1, mostShards: 50, retried: 0 };
  it.each([
    ["in step", { ...queue, behindSeconds: 3 }, []],
    ["only begun", { ...queue, behindSeconds: null }, []],
    ["never taken", { ...queue, behindSeconds: null, retried: 7 }, ["remote-behind"]],
    ["late", { ...queue, behindSeconds: 900 }, ["remote-behind"]],
  ])("a queue that is %s", (_what, one, ids) =>
    expect(queueFindings(state({ queues: [one] }), 30).map(({ id }) => id)).toEqual(ids),
  );

  it("a log that was repaired at the start is past; what fails now is not", () => {
    expect(storageFindings(state({}), 30)).toEqual([]);
    expect(storageFindings(state({ corruptions: 1 }), 30)).toMatchObject([{ severity: "info" }]);
    const name = "prometheus_tsdb_compactions_failed_total" as const;
    const counts = [{ name, instance: "a", of: "", increase: 1, recent: 1 }];
    expect(storageFindings(state({ counts, corruptions: 1 }), 30)).toMatchObject([{ severity: "critical" }]);
  });
});

it("samples are thrown away for one of three reasons, which the counter names", () => {
  const said = (name: string) =>
    lostSamples(
      state({ counts: [{ name, of: "", instance: "p:9090", increase: 57, recent: 5 }] as State["counts"] }),
      60,
    )?.because ?? "";
  const of = (what: string) => said(`prometheus_target_scrapes_sample_${what}_total`);
  expect(of("duplicate_timestamp")).toMatch(/given the same labels/);
  expect(of("out_of_order")).toMatch(/clock of Prometheus' own machine was set back/);
  expect(of("out_of_bounds")).toMatch(/too old or too far ahead/);
  expect(of("duplicate_timestamp")).not.toMatch(/clock/);
});

it.each([
  [1, /this alert cannot fire/],
  [3, /none of these 3 alerts can fire/],
])("a rule that fails cannot fire: %i", (failingAlerts, words) => {
  const failing = [{ name: "HighErrors", group: "g", isAlert: true, error: "many-to-many matching" }];
  const rules = { total: 9, alerts: 5, failing, failingTotal: failingAlerts, failingAlerts, slow: [] };
  expect(ruleFindings(rules)[0]?.because).toMatch(words);
});
