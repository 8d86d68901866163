import { connect } from "node:net";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  doorRoutes,
  type HealthReport,
  opsRoutes,
  standardRoutes,
} from "../../../../src/ingress/http/routes.ts";
import { createHttpServer, type HttpServer } from "../../../../src/ingress/http/server.ts";

const logger = pino({ level: "silent" });
let server: HttpServer;
let url: string;
let report: () => Promise<HealthReport>;
let finish: () => void;

beforeEach(async () => {
  report = async () => ({ status: "ok", ready: true, components: { postgres: { status: "ok" } } });
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  server = createHttpServer({
    logger,
    limits: { headersMs: 300, requestMs: 500, headerBytes: 8_192 },
    routes: [
      ...standardRoutes({
        alertmanager: async (_, response) => void response.end("alerts"),
        health: () => report(),
        metrics: async () => ({ contentType: "text/plain; version=0.0.4", text: "up 1\n" }),
      }),
      {
        method: "GET",
        path: "/throws",
        handle: () => {
          throw new Error("boom");
        },
      },
      {
        method: "GET",
        path: "/slow",
        handle: async (_, response) => {
          await held;
          response.end("done");
        },
      },
    ],
  });
  url = `http://127.0.0.1:${(await server.listen(0, "127.0.0.1")).port}`;
});
afterEach(() => server.close(0));
const get = async (path: string, init?: RequestInit) => {
  const answer = await fetch(`${url}${path}`, init);
  const text = await answer.text();
  return { status: answer.status, text, headers: answer.headers };
};

describe("the HTTP server", () => {
  it("answers the paths of the contract", async () => {
    expect(await get("/health/live")).toMatchObject({ status: 200, text: '{"status":"live"}\n' });
    expect(await get("/health/ready")).toMatchObject({ status: 200, text: '{"status":"ready"}\n' });
    expect(JSON.parse((await get("/health?x=1")).text)).toEqual({
      status: "ok",
      components: { postgres: { status: "ok" } },
    });
    expect(await get("/metrics")).toMatchObject({ status: 200, text: "up 1\n" });
    expect((await get("/webhooks/alertmanager", { method: "POST" })).text).toBe("alerts");
    expect((await get("/metrics", { method: "HEAD" })).status).toBe(200);
  });

  it.each(["/", "/slack/events", "/health/", "//health", "/health/live/..", "/%00"])(
    "404 JSON for %s",
    async (path) => {
      const answer = await get(path);
      if (path === "/health/live/..") expect(answer.status).toBe(404);
      expect(answer).toMatchObject({ status: 404 });
      expect(JSON.parse(answer.text)).toMatchObject({ error: "not_found" });
    },
  );

  it("keeps what is for operators apart where they have a port of their own", () => {
    const handle = () => {};
    const paths = (routes: readonly { path: string }[]) => routes.map(({ path }) => path);
    expect(paths(doorRoutes({ slack: handle, alertmanager: handle }))).toEqual([
      "/slack/events",
      "/webhooks/alertmanager",
      "/webhooks/alertmanager/",
      "/api/v2/alerts",
      "/webhooks/alertmanager/api/v2/alerts",
      "/api/v1/alerts",
      "/webhooks/alertmanager/api/v1/alerts",
    ]);
    const ops = { health: report, metrics: async () => ({ contentType: "text/plain", text: "" }) };
    expect(paths(opsRoutes(ops))).toEqual(["/health/live", "/health/ready", "/health", "/metrics"]);
  });

  it("405 with what is allowed", async () => {
    const answer = await get("/webhooks/alertmanager");
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("POST");
  });

  it("500 JSON without the reason when a handler throws", async () => {
    const answer = await get("/throws");
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/boom/);
  });

  it("says not ready and down; health that does not answer is down", async () => {
    report = async () => ({ status: "degraded", ready: false, components: {} });
    expect((await get("/health/ready")).status).toBe(503);
    expect((await get("/health")).status).toBe(200);
    report = () => Promise.reject(new Error("away"));
    expect((await get("/health")).status).toBe(503);
    report = () => new Promise(() => {});
    expect((await get("/health/ready")).status).toBe(503);
  });

  it("cuts senders of endless or oversized headers", async () => {
    const answerTo = (text: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(text));
        let seen = "";
        socket.on("data", (chunk) => {
          seen += chunk.toString();
        });
        socket.on("close", () => resolve(seen));
        socket.on("error", () => resolve(seen));
      });
    expect(await answerTo("GET /health HTTP/1.1\r\nx: y")).toMatch(/408/);
    expect(await answerTo(`GET /health HTTP/1.1\r\nx: ${"y".repeat(10_000)}\r\n\r\n`)).toMatch(/431/);
    expect(await answerTo("nonsense\r\n\r\n")).toMatch(/400/);
  });

  it("lets a request under way finish, then closes", async () => {
    const slow = get("/slow");
    const reached = get("/health/live");
    await reached;
    const closed = server.close(5_000);
    finish();
    expect((await slow).text).toBe("done");
    await closed;
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
  });

  it("cuts what does not finish in time", async () => {
    const slow = get("/slow").then(
      () => "answered",
      () => "cut",
    );
    await get("/health/live");
    await server.close(20);
    expect(await slow).toBe("cut");
  });

  it("says that the port is taken", async () => {
    const second = createHttpServer({ logger, routes: [] });
    await expect(second.listen(Number(new URL(url).port), "127.0.0.1")).rejects.toMatchObject({
      code: "bad_config",
    });
  });
});
