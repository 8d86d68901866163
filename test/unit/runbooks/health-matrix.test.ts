import { expect, test } from "vitest";
import { matrixOn } from "../../../runbooks/health/matrix.ts";
import { kinds } from "../../../src/connectors/index.ts";
import type { ConnectionFace } from "../../../src/core/words/connection.ts";
import type { Seen } from "../../../src/core/words/outcome.ts";
import { Thresholds } from "../../../src/core/words/system.ts";
import { makeConnection } from "../../make/system.ts";

const limits = { slowSeconds: 2, thresholds: Thresholds.parse({}) };
const face = (name: string, connection: unknown): ConnectionFace => makeConnection(name, connection).face;
const { probesOf, tracesOf, rowsOf } = matrixOn(kinds);
const machine = face("machine", { kind: "host", local: true });
const engine = face("engine", { kind: "docker" });
const cache = face("cache", { kind: "redis", url: "redis://cache:6379" });

const ok = (value: unknown): Seen<unknown> => ({ ok: true, value });
const failed = (code: string, message: string, detail: string): Seen<unknown> => ({
  ok: false,
  error: { code, message, detail },
});
const calm = { cpus: 2, load5: 0.4, usedRatio: 0.2 };
const root = {
  path: "/",
  type: "ext4",
  usedRatio: 0.4,
  inodesRatio: 0.1,
  available: 1e9,
  writes: "yes",
  rooms: [],
};
const disks = (one: object = {}, more: object = {}) =>
  ok({ fileSystems: [{ ...root, ...one }], pools: [], budgets: [], unreadable: [], ...more });
const memory = (usedRatio: number) => ok({ usedRatio, available: 1e9 });
const host = (load: Seen<unknown>, disk: Seen<unknown>, used: Seen<unknown>) =>
  rowsOf([machine], { machine: load, "machine/disk": disk, "machine/memory": used }, limits);
const troubles = (rows: ReturnType<typeof rowsOf>) =>
  rows.flatMap(({ name, trouble }) =>
    trouble === undefined ? [] : [`${name}: ${trouble.severity}: ${trouble.word}`],
  );

test("every kind of connection has a probe of its own", () => {
  const faces = [machine, engine, cache];
  expect(Object.keys(probesOf(faces))).toEqual([
    "machine",
    "machine/disk",
    "machine/memory",
    "engine",
    "engine/containers",
    "cache",
  ]);
  expect(Object.values(probesOf(faces)).map(({ on }) => on)).toEqual([
    "machine",
    "machine",
    "machine",
    "engine",
    "engine",
    "cache",
  ]);
});

test("only what did not answer and has an address is traced", () => {
  const seen = { cache: failed("timeout", "t", "tcp"), engine: failed("target_unreachable", "e", "ENOENT") };
  expect(Object.keys(tracesOf([machine, engine, cache], seen))).toEqual(["cache/dns", "cache/tcp"]);
});

test("a calm machine has three rows and no trouble", () => {
  const rows = host(ok(calm), disks(), memory(0.5));
  expect(rows.map(({ name }) => name)).toEqual(["machine", "machine/disk", "machine/memory"]);
  expect(troubles(rows)).toEqual([]);
});

test.each([
  ["CPU spike of a second", { ...calm, usedRatio: 1 }, {}, 0.5, []],
  ["CPU for five minutes", { ...calm, usedRatio: 1, load5: 4 }, {}, 0.5, ["machine: warning: busy"]],
  ["disk full", calm, { usedRatio: 0.97 }, 0.5, ["machine/disk: critical: / 97 %"]],
  ["inodes used up", calm, { inodesRatio: 0.9 }, 0.5, ["machine/disk: warning: / inodes 90 %"]],
  [
    "read-only",
    calm,
    { writes: "mounted-read-only" },
    0.5,
    ["machine/disk: critical: / is mounted read-only"],
  ],
  ["an image, full by design", calm, { usedRatio: 1, writes: "not-meant" }, 0.5, []],
  [
    "no room for metadata",
    calm,
    { rooms: [{ what: "metadata", used: 99, capacity: 100, unallocated: 0 }] },
    0.5,
    ["machine/disk: critical: / metadata 99 %"],
  ],
  ["memory", calm, {}, 0.93, ["machine/memory: warning: memory 93 %"]],
] as const)("%s", (_name, load, disk, used, expected) => {
  const seen = troubles(host(ok(load), disks(disk), memory(used)));
  expect(seen).toHaveLength(expected.length);
  for (const [index, start] of expected.entries())
    expect(seen[index]).toMatch(new RegExp(`^${escaped(start)}`));
});

test("a machine that cannot be reached is one row, a part that fails does not hide the others", () => {
  const gone = rowsOf([machine], { machine: failed("target_unreachable", "no ssh", "ECONNREFUSED") }, limits);
  expect(troubles(gone)).toEqual(["machine: critical: connection refused"]);
  const part = host(ok(calm), failed("timeout", "statfs hung", "x"), memory(0.95));
  expect(troubles(part).map((one) => one.split(":")[0])).toEqual(["machine/disk", "machine/memory"]);
});

test("the surest of several signs is told: DNS before the client's own timeout, hang when the port is open", () => {
  const timeout = failed("timeout", "no answer", "x");
  const missing = ok({
    resolvers: [],
    failure: { code: "target_unreachable", message: "no cache", detail: "ENOTFOUND" },
  });
  expect(troubles(rowsOf([cache], { cache: timeout, "cache/dns": missing }, limits))).toEqual([
    "cache: critical: name does not exist",
  ]);
  const open = ok({ attempts: [], after: "open" });
  expect(troubles(rowsOf([cache], { cache: timeout, "cache/tcp": open }, limits))).toEqual([
    "cache: critical: accepts, never answers",
  ]);
});

test("a certificate for another name counts before who signed it; a wildcard covers one level", () => {
  const shop = face("shop", { kind: "http", url: "https://a.b.shop.lab" });
  const refused = failed("target_unreachable", "self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT");
  expect(Object.keys(tracesOf([shop], { shop: refused }))).toEqual(["shop/dns", "shop/tcp", "shop/tls"]);
  const certificate = (matchesHost: boolean) => ok({ matchesHost, names: ["*.shop.lab"], chain: [] });
  const said = (matchesHost: boolean) =>
    troubles(rowsOf([shop], { shop: refused, "shop/tls": certificate(matchesHost) }, limits));
  expect(said(false)).toEqual([
    "shop: critical: the certificate is for another name: a wildcard covers one level only",
  ]);
  expect(said(true)).toEqual(["shop: critical: certificate not accepted: self-signed"]);
});

test("an error of no known cause is told in its own words", () => {
  const seen = { engine: failed("target_unreachable", "Docker engine at /x: no such socket", "ENOENT") };
  expect(troubles(rowsOf([engine], seen, limits))).toEqual([
    "engine: critical: Docker engine at /x: no such socket",
  ]);
  const full = { cache: failed("target_refused", "ERR max number of clients reached", "maxclients") };
  expect(troubles(rowsOf([cache], full, limits))[0]).toMatch(/^cache: critical: .*client/i);
});

test("the host of a connection is one word of the commands to paste", () => {
  const tws = face("tws", { kind: "tcp", host: "$&;reboot", port: 1 });
  const seen = { tws: failed("target_unreachable", "no address", "ENOTFOUND") };
  expect(rowsOf([tws], seen, limits)[0]?.trouble?.next).toContain("`dig +short '$&;reboot'`");
});

test("someone else's service is a warning, our own critical", () => {
  const seen = { api: failed("target_unreachable", "r", "ECONNREFUSED") };
  const api = (external: boolean) => face("api", { kind: "http", url: "http://api", external });
  expect(troubles(rowsOf([api(true)], seen, limits))).toEqual(["api: warning: connection refused"]);
  expect(troubles(rowsOf([api(false)], seen, limits))).toEqual(["api: critical: connection refused"]);
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
