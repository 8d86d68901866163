import { once } from "node:events";
import type { RequestListener } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, expect, inject, test } from "vitest";
import { freePort } from "../../helpers/ports.ts";
import { startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { until } from "../../helpers/until.ts";
import { listening } from "../../helpers/web-server.ts";
import { api, cleanups, diagnose, endAll, json, serve } from "./service-health-bench.ts";

afterEach(endAll);

test("everything answers: no finding", async () => {
  const tcp = await listening(createServer((socket) => socket.write("220 mail.lab ESMTP\r\n")));
  cleanups.push(tcp.close);
  const prometheus = await serve(
    json(200, {
      status: "success",
      data: { resultType: "vector", result: [{ metric: {}, value: [1, "1"] }] },
    }),
  );
  const { findings } = await diagnose({
    ...(await api(json(200, { status: "ok", zoho: "authenticated", version: "1.2" }))),
    db: { kind: "postgres", url: inject("databaseUrl") },
    tws: { kind: "tcp", host: "127.0.0.1", port: tcp.port },
    metrics: { kind: "prometheus", url: prometheus },
  });
  expect(findings).toEqual([]);
});

test("a port that accepts and says nothing was reached, not asked", async () => {
  const silent = await listening(createServer(() => undefined));
  cleanups.push(silent.close);
  const tws = { kind: "tcp", host: "127.0.0.1", port: silent.port };
  const { findings } = await diagnose({ ...(await api(json(200, { status: "ok" }))), tws });
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual([["only-reached", "info"]]);
  expect(findings[0]?.title).toMatch(/^Only reached, not asked: tws /);
  const wantsTls = await diagnose({ tws: { ...tws, tls: true } });
  expect(wantsTls.finding("component:tws").title).toContain("accepts, never answers");
});

test("a system without connections is told so", async () => {
  const { findings } = await diagnose({});
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual([["no-connections", "info"]]);
});

test("one matrix of all components, one finding per broken one", async () => {
  const port = await freePort();
  const diagnosis = await diagnose({
    ...(await api(json(200, { status: "ok" }))),
    db: { kind: "postgres", url: `postgres://x:topsecret@127.0.0.1:${port}/x` },
    metrics: { kind: "prometheus", url: `http://127.0.0.1:${port}` },
    worker: { kind: "http", url: `http://127.0.0.1:${port}` },
  });
  expect(diagnosis.findings.map(({ id }) => id)).toEqual([
    "matrix",
    "component:db",
    "component:metrics",
    "component:worker",
  ]);
  const matrix = diagnosis.finding("matrix");
  expect(matrix.title).toBe(
    "3 of 4 components not healthy: db (connection refused), metrics (connection refused), worker (connection refused)",
  );
  const rows = matrix.evidence.flatMap((one) => (one.kind === "table" ? one.rows : []));
  expect(rows.map(([name]) => name)).toEqual(["api", "db", "metrics", "worker"]);
  for (const id of ["component:db", "component:metrics", "component:worker"])
    expect(diagnosis.finding(id).title).toContain("connection refused");
  expect(diagnosis.advice("repairComponents").split("\n")).toHaveLength(3);
  expect(JSON.stringify(diagnosis)).not.toContain("topsecret");
});

test("trap health-200-only: a 200 that says degraded, and names the part", async () => {
  const diagnosis = await diagnose(
    await api(
      json(200, { status: "degraded", components: { redis: { status: "down" }, db: { status: "up" } } }),
    ),
  );
  const finding = diagnosis.finding("component:api");
  expect(finding.title).toContain("degraded: redis (down)");
  expect(finding.severity).toBe("warning");
  expect(finding.evidence).toContainEqual(
    expect.objectContaining({ kind: "table", rows: expect.arrayContaining([["redis", "down"]]) }),
  );
});

test("sergas-accounts: zoho not authenticated beside a status of ok", async () => {
  const diagnosis = await diagnose(await api(json(200, { status: "ok", zoho: "expired" })));
  expect(diagnosis.finding("component:api").title).toContain("zoho (expired)");
});

test.each([
  [500, "critical", "500"],
  [503, "critical", "503"],
  [401, "warning", "credentials refused"],
  [404, "warning", "404 for /health"],
  [429, "warning", "too many requests"],
] as const)("status %i is %s: %s", async (status, severity, words) => {
  const finding = (await diagnose(await api(json(status, {})))).finding("component:api");
  expect(finding.severity).toBe(severity);
  expect(finding.title).toContain(words);
});

test("a web page where a health answer should be; a page that was asked for is none", async () => {
  const page =
    (title: string): RequestListener =>
    (_request, answer) =>
      answer
        .setHeader("content-type", "text/html")
        .end(`<!doctype html><title>${title}</title><h1>Hello</h1>`);
  const { findings } = await diagnose(await api(page("We are down for maintenance")));
  expect(findings[0]?.title).toMatch(/^1 of 1 component not healthy: api \(200: in maintenance\)$/);
  expect((await diagnose(await api(page("Shop")))).finding("component:api").severity).toBe("warning");
  expect((await diagnose(await api(page("Shop"), { health: "/" }))).findings).toEqual([]);
});

test("Rails' /up is a green page; the application's own page elsewhere is none", async () => {
  const html =
    (body: string): RequestListener =>
    (_request, answer) =>
      answer.setHeader("content-type", "text/html; charset=utf-8").end(body);
  const green = html('<!DOCTYPE html><html><body style="background-color: green"></body></html>');
  expect((await diagnose(await api(green, { health: "/up" }))).findings).toEqual([]);
  const spa = html("<!doctype html><title>Shop</title><div id=root></div>");
  const ill = await diagnose(await api(spa, { health: "/spa/health" }));
  expect(ill.finding("component:api").because).toContain("a route that answers everything");
});

test("Vault's standby answers 429 and is well; a `false` in Elasticsearch's answer is good news", async () => {
  const vault = json(429, { initialized: true, sealed: false, standby: true });
  expect((await diagnose(await api(vault, { health: "/v1/sys/health" }))).findings).toEqual([]);
  const cluster = { cluster_name: "shop", timed_out: false, number_of_nodes: 3, number_of_data_nodes: 3 };
  expect((await diagnose(await api(json(200, { ...cluster, status: "green" })))).findings).toEqual([]);
  const red = await diagnose(await api(json(200, { ...cluster, status: "red", unassigned_shards: 40 })));
  expect(red.finding("component:api").because).toContain("40 shards are not assigned");
  expect(JSON.stringify(red.findings)).not.toContain("timed_out (");
});

test("503 with Retry-After says how long", async () => {
  const diagnosis = await diagnose(await api(json(503, {}, { "retry-after": "30" })));
  expect(diagnosis.finding("component:api").because).toContain("retry after 30 s");
});

test("a redirect to another host is reported, not followed", async () => {
  let visited = 0;
  const other = await serve((_request, answer) => {
    visited += 1;
    answer.end("ok");
  });
  const diagnosis = await diagnose(
    await api(
      (_request, answer) => answer.writeHead(302, { location: `${other}/login?token=abc123` }).end(),
      {
        headers: { authorization: "Bearer very-secret-token" },
      },
    ),
  );
  expect(diagnosis.finding("component:api").because).toContain(`${other}/login`);
  expect(visited).toBe(0);
  expect(JSON.stringify(diagnosis)).not.toMatch(/abc123|very-secret-token/);
});

test("a redirect within the service is followed", async () => {
  const { findings } = await diagnose(
    await api((request, answer) => {
      if (request.url === "/health") answer.writeHead(307, { location: "/healthz" }).end();
      else answer.end("OK");
    }),
  );
  expect(findings).toEqual([]);
});

test("a service that accepts and never answers is hung", async () => {
  const diagnosis = await diagnose(await api(() => undefined));
  const finding = diagnosis.finding("component:api");
  expect(finding.title).toContain("accepts, never answers");
  expect(diagnosis.advice("repairComponents")).toContain("stack dump");
});

test("a service that cuts the connection", async () => {
  const diagnosis = await diagnose(await api((request) => request.socket.destroy()));
  expect(diagnosis.finding("component:api").title).toContain("connection reset");
});

test("something that is not HTTP answers", async () => {
  const server = await listening(createServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")));
  cleanups.push(server.close);
  const diagnosis = await diagnose({ api: { kind: "http", url: `http://127.0.0.1:${server.port}` } });
  expect(diagnosis.finding("component:api").title).toContain("wrong protocol");
});

test("a name that does not resolve", async () => {
  const diagnosis = await diagnose({ api: { kind: "http", url: "http://no-such-host.invalid" } });
  expect(diagnosis.finding("component:api").title).toMatch(/name does not exist|DNS failing/);
});

test("TLS expected where there is none", async () => {
  const url = (await serve(json(200, {}))).replace("http:", "https:");
  const diagnosis = await diagnose({ api: { kind: "http", url } });
  expect(diagnosis.finding("component:api").title).toContain("no TLS on this port");
});

test("a slow answer is found and says where the time went", async () => {
  const slow: RequestListener = (_request, answer) => {
    setTimeout(() => answer.end("OK"), 120);
  };
  const diagnosis = await diagnose(await api(slow), { slowSeconds: 0.1 });
  expect(diagnosis.finding("component:api").because).toContain("waiting for the first byte");
});

test("JSON that is none, and a body that is endless", async () => {
  const broken: RequestListener = (_request, answer) =>
    answer.setHeader("content-type", "application/json").end("<html>");
  expect((await diagnose(await api(broken))).finding("component:api").title).toContain("broken JSON");
  const endless: RequestListener = (_request, answer) => {
    const more = () => answer.write("x".repeat(10_000), (error) => (error ? undefined : more()));
    more();
  };
  const { findings } = await diagnose(await api(endless));
  expect(findings).toEqual([]);
});

test("Postgres: wrong database and a server that never answers", async () => {
  const url = new URL(inject("databaseUrl"));
  url.pathname = "/no_such_database";
  const silent = await listening(createServer(() => undefined));
  cleanups.push(silent.close);
  const diagnosis = await diagnose({
    wrong: { kind: "postgres", url: url.href },
    hung: { kind: "postgres", url: `postgres://x@127.0.0.1:${silent.port}/x` },
  });
  expect(diagnosis.finding("component:wrong").because).toContain("no_such_database");
  expect(diagnosis.finding("component:hung").title).toContain("accepts, never answers");
});

test("Postgres that answers and takes no writes is not healthy", async () => {
  const url = new URL(inject("databaseUrl"));
  url.searchParams.set("options", "-c default_transaction_read_only=on");
  const diagnosis = await diagnose({ db: { kind: "postgres", url: url.href } });
  expect(diagnosis.finding("component:db/state").title).toContain("takes no writes");
});

test("Prometheus that is not ready (emulated)", async () => {
  const url = await serve((_request, answer) => answer.writeHead(503).end("Service Unavailable"));
  const diagnosis = await diagnose({ metrics: { kind: "prometheus", url } });
  expect(diagnosis.finding("component:metrics").because).toContain("503");
});

test.skipIf(whyNoRedis() !== undefined)(
  "Redis: fine, wrong password, no client slot left, stopped, killed",
  async () => {
    const server = await startRedis(["--requirepass", "right-password", "--maxclients", "20"]);
    cleanups.push(server.stop);
    const at = (password: string) => ({
      cache: { kind: "redis", url: `redis://:${password}@127.0.0.1:${server.port}` },
    });
    const title = async (password: string) =>
      (await diagnose(at(password))).findings.find(({ id }) => id === "component:cache")?.title;
    expect(await title("right-password")).toBeUndefined();
    expect(await title("wrong-password")).toContain("does not accept the credentials");

    const hogs: Socket[] = [];
    const hog = async () => {
      const socket = connect(server.port, "127.0.0.1").on("error", () => undefined);
      hogs.push(socket);
      await once(socket, "connect");
    };
    // Redis may still count those who left a moment ago, and turns a hog away in their place: more come until all is taken.
    await until(async () => {
      await Promise.all(Array.from({ length: 20 }, hog));
      return /client|limit|slot/i.test((await title("right-password")) ?? "");
    });
    for (const socket of hogs) socket.destroy();
    await until(async () => (await title("right-password")) === undefined);

    process.kill(server.pid(), "SIGSTOP");
    expect(await title("right-password")).toContain("accepts, never answers");
    process.kill(server.pid(), "SIGCONT");
    await server.kill();
    expect(await title("right-password")).toContain("connection refused");
  },
);
