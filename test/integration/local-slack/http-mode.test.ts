import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { WebClient } from "@slack/web-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import { type Bot, startBot } from "./bot.ts";

describe("signed HTTP delivery", () => {
  let slack: LocalSlack;
  let bot: Bot;

  beforeEach(async () => {
    slack = await startLocalSlack({ ackTimeoutMs: 1000, commands: [{ name: "/diag" }] });
    bot = await startBot(slack, "http");
  });
  afterEach(async () => {
    await bot.stop();
    await slack.stop();
  });

  const knock = (headers: Record<string, string>, body = "command=%2Fdiag&text=public") =>
    fetch(bot.requestUrl, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body: Buffer.from(body),
    });

  it("is refused by the app with a wrong signature, an old one, or none", async () => {
    const body = "command=%2Fdiag&text=public";
    expect((await knock(slack.sign(`${body}x`))).status).toBe(401);
    expect((await knock(slack.sign(body, Math.floor(Date.now() / 1000) - 400))).status).toBe(401);
    expect((await knock({})).status).toBe(401);
    expect((await knock(slack.sign(body))).status).toBe(200);
  });

  it("shows the person what came back: 401 as http_client_error, nobody there as dispatch_failed", async () => {
    const other = await startLocalSlack({ signingSecret: "another secret", requestUrl: bot.requestUrl });
    await expect(other.command("U0ALICE", "C0OPS", "/diag", "public")).rejects.toMatchObject({
      code: "http_client_error",
    });
    other.requestUrl = "http://127.0.0.1:1/";
    await expect(other.command("U0ALICE", "C0OPS", "/diag")).rejects.toMatchObject({
      code: "dispatch_failed",
    });
    other.requestUrl = undefined;
    await expect(other.command("U0ALICE", "C0OPS", "/diag")).rejects.toMatchObject({
      code: "dispatch_failed",
    });
    await other.stop();
  });

  it("does not deliver a command nobody registered", async () => {
    await expect(slack.command("U0ALICE", "C0OPS", "/nope", "at all")).rejects.toMatchObject({
      code: "invalid_command",
    });
    expect(slack.deliveries).toHaveLength(0);
    expect(slack.ephemerals("U0ALICE")[0]?.text).toContain("`/nope` is not a valid command");
  });

  it("hands over a payload of one's own, signed", async () => {
    const forged = { type: "block_actions", user: { id: "U0MALLORY" }, actions: [{ action_id: "none" }] };
    await expect(slack.deliver("interactive", forged)).rejects.toMatchObject({ code: "operation_timeout" });
    expect(slack.deliveries.at(-1)?.payload).toEqual(forged);
  });
});

describe("events over HTTP", () => {
  let server: Server;
  let slack: LocalSlack;
  const seen: { retry: string | undefined; reason: string | undefined; id: string }[] = [];
  let answer: (attempt: number) => { status: number; headers?: Record<string, string> };

  beforeEach(async () => {
    seen.length = 0;
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const header = (name: string) => request.headers[name]?.toString();
      const { event_id } = JSON.parse(Buffer.concat(chunks).toString());
      seen.push({ retry: header("x-slack-retry-num"), reason: header("x-slack-retry-reason"), id: event_id });
      const { status, headers } = answer(seen.length);
      response.writeHead(status, headers).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const requestUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    slack = await startLocalSlack({ requestUrl, eventRetryDelaysMs: [0, 5, 10] });
  });
  afterEach(async () => {
    await slack.stop();
    server.close();
    server.closeAllConnections();
  });

  it("are tried again under the same id, with the number and the reason", async () => {
    answer = (attempt) => ({ status: attempt < 3 ? 500 : 200 });
    await slack.say("U0ALICE", "C0OPS", "hello");
    await slack.waitFor((now) => now.deliveries.length === 3);
    expect(seen.map((each) => each.retry)).toEqual([undefined, "1", "2"]);
    expect(seen[2]?.reason).toBe("http_error");
    expect(new Set(seen.map((each) => each.id)).size).toBe(1);
  });

  it("are given up after the fourth attempt, or when the app asks for it", async () => {
    answer = () => ({ status: 500 });
    await slack.say("U0ALICE", "C0OPS", "hello");
    await slack.waitFor((now) => now.deliveries.length === 4);
    answer = () => ({ status: 500, headers: { "x-slack-no-retry": "1" } });
    await slack.say("U0ALICE", "C0OPS", "again");
    answer = () => ({ status: 200 });
    await slack.say("U0ALICE", "C0OPS", "and again");
    expect(slack.deliveries.slice(4).map((each) => each.retry)).toEqual([0, 0]);
  });

  it("tell the app of its own messages and edits too, unless it did not subscribe", async () => {
    answer = () => ({ status: 200 });
    const client = new WebClient(slack.token, { slackApiUrl: slack.apiUrl });
    const { ts } = await client.chat.postMessage({ channel: "C0OPS", text: "mine" });
    await client.chat.update({ channel: "C0OPS", ts: ts ?? "", text: "still mine" });
    await slack.waitFor((now) => now.deliveries.length === 2);
    const events = slack.deliveries.map((each) => each.payload.event);
    expect(events[0]).toMatchObject({ type: "message", bot_id: "B0DIAGBOT", text: "mine", channel: "C0OPS" });
    expect(events[1]).toMatchObject({ subtype: "message_changed", previous_message: { text: "mine" } });
    const deaf = await startLocalSlack({ requestUrl: slack.requestUrl ?? "", events: [] });
    await deaf.say("U0ALICE", "C0OPS", "hello");
    expect(deaf.deliveries).toHaveLength(0);
    await deaf.stop();
  });
});
