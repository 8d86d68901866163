import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { demoFile, ExampleFile, notHere } from "../../../local/systems/config.ts";
import { SYSTEMS, systemSpec } from "../../../local/systems/index.ts";
import { AGE, ServiceMetrics } from "../../../local/systems/service/metrics.ts";
import { firstOf, inverse, patched, stands } from "../../../local/systems/service/state.ts";
import { setting } from "../../../local/systems/service/words.ts";

const STATE = { pool: { min: 5, max: 20 }, keys: { diagbot: { issued: "then" } }, level: "info" };

describe("the state of a sample service", () => {
  it("is patched by merging, and its inverse brings it back", () => {
    for (const patch of [
      { pool: { max: 40 } },
      { keys: { diagbot: null } },
      { keys: { other: { issued: "now" } } },
      { troubles: { "api /x": { status: 500 } } },
      { level: "debug" },
    ]) {
      const changed = patched(STATE, patch);
      expect(stands(STATE, patch)).toBe(false);
      expect(stands(changed, patch)).toBe(true);
      const back = patched(changed, inverse(STATE, patch));
      expect(stands(back, patch)).toBe(false);
    }
    expect(patched(STATE, { pool: { max: 40 } })).toMatchObject({ pool: { min: 5, max: 40 }, level: "info" });
  });

  it("knows what a patch sets first, and how to get there", () => {
    expect(firstOf({ queue: { depth: 930, utilization: 0.93 } })).toEqual({
      path: ["queue", "depth"],
      value: 930,
    });
    expect(() => firstOf({})).toThrow("changes nothing");
  });
});

describe("a setting", () => {
  const [, change] = setting("/admin/pool", ["pool"], ({ max }) => ({ level: `max ${max}` }));
  const asked = (body: Record<string, string | number>) =>
    change?.answer({ state: STATE, params: {}, query: new URLSearchParams(), body });

  it("changes what it has, with what follows from it, for a time where one is named", () => {
    expect(asked({ max: 40, ttlSeconds: 900 })).toEqual({
      body: { min: 5, max: 40 },
      set: { pool: { max: 40 }, level: "max 40" },
      seconds: 900,
    });
  });

  it("that has a time to live of its own keeps it, and is no lease", () => {
    const [, set] = setting("/admin/fallbacks/{api}", ["fallbacks", "{api}"]);
    const state = { fallbacks: { zoho: { strategy: "none", ttlSeconds: 0 } } };
    const body = { strategy: "cached_fallback", ttlSeconds: 600 };
    expect(set?.answer({ state, params: { api: "zoho" }, query: new URLSearchParams(), body })).toEqual({
      body,
      set: { fallbacks: { zoho: body } },
    });
  });

  it("refuses what it does not know", () => {
    expect(asked({ most: 40 })).toEqual({ status: 422, body: { error: "not known: most" } });
  });
});

describe("its metrics", () => {
  const spec = [
    { name: "served_total", type: "counter", perSecond: 2 },
    {
      name: "took",
      type: "histogram",
      perSecond: 10,
      takes: (state: { takes?: unknown }) => Number(state.takes),
    },
  ] as const;
  const lineOf = (page: string, name: string): number =>
    Number(
      page
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.split(" ")[1],
    );

  it("grow with time, at the rate of the state in which it was spent", () => {
    const metrics = new ServiceMetrics(spec, { takes: 0.2 }, 1000);
    expect(lineOf(metrics.page({ takes: 0.2 }, 1000), "served_total")).toBe(2 * AGE);
    metrics.advance({ takes: 0.2 }, 1010);
    const page = metrics.page({ takes: 3 }, 1020);
    expect(lineOf(page, "served_total")).toBe(2 * AGE + 40);
    expect(lineOf(page, 'took_bucket{le="0.5"}')).toBe(10 * AGE + 100);
    expect(lineOf(page, 'took_bucket{le="+Inf"}')).toBe(10 * AGE + 200);
    expect(lineOf(metrics.past(1000 - 3600), "served_total")).toBe(2 * (AGE - 3600));
  });

  it("are missing where the state hides them", () => {
    const metrics = new ServiceMetrics(spec, { takes: 0.2 }, 1000);
    const page = metrics.page({ takes: 0.2, hidden: { took: true } }, 1000);
    expect(page).toContain("served_total");
    expect(page).not.toContain("took");
  });
});

describe("the diagbot.yaml of an example system", () => {
  const example = ExampleFile.parse({
    webhooks: { "on-call": { kind: "pagerduty" } },
    escalate: { after: "15m" },
    routes: [{ match: ["alertname=Known"], runbook: "known" }],
    schedules: [{ runbook: "redis-memory" }, { runbook: "service-health" }],
    systems: {
      shop: {
        channel: "C0SHOP",
        connections: {
          api: { kind: "http", url: "http://10.0.0.5" },
          cluster: { kind: "kubernetes" },
          cache: { kind: "redis", url: "redis://10.0.0.5" },
          scripts: {
            kind: "exec",
            ssh: "diagbot@10.0.0.5",
            identity: "/etc/id",
            commands: {
              list: { argv: ["/opt/x/list", "--all"], user: "root" },
              find: { argv: ["/usr/bin/find", "/opt/x"] },
            },
          },
        },
      },
    },
  });
  const places = {
    ports: { api: 20_000 },
    file: (path: string) => `/demo${path}`,
    real: ["/usr/bin/find"],
    hasCache: false,
    prometheusUrl: "http://127.0.0.1:1",
    metricNames: undefined,
  };
  const alerts = ["Known", "New"].map((alertname) => ({ alertname, runbook: "new" }));
  const made = parse(demoFile(example, places, alerts, "me"));

  it("leads to this machine only, and calls nobody outside", () => {
    expect(made.systems.shop.connections).toEqual({
      api: { kind: "http", url: "http://127.0.0.1:20000" },
      scripts: {
        kind: "exec",
        local: true,
        commands: {
          list: { argv: ["/demo/opt/x/list", "--all"] },
          find: { argv: ["/usr/bin/find", "/demo/opt/x"] },
        },
      },
    });
    expect(made).not.toHaveProperty("webhooks");
    expect(made).not.toHaveProperty("escalate");
    expect(notHere(example, places)).toEqual(["cluster (kubernetes)", "cache (redis)"]);
    expect(made.schedules).toEqual([{ runbook: "service-health" }]);
  });

  it("has a route for each alert of the try-out, the example's first", () => {
    expect(made.routes).toEqual([
      { match: ["alertname=Known"], runbook: "known" },
      { match: ["alertname=New"], runbook: "new" },
    ]);
  });
});

it("faults of a system have names and alerts of their own, and a misspelt system is named with those there are", () => {
  for (const { id, faults } of SYSTEMS) {
    const ids = faults.map((fault) => fault.id);
    const alerts = faults.map(({ rule }) => rule.alertname);
    expect([id, new Set(ids).size, new Set(alerts).size]).toEqual([id, ids.length, alerts.length]);
  }
  expect(() => systemSpec("tectra")).toThrow(/there are ai-saas, .*tektra/);
});
