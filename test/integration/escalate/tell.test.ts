import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";
import { Webhook } from "../../../src/core/words/webhook.ts";
import type { News } from "../../../src/escalate/news.ts";
import { tell } from "../../../src/escalate/tell.ts";
import { tryWebhook } from "../../../src/escalate/try.ts";
import { listening, type TestServer, webServer } from "../../helpers/web-server.ts";

const news = (more: Partial<News> = {}): News => ({
  event: "trigger",
  key: "diagbot-incident-12-0",
  incident: 12,
  title: "DiskFull",
  system: "shop",
  severity: "critical",
  since: new Date("2026-11-22T03:00:00Z"),
  because: "nobody has answered",
  findings: ["critical: / is full"],
  waiting: ["Remove rotated logs (run #42)"],
  link: "https://acme.slack.com/archives/C0OPS/p1790000000000100",
  ...more,
});

interface Got {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Record<string, unknown>;
}
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A real HTTP server; what it answers, and what it got. */
async function receiver(status = 202, answer = '{"status":"success"}', headers: Record<string, string> = {}) {
  const got: Got[] = [];
  const server = await webServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      got.push({ path: request.url, headers: request.headers, text, body: JSON.parse(text || "{}") });
      response.writeHead(status, headers).end(answer);
    });
  });
  open.push(server);
  return { got, url: `http://127.0.0.1:${server.port}` };
}
const json = (url: string, more: object = { bearer: "b".repeat(20) }) =>
  Webhook.parse({ kind: "json", url, ...more });
const pager = (url: string) => Webhook.parse({ kind: "pagerduty", routingKey: "R0UT1NG", url });

describe("over HTTP", () => {
  test("PagerDuty: trigger, acknowledge and resolve of one dedup_key", async () => {
    const { got, url } = await receiver();
    for (const event of ["trigger", "acknowledge", "resolve"] as const)
      expect(await tell(pager(url), news({ event }))).toMatchObject({ state: "sent" });
    expect(got.map(({ body }) => [body.event_action, body.dedup_key, body.routing_key])).toEqual(
      ["trigger", "acknowledge", "resolve"].map((event) => [event, "diagbot-incident-12-0", "R0UT1NG"]),
    );
    expect(got[0]?.body).toMatchObject({
      client: "diagbot",
      links: [{ href: news().link }],
      payload: {
        summary: "DiskFull on shop: nobody has answered",
        source: "shop",
        severity: "critical",
        timestamp: "2026-11-22T03:00:00.000Z",
        custom_details: { incident: 12, findings: ["critical: / is full"] },
      },
    });
    expect(got[2]?.body).not.toHaveProperty("payload");
  });

  test("Opsgenie: an alert by its alias, acknowledged and closed by it", async () => {
    const { got, url } = await receiver();
    const webhook = Webhook.parse({ kind: "opsgenie", apiKey: "k3y", url: `${url}/v2/alerts` });
    for (const event of ["trigger", "acknowledge", "resolve"] as const) await tell(webhook, news({ event }));
    expect(got.map(({ path, headers }) => `${headers.authorization} ${path}`)).toEqual([
      "GenieKey k3y /v2/alerts",
      "GenieKey k3y /v2/alerts/diagbot-incident-12-0/acknowledge?identifierType=alias",
      "GenieKey k3y /v2/alerts/diagbot-incident-12-0/close?identifierType=alias",
    ]);
    expect(got[0]?.body).toMatchObject({
      message: "DiskFull on shop",
      alias: "diagbot-incident-12-0",
      priority: "P1",
    });
  });

  test("JSON: signed over time and body, with a key for those who keep one, or by a bearer token", async () => {
    const { got, url } = await receiver(200, "ok");
    const hmac = "h".repeat(16);
    await tell(json(url, { hmac }), news());
    await tell(json(url), news({ event: "resolve" }));
    const { headers, text } = got[0]!;
    const signature = createHmac("sha256", hmac)
      .update(`${headers["x-diagbot-timestamp"]}.${text}`)
      .digest("hex");
    expect(headers["x-diagbot-signature"]).toBe(`sha256=${signature}`);
    expect(headers["idempotency-key"]).toBe("diagbot-incident-12-0-trigger");
    expect(got[0]?.body).toMatchObject({ version: 1, incident: 12, since: "2026-11-22T03:00:00.000Z" });
    expect(got[1]?.headers).toMatchObject({ authorization: `Bearer ${"b".repeat(20)}` });
    expect(got[1]?.headers).not.toHaveProperty("x-diagbot-signature");
  });

  test.each([
    [400, "failed", "failed"],
    [401, "failed", "failed"],
    [302, "failed", "failed"],
    [408, "again", "again"],
    [429, "again", "again"],
    [503, "again", "again"],
    // It may have been taken: only who knows it again is told again.
    [500, "again", "unknown"],
    [502, "again", "unknown"],
  ])("HTTP %i: %s where it is known again, else %s", async (status, keyed, once) => {
    const { url, got } = await receiver(status, "no", { location: "http://127.0.0.1:1/" });
    expect(await tell(pager(url), news())).toEqual({ state: keyed, said: `HTTP ${status}: no` });
    expect(await tell(json(url), news())).toEqual({ state: once, said: `HTTP ${status}: no` });
    expect(got).toHaveLength(2);
  });

  test("what was surely not sent is tried again, an answer that never comes is no answer", async () => {
    const silent = await listening(createServer((socket) => void socket.on("error", () => {})));
    open.push(silent);
    const url = `http://127.0.0.1:${silent.port}`;
    expect(await tell(json(url), news(), 50)).toMatchObject({
      state: "unknown",
      said: "no answer within 0.05 s",
    });
    expect(await tell(pager(url), news(), 50)).toMatchObject({ state: "again" });
    const gone = await listening(createServer());
    await gone.close();
    const refused = await tell(json(`http://127.0.0.1:${gone.port}`), news());
    expect(refused).toEqual({ state: "again", said: "no answer: ECONNREFUSED" });
    const reset = await listening(createServer((socket) => void socket.once("data", () => socket.destroy())));
    open.push(reset);
    expect(await tell(json(`http://127.0.0.1:${reset.port}`), news())).toMatchObject({ state: "unknown" });
  });

  test("an answer without end is cut", async () => {
    const server = await webServer((request, response) => {
      request.resume();
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    });
    open.push(server);
    const told = await tell(json(`http://127.0.0.1:${server.port}`), news());
    expect(told.state).toBe("sent");
    expect(told.said.length).toBeLessThan(300);
  });
});

describe("by mail", () => {
  interface Mail {
    readonly from: string;
    readonly to: readonly string[];
    readonly text: string;
  }
  async function mailServer(options: ConstructorParameters<typeof SMTPServer>[0] = {}) {
    const got: Mail[] = [];
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      logger: false,
      onData: (stream, session, done) => {
        let text = "";
        stream.setEncoding("utf8").on("data", (part: string) => (text += part));
        stream.on("end", () => {
          const { mailFrom, rcptTo } = session.envelope;
          got.push({
            from: mailFrom === false ? "" : mailFrom.address,
            to: rcptTo.map((one) => one.address),
            text,
          });
          done();
        });
      },
      ...options,
    });
    server.on("error", () => {});
    const listener = await listening(server.server as Parameters<typeof listening>[0]);
    open.push({ close: async () => void (await listener.close()) });
    return { got, port: listener.port };
  }
  const hook = (port: number, user = "") =>
    Webhook.parse({
      kind: "smtp",
      url: `smtp://${user}127.0.0.1:${port}`,
      from: "diagbot@example.com",
      to: ["oncall@example.com", "boss@example.com"],
    });

  test("it is delivered whole, to everybody, and is known by its id", async () => {
    const { got, port } = await mailServer();
    expect(await tell(hook(port), news())).toMatchObject({ state: "sent" });
    expect(got).toMatchObject([
      { from: "diagbot@example.com", to: ["oncall@example.com", "boss@example.com"] },
    ]);
    const text = got[0]?.text ?? "";
    expect(text).toContain("Subject: [diagbot] DiskFull on shop");
    expect(text).toContain("Message-ID: <diagbot-incident-12-0-trigger@diagbot>");
    expect(text).toContain("- critical: / is full");
    expect(text).toContain("Auto-Submitted: auto-generated");
  });

  test("no title adds a header, a recipient or a file", async () => {
    const { got, port } = await mailServer();
    const title = "x\r\nBcc: evil@example.com\r\n\r\n.\r\nQUIT";
    await tell(hook(port), news({ title, findings: ["a\r\n.\r\nMAIL FROM:<evil@example.com>"] }));
    expect(got).toHaveLength(1);
    expect(got[0]?.to).toEqual(["oncall@example.com", "boss@example.com"]);
    const [headers = ""] = (got[0]?.text ?? "").split("\r\n\r\n");
    expect(headers).not.toMatch(/^Bcc:/im);
  });

  test("a password that is refused, a full box, and a server that dies with the mail in its hands", async () => {
    const refusing = await mailServer({
      authOptional: false,
      onAuth: (_auth, _session, done) => done(new Error("no")),
    });
    const refused = await tell(hook(refusing.port, "diagbot:hush-hush@"), news());
    expect(refused.state).toBe("failed");
    expect(refused.said).not.toContain("hush");
    const busy = await mailServer({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error("try later"), { responseCode: 451 })),
    });
    expect(await tell(hook(busy.port), news())).toMatchObject({ state: "again" });
    const unknown = await mailServer({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error("no such box"), { responseCode: 550 })),
    });
    expect(await tell(hook(unknown.port), news())).toMatchObject({ state: "failed" });
    let sockets: TestServer | undefined;
    const dying = await mailServer({
      onData: (stream) => {
        stream.resume();
        stream.on("end", () => void sockets?.close());
      },
    });
    sockets = { port: dying.port, close: async () => open.at(-1)?.close() };
    expect(await tell(hook(dying.port), news())).toMatchObject({ state: "unknown" });
    const gone = await listening(createServer());
    await gone.close();
    expect(await tell(hook(gone.port), news())).toMatchObject({ state: "again" });
  });
});

describe("for a test", () => {
  test("it says that it is one, is not critical, and is ended under the same key", async () => {
    const { got, url } = await receiver();
    expect(await tryWebhook(pager(url), "bastion")).toMatchObject({ state: "sent" });
    const [first, last] = got.map(({ body }) => body);
    expect(first).toMatchObject({
      event_action: "trigger",
      payload: { summary: expect.stringMatching(/^Test: nobody needs.*bastion/), severity: "warning" },
    });
    expect(last).toMatchObject({ event_action: "resolve", dedup_key: first?.dedup_key });
    await tryWebhook(pager(url), "bastion");
    expect(got[2]?.body.dedup_key).not.toBe(first?.dedup_key);
  });

  test("what was refused is not ended, and says why", async () => {
    const { got, url } = await receiver(400, "Invalid Routing Key");
    expect(await tryWebhook(pager(url), "bastion")).toEqual({
      state: "failed",
      said: "HTTP 400: Invalid Routing Key",
    });
    expect(got).toHaveLength(1);
  });
});
