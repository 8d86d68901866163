import { describe, expect, it } from "vitest";
import { z } from "zod";
import { aimAt } from "../../../src/ingress/routing/aim.ts";
import { placesOf } from "../../../src/ingress/routing/places.ts";
import { routeAlerts } from "../../../src/ingress/routing/route-alerts.ts";
import { makeSystem } from "../../make/system.ts";
import { bookOf, catalogOf, none, recorded } from "./fixtures.ts";

const own = { addresses: ["10.0.0.5", "fd00::5"], name: "web1" };
const system = makeSystem("shop", {
  match: [{ job: "shop" }],
  aliases: { two: ["pg-exporter-2"] },
  connections: {
    one: { kind: "postgres", url: "postgres://db1:5432/shop" },
    two: { kind: "postgres", url: "postgres://db2.internal/orders" },
    cache: { kind: "redis", url: "redis://10.0.0.8:6379" },
    jobs: { kind: "redis", url: "redis://10.0.0.8:6380", role: "queue" },
    here: { kind: "host", local: true },
  },
});
const aim = (kind: "postgres" | "redis" | "host", labels: Record<string, string>, of = system) =>
  aimAt(of, kind, labels, own);

describe("an alert picks its connection", () => {
  it.each([
    ["postgres", { instance: "db2.internal:5432" }, ["two"]],
    ["postgres", { instance: "DB2:5432" }, ["two"]],
    ["postgres", { instance: "db1:9187" }, ["one"]],
    ["postgres", { instance: "pg-exporter-2:9187" }, ["two"]],
    ["postgres", { instance: "10.0.0.9:9187", server: "db1:5432" }, ["one"]],
    ["postgres", { target: "postgresql://db1:5432/shop?sslmode=require" }, ["one"]],
    ["postgres", { datname: "orders" }, ["two"]],
    ["postgres", { instance: "pg-exporter:9187" }, ["one", "two"]],
    ["postgres", {}, ["one", "two"]],
    ["redis", { instance: "10.0.0.8:6380" }, ["jobs"]],
    ["redis", { instance: "redis://10.0.0.8:6379" }, ["cache"]],
    ["redis", { instance: "10.0.0.8:9121" }, ["cache", "jobs"]],
    ["redis", { host: "jobs" }, ["jobs"]],
    ["host", { instance: "10.0.0.5:9100" }, ["here"]],
    ["host", { instance: "[fd00::5]:9100" }, ["here"]],
    ["host", { nodename: "web1.example.org" }, ["here"]],
    ["host", { instance: "localhost:9100" }, ["here"]],
  ] as const)("%s %j: %j", (kind, labels, names) => {
    const found = aim(kind, labels);
    expect("connections" in found && found.connections.map(({ name }) => name)).toEqual(names);
  });

  it("and says which label did, or that none could", () => {
    expect(aim("redis", { instance: "10.0.0.8:6380" })).toEqual({
      connections: [{ name: "jobs", because: 'instance="10.0.0.8:6380"' }],
    });
    expect(aim("host", { instance: "node-exporter:9100" })).toEqual({
      ...{ connections: [{ name: "here" }], unsure: 'instance="node-exporter:9100"' },
    });
  });

  it.each([
    ["postgres", { instance: "db3:5432" }, 'instance="db3:5432"'],
    ["redis", { instance: "10.0.0.9:6379" }, undefined],
    ["host", { instance: "10.0.0.33:9100" }, 'instance="10.0.0.33:9100"'],
  ] as const)("%s %j is seen by none: %s", (kind, labels, unseen) => {
    const found = aim(kind, labels, { ...system, aliases: {} });
    expect("unseen" in found ? found.unseen : undefined).toBe(unseen);
  });

  it.each([
    ["localhost", "db7:5432", "looked at: this machine may be called so"],
    ["127.0.0.1", "db7:5432", "looked at: this machine may be called so"],
    ["127.0.0.1", "10.0.0.5:5432", "chosen: it is an address of this machine"],
    ["localhost", "web1:5432", "chosen: it is the name of this machine"],
    ["127.0.0.1", "10.0.0.33:5432", "unseen: another machine's address"],
  ] as const)("a loopback is this machine: at %s an alert of %s is %s", (host, instance, becomes) => {
    const of = makeSystem("shop", {
      connections: { db: { kind: "postgres", url: `postgres://${host}/shop` } },
    });
    const found = aim("postgres", { instance }, of);
    const word = "unseen" in found ? "unseen" : found.connections[0]?.because ? "chosen" : "looked at";
    expect(word).toBe(becomes.split(":")[0]);
  });

  it("reads every way an address is written, and nothing where there is none", () => {
    const hosts = (value: string) => placesOf({ instance: value }).map(({ host, port }) => [host, port]);
    expect(hosts("::1")).toEqual([["::1", undefined]]);
    expect(hosts("http://Api.Example.org:8000/health")).toEqual([["api.example.org", 8000]]);
    expect(hosts("a b")).toEqual([["a b", undefined]]);
    expect(hosts("x:y:z")).toEqual([]);
    expect(placesOf({ instance: "", toString: "x" })).toEqual([]);
  });
});

describe("runs of an alert that picks its target", () => {
  const books = [
    bookOf({ id: "pg-locks", needs: ["postgres"], params: none, alerts: ["PgLocks"] }),
    bookOf({ id: "redis-memory", needs: ["redis"], params: none, alerts: ["RedisFull"] }),
    bookOf({
      id: "disk",
      needs: ["host"],
      params: z.object({ mount: z.string().startsWith("/").max(100).optional() }),
      alerts: ["DiskFull"],
    }),
    bookOf({ id: "tls", params: z.object({ connection: z.string().optional() }), alerts: ["Tls"] }),
    bookOf({ id: "service-health", params: none }),
  ];
  const base = recorded("01-firing-single-with-bearer-header");
  const routed = (...alerts: Record<string, string>[]) => {
    const catalog = catalogOf({ runbooks: books, systems: [system] });
    const [first] = base.alerts;
    if (first === undefined) throw new Error("fixture");
    const made = alerts.map((labels) => ({ ...first, annotations: {}, labels: { job: "shop", ...labels } }));
    const { runs, remarks } = routeAlerts(catalog, { ...base, alerts: made });
    return {
      runs: runs.map(({ runbook, connections, params }) => ({ runbook, ...connections, params })),
      remarks,
    };
  };

  it("one per connection that is meant, none for what no connection sees, and that is said", () => {
    expect(
      routed(
        { alertname: "PgLocks", instance: "db1:5432" },
        { alertname: "PgLocks", instance: "db2.internal:5432" },
        { alertname: "PgLocks", instance: "db7:5432" },
      ),
    ).toMatchObject({
      runs: [
        { runbook: "pg-locks", postgres: "one" },
        { runbook: "pg-locks", postgres: "two" },
      ],
      remarks: [
        expect.stringContaining('the alert is about instance="db7:5432"; no connection of shop sees it'),
      ],
    });
  });

  it("where nothing tells them apart, one per connection of the kind", () => {
    expect(routed({ alertname: "RedisFull" }).runs).toMatchObject([{ redis: "cache" }, { redis: "jobs" }]);
  });

  it("nothing is looked at, not even everything, for what is surely elsewhere", () => {
    const { runs, remarks } = routed({
      alertname: "DiskFull",
      instance: "192.0.2.33:9100",
      mountpoint: "/mnt/x",
    });
    expect(runs).toEqual([]);
    expect(remarks).toEqual([
      expect.stringContaining("no connection of shop sees it, so nothing is looked at"),
    ]);
  });

  it("labels fill the parameters of their name, and a runbook that chooses itself is told which", () => {
    expect(routed({ alertname: "DiskFull", mountpoint: "/data" }).runs).toMatchObject([
      { params: { mount: "/data" } },
    ]);
    expect(routed({ alertname: "Tls", instance: "10.0.0.8:6380" }).runs).toMatchObject([
      { params: { connection: "jobs" } },
    ]);
    expect(routed({ alertname: "Tls" }).runs).toMatchObject([{ params: {} }]);
  });
});
