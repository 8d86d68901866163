import { afterEach, beforeEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import { startBot } from "./bot.ts";

let slack: LocalSlack;

beforeEach(async () => {
  slack = await startLocalSlack({ ackTimeoutMs: 120_000, events: [] });
});
afterEach(() => slack.stop());

const connect = async (): Promise<WebSocket> => {
  const opened = await fetch(`${slack.apiUrl}apps.connections.open`, {
    method: "POST",
    headers: { authorization: `Bearer ${slack.appToken}` },
  });
  const { url } = (await opened.json()) as { url: string };
  return new WebSocket(url);
};

/** A client that acknowledges everything and counts what it heard. */
const answering = async () => {
  const socket = await connect();
  const heard: string[] = [];
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data));
    heard.push(frame.type);
    if (frame.envelope_id !== undefined) socket.send(JSON.stringify({ envelope_id: frame.envelope_id }));
  });
  return { heard, socket };
};

it("goes on with Bolt after Slack asked every client to reconnect", async () => {
  const bot = await startBot(slack, "socket");
  slack.disconnectSockets("refresh_requested");
  await slack.waitFor((now) => now.connected === 0);
  // The client of @slack/socket-mode 3.1 waits five seconds first.
  await slack.waitFor((now) => now.connected === 1);
  expect(await slack.command("U0ALICE", "C0OPS", "/diag", "public")).toMatchObject({
    text: "everybody sees this",
  });
  await bot.stop();
});

it("fails what was on its way when a socket breaks, at once", async () => {
  await connect();
  await slack.waitFor((now) => now.connected === 1);
  const started = performance.now();
  const command = slack.command("U0ALICE", "C0OPS", "/diag", "public");
  slack.cutSockets();
  await expect(command).rejects.toMatchObject({ code: "operation_timeout" });
  expect(performance.now() - started).toBeLessThan(60_000);
  expect(slack.connected).toBe(0);
});

it("gives each envelope to one of several connections, in turn", async () => {
  const clients = [await answering(), await answering(), await answering()];
  await slack.waitFor((now) => now.connected === 3);
  for (let count = 0; count < 6; count += 1) await slack.command("U0ALICE", "C0OPS", "/diag", "public");
  expect(clients.map(({ heard }) => heard.filter((type) => type === "slash_commands").length)).toEqual([
    2, 2, 2,
  ]);
  expect(clients.map(({ heard }) => heard[0])).toEqual(["hello", "hello", "hello"]);
});

it("lets nobody connect without a fresh ticket", async () => {
  const socket = new WebSocket(`${slack.url.replace("http", "ws")}/link/?ticket=stolen`);
  const error = await new Promise<Error>((resolve) => socket.once("error", resolve));
  expect(error.message).toContain("socket hang up");
  expect(slack.connected).toBe(0);
});

it("survives a client that talks nonsense", async () => {
  const { socket, heard } = await answering();
  await new Promise((resolve) => socket.once("open", resolve));
  socket.send("not json");
  socket.send(JSON.stringify({ envelope_id: "never sent" }));
  await slack.command("U0ALICE", "C0OPS", "/diag", "public");
  expect(heard).toEqual(["hello", "slash_commands"]);
});
