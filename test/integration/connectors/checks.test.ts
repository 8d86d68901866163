import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { checkSystems } from "../../../src/app/doctor-systems.ts";
import { judgeProject } from "../../../src/connectors/docker/check.ts";
import { judgeHost } from "../../../src/connectors/host/check.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { freePort } from "../../helpers/ports.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { startPrometheus, whyNoPrometheus } from "../../helpers/prometheus-server.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { until } from "../../helpers/until.ts";
import { webServer } from "../../helpers/web-server.ts";
import { makeSystem } from "../../make/system.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const look = async (connection: object) => {
  const system = makeSystem("shop", { connections: { x: connection } });
  return (await checkSystems([system], kinds)).map(({ name, ...rest }) => ({
    name: name.replace("shop/x ", ""),
    ...rest,
  }));
};
/** `role missing`, … */
const states = async (connection: object) =>
  (await look(connection)).map(({ name, state }) => `${name} ${state}`);

describe("postgres", () => {
  let lab: LabPostgres;
  const url = (user: string) => `postgres://${encodeURIComponent(user)}:pw@127.0.0.1:${lab.port}/shop`;
  /** A name that is SQL of its own unless it is quoted. */
  const awkward = 'bot"; DROP ROLE "watcher';

  beforeAll(async () => {
    lab = await startLabPostgres({ shared_preload_libraries: "auto_explain" });
    await lab.admin(`CREATE ROLE ${pg.escapeIdentifier(awkward)} LOGIN PASSWORD 'pw'`);
    await lab.admin("CREATE ROLE watcher LOGIN PASSWORD 'pw' IN ROLE pg_monitor, pg_signal_backend");
  });
  afterAll(() => lab.stop());

  test("a role without privileges is told which, and what is to be pasted works", async () => {
    expect(await states({ kind: "postgres", url: url(awkward) })).toEqual([
      "reach ok",
      "role missing",
      "role warning",
      "statements warning",
    ]);
    const grants = (await look({ kind: "postgres", url: url(awkward) }))
      .filter(({ name }) => name === "role")
      .flatMap(({ paste = [] }) => paste);
    for (const grant of grants) await lab.admin(grant);
    expect(
      (await look({ kind: "postgres", url: url(awkward) })).filter(({ name }) => name === "role"),
    ).toEqual([{ name: "role", state: "ok", detail: "pg_monitor, pg_signal_backend" }]);
    expect(await lab.admin("SELECT FROM pg_roles WHERE rolname = 'watcher'")).toHaveLength(1);
  });

  test("what is loaded stays loaded when pg_stat_statements is added", async () => {
    const found = await look({ kind: "postgres", url: url("watcher") });
    const [load = "", create] = found.find(({ name }) => name === "statements")?.paste ?? [];
    expect(create).toBe("CREATE EXTENSION pg_stat_statements;");
    await lab.admin(load);
    const [row] = await lab.admin<{ setting: string }>(
      "SELECT setting FROM pg_file_settings WHERE name = 'shared_preload_libraries'",
    );
    expect(row?.setting).toBe("auto_explain, pg_stat_statements");
  });

  test("a superuser is too much", async () => {
    const [, role] = await look({ kind: "postgres", url: lab.botUrl });
    expect(role).toMatchObject({
      state: "warning",
      paste: [expect.stringContaining("CREATE ROLE"), expect.any(String)],
    });
  });

  test("a server that is not there is said to be so", async () => {
    const port = await freePort();
    const [reach, ...more] = await look({ kind: "postgres", url: `postgres://a:b@127.0.0.1:${port}/d` });
    expect(more).toEqual([]);
    expect(reach).toMatchObject({
      name: "reach",
      state: "missing",
      detail: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

describe.skipIf(whyNoRedis() !== undefined)("redis", () => {
  let server: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  test("a user who may do everything lacks nothing", async () => {
    expect(await states({ kind: "redis", url: server.url })).toEqual(["reach ok", "rights ok"]);
  });

  test("a user with few rights is told which, and what is to be pasted works", async () => {
    await admin.call("ACL", "SETUSER", "bot", "on", ">pw", "+ping", "+info", "+acl|whoami", "+acl|dryrun");
    const connection = { kind: "redis", url: `redis://bot:pw@127.0.0.1:${server.port}` };
    expect(await states(connection)).toEqual([
      "reach ok",
      "rights missing",
      "queues warning",
      "remedies warning",
    ]);
    for (const { paste = [] } of await look(connection))
      for (const line of paste) await admin.call(...(line.split(" ") as [string, ...string[]]));
    expect(await states(connection)).toEqual(["reach ok", "rights ok"]);
  });

  test("a user who may not ask is not said to lack what it may have", async () => {
    await admin.call("ACL", "SETUSER", "quiet", "on", ">pw", "~*", "+@all", "-acl");
    const found = await look({ kind: "redis", url: `redis://quiet:pw@127.0.0.1:${server.port}` });
    expect(found.find(({ name }) => name === "remedies")?.detail).toContain("cannot be asked");
  });

  test("wrong credentials", async () => {
    const [reach] = await look({ kind: "redis", url: `redis://bot:wrong@127.0.0.1:${server.port}` });
    expect(reach).toMatchObject({ state: "missing", detail: expect.stringContaining("WRONGPASS") });
  });
});

describe.skipIf(whyNoPrometheus() !== undefined)("prometheus", () => {
  let url = "";
  let stop: () => Promise<unknown> = async () => {};
  beforeAll(async () => {
    const app = await webServer((_request, answer) =>
      answer.end('http_request_total{status="200"} 1\nhttp_request_duration_seconds_bucket{le="1"} 1\n'),
    );
    const server = await startPrometheus([{ name: "past", labels: {}, value: () => 1 }], {
      checkout: [`127.0.0.1:${app.port}`],
    });
    url = server.url;
    stop = async () => {
      await server.stop();
      await app.close();
    };
    await until(
      async () => (await states({ kind: "prometheus", url, labels: { job: "checkout" } }))[1] === "labels ok",
    );
  });
  afterAll(() => stop());

  test("a label that matches nothing is named, with those there are", async () => {
    const [, labels, ...more] = await look({ kind: "prometheus", url, labels: { job: "checkuot" } });
    expect(labels).toMatchObject({ state: "missing", detail: 'nothing has job="checkuot"' });
    expect(labels?.fix).toContain("did you mean checkout?");
    expect(more).toEqual([]);
  });

  test("a metric of another name is named, with the nearest", async () => {
    const found = await look({ kind: "prometheus", url, labels: { job: "checkout" } });
    const metrics = found.filter(({ name }) => name === "metrics");
    expect(metrics).toMatchObject([
      { state: "warning", detail: expect.stringContaining("http_requests_total") },
    ]);
    expect(metrics[0]?.fix).toContain("did you mean http_request_total?");
    const named = {
      kind: "prometheus",
      url,
      labels: { job: "checkout" },
      metrics: { requests: "http_request_total" },
    };
    expect(await states(named)).toEqual(["reach ok", "labels ok", "metrics ok"]);
    const unlike = { ...named, metrics: { ...named.metrics, statusLabel: "code" } };
    expect((await look(unlike)).at(-1)?.detail).toContain("has no label code");
  });
});

test.each([
  [200, "reach ok"],
  [401, "reach missing"],
  [404, "reach missing"],
  [503, "reach warning"],
])("http: %i", async (status, said) => {
  const server = await webServer((_request, answer) => answer.writeHead(status).end());
  cleanups.push(server.close);
  expect(await states({ kind: "http", url: `http://127.0.0.1:${server.port}` })).toEqual([said]);
});

test("tcp: open, and closed", async () => {
  const server = await webServer((_request, answer) => answer.end());
  expect(await states({ kind: "tcp", host: "127.0.0.1", port: server.port })).toEqual(["reach ok"]);
  await server.close();
  expect(await states({ kind: "tcp", host: "127.0.0.1", port: server.port })).toEqual(["reach missing"]);
});

test("host: folders that are not there or closed to the user", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-doctor-"));
  cleanups.push(async () => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "open"));
  const connection = { kind: "host", local: true, cleanable: [join(folder, "open"), join(folder, "absent")] };
  const cleanable = (await look(connection)).filter(({ name }) => name === "cleanable");
  expect(cleanable).toMatchObject([{ detail: `${join(folder, "absent")} is not a folder` }]);
  if (process.getuid?.() === 0) return;
  chmodSync(join(folder, "open"), 0o500);
  expect((await look(connection)).filter(({ name }) => name === "cleanable")).toHaveLength(2);
});

test("host: what is to be pasted is quoted", () => {
  const [, cleanable] = judgeHost({
    user: "bot",
    system: "Linux",
    missing: [],
    folders: [{ path: "/var/it's; rm -rf /", state: "closed" }],
  });
  expect(cleanable?.paste).toEqual([`sudo 'setfacl' '-m' 'u:bot:rwx' '/var/it'\\''s; rm -rf /'`]);
});

test("docker: a socket that is not there; a project that is another", async () => {
  const gone = await look({ kind: "docker", socket: "/nowhere/docker.sock" });
  expect(gone).toMatchObject([{ name: "reach", state: "missing", fix: expect.stringContaining("socket:") }]);
  expect(judgeProject("sergas", ["sergas-ai", undefined])).toMatchObject({
    state: "missing",
    fix: expect.stringContaining("There are: sergas-ai"),
  });
  expect(judgeProject("a", ["a", "b"])).toMatchObject({ state: "ok", detail: "1 of 2 containers" });
});
