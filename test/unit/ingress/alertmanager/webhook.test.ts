import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { gzipSync } from "node:zlib";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Entry } from "../../../../src/core/ports/intake.ts";
import type { Notification } from "../../../../src/core/words/alert.ts";
import { DiagError } from "../../../../src/core/words/errors.ts";
import { IncidentId, ThreadId } from "../../../../src/core/words/ids.ts";
import { createWebhook, type WebhookOptions } from "../../../../src/ingress/alertmanager/webhook.ts";
import { cpuTimeOf } from "../../../helpers/cpu-time.ts";
import { recorded } from "../fixtures.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const PREVIOUS = "fedcba9876543210fedcba9876543210";
const seen: { entry: Entry; notification: Notification }[] = [];
const notices: string[] = [];
const counted: string[] = [];
let failure: Error | undefined;
let server: Server;
let port: number;

async function serve(more: Partial<WebhookOptions> = {}) {
  const handle = createWebhook({
    tokens: [TOKEN, PREVIOUS],
    logger: pino({ level: "silent" }),
    notice: (text) => notices.push(text),
    metrics: {
      received: (source, outcome) => counted.push(`${source}:${outcome}`),
      turnedAway: (reason) => counted.push(`away:${reason}`),
      heartbeat: () => counted.push("heartbeat"),
    },
    door: {
      receiveAlerts: async (entry, notification) => {
        if (failure !== undefined) throw failure;
        seen.push({ entry, notification });
        const one = {
          incident: IncidentId.parse(7),
          thread: ThreadId.parse(1),
          news: "opened" as const,
          runs: [],
        };
        return { heartbeats: [], incidents: [one] };
      },
    },
    ...more,
  });
  server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
}

beforeEach(() => serve());
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  seen.length = notices.length = counted.length = 0;
  failure = undefined;
});

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${port}/`, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers },
  });
const good = JSON.stringify(recorded("04-firing-grouped-4-alerts"));

describe("the Alertmanager webhook", () => {
  it("stores, then answers 200 with the incident", async () => {
    const answer = await post(good);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ incident: 7, news: "opened", runs: [] });
    expect(seen[0]?.notification.alerts).toHaveLength(4);
    expect(seen[0]?.entry).toMatchObject({ source: "alertmanager", raw: good });
    expect(counted).toEqual(["alertmanager:opened"]);
  });

  it("takes the token before, too, while it is replaced", async () => {
    expect((await post(good, { authorization: `Bearer ${PREVIOUS}` })).status).toBe(200);
  });

  it("does not care for the content type", async () => {
    expect((await post(good, { "content-type": "text/plain" })).status).toBe(200);
  });

  it.each([
    ["none", ""],
    ["wrong", "Bearer 0123456789abcdef0123456789abcdeg"],
    ["cut", "Bearer 0123456789abcdef"],
    ["another scheme", `Basic ${TOKEN}`],
    ["bare", TOKEN],
    ["empty", "Bearer "],
  ])("401 with a token that is %s", async (_, authorization) => {
    const answer = await post(good, { authorization });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/Bearer/);
    expect(seen).toEqual([]);
  });

  it.each([
    ["not JSON", "{", /not JSON/],
    ["version 3", JSON.stringify({ ...JSON.parse(good), version: "3" }), /version/],
    ["no alerts", JSON.stringify({ ...JSON.parse(good), alerts: [] }), /alerts/],
    [
      "nothing but a bad alert",
      JSON.stringify({ ...JSON.parse(good), alerts: [{ status: "odd" }] }),
      /alerts\.0\.status/,
    ],
    ["a list", "[]", /body/],
    ["nothing", "", /empty/],
  ])("400 with the reason for %s", async (_, body, reason) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ reason: expect.stringMatching(reason) });
  });

  it("415 for a compressed body", async () => {
    expect((await post(new Uint8Array(gzipSync(good)), { "content-encoding": "gzip" })).status).toBe(415);
  });

  it("503 when nothing could be stored, without the reason of the store; 500 for a bug", async () => {
    failure = new DiagError("store_unavailable", "Postgres: connect ECONNREFUSED 10.0.0.7:5432");
    const answer = await post(good);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(await answer.text()).not.toMatch(/10\.0\.0\.7/);
    failure = new TypeError("undefined is not a function");
    expect((await post(good)).status).toBe(500);
    failure = new DiagError("bad_config", "no channel is configured for this alert");
    expect((await post(good)).status).toBe(500);
  });

  it("takes labels that Postgres could not store", async () => {
    const odd = JSON.parse(good);
    odd.alerts[0].labels.evil = "a\u0000b\ud800c";
    odd.alerts[0].annotations.long = "x".repeat(100_000);
    expect((await post(JSON.stringify(odd))).status).toBe(200);
    const [alert] = seen[0]?.notification.alerts ?? [];
    expect(alert?.labels.evil).toBe("ab\ufffdc");
    expect(alert?.annotations.long).toHaveLength(8_192);
  });
});

describe("a body that is too large", () => {
  it("is refused by its declared length without being read", async () => {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, "127.0.0.1", () =>
        socket.write(
          `POST / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-length: 99999999\r\n\r\n`,
        ),
      );
      socket.on("data", (chunk) => {
        resolve(chunk.toString());
        socket.destroy();
      });
    });
    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(answer).toMatch(/too_large/);
  });

  it("is refused while it streams, and the sender reads why", async () => {
    server.close();
    server.closeAllConnections();
    await serve({ bodyBytes: 100_000 });
    const chunk = Buffer.alloc(50_000, "x");
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += chunk.length;
        if (sent > 1_000_000) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      body: endless,
      duplex: "half",
      headers: { authorization: `Bearer ${TOKEN}` },
    } as RequestInit);
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: "too_large" });
    expect(counted).toEqual(["alertmanager:too_large", "away:too_large"]);
  });

  it("is read by a sender that reads nothing before it has sent all", async () => {
    server.close();
    server.closeAllConnections();
    await serve({ bodyBytes: 100_000 });
    for (const declared of [true, false]) {
      const size = 24 * 1_048_576;
      const socket = connect(port, "127.0.0.1");
      const how = declared ? `content-length: ${size}` : "transfer-encoding: chunked";
      socket.write(`POST / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n${how}\r\n\r\n`);
      socket.pause();
      const body = Buffer.alloc(size, "x");
      const chunks = declared ? [body] : [`${size.toString(16)}\r\n`, body, "\r\n0\r\n\r\n"];
      for (const chunk of chunks)
        await new Promise<void>((sent, failed) => {
          socket.once("error", failed);
          socket.write(chunk, (error) => (error === null || error === undefined ? sent() : failed(error)));
        });
      let answer = "";
      for await (const chunk of socket.setEncoding("utf8")) answer += chunk;
      expect(answer).toMatch(/^HTTP\/1.1 413 .*"too_large"/s);
    }
  });

  it("is told to people once an hour", async () => {
    server.close();
    server.closeAllConnections();
    await serve({ bodyBytes: 10 });
    for (let n = 0; n < 3; n++) expect((await post(good)).status).toBe(413);
    expect(notices).toHaveLength(1);
  });
});

it("too many bodies at once are sent away to come again", async () => {
  server.close();
  server.closeAllConnections();
  await serve({ heldBytes: 1_000 });
  const answer = await post(good);
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { error: "busy", reason: "busy, send it again" },
  ]);
  await serve({ heldBytes: good.length });
  for (let n = 0; n < 3; n++) expect((await post(good)).status).toBe(200);
});

it("6,000 alerts do not hold up the loop noticeably", async () => {
  const group = JSON.parse(good);
  const [alert] = group.alerts;
  group.alerts = Array.from({ length: 6_000 }, (_, n) => ({
    ...alert,
    labels: { ...alert.labels, pod: `web-${n}` },
  }));
  const body = JSON.stringify(group);
  const { longestPiece } = await cpuTimeOf(async () => {
    expect((await post(body)).status).toBe(200);
  });
  expect(seen[0]?.notification.alerts).toHaveLength(6_000);
  expect(longestPiece).toBeLessThan(500);
});
