import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { App, HTTPReceiver, type Logger, LogLevel, SocketModeReceiver } from "@slack/bolt";
import type { KnownBlock, ModalView } from "@slack/types";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";

export type Mode = "http" | "socket";

const plain = (text: string) => ({ type: "plain_text" as const, text });
const mrkdwn = (text: string) => ({ type: "mrkdwn" as const, text });

/** The SDK warns about what these tests provoke on purpose. */
export const quiet: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

/** A 1x1 PNG. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

export const card = (system: string): KnownBlock[] => [
  { type: "header", text: plain(`Diagnosis: ${system}`) },
  { type: "section", fields: [mrkdwn("*Error rate*\n4.2 %"), mrkdwn("*Pods*\n3 / 5 ready")] },
  {
    type: "actions",
    block_id: "vote",
    elements: [
      { type: "button", action_id: "approve", text: plain("Approve"), style: "primary", value: system },
      { type: "button", action_id: "reject", text: plain("Reject…"), style: "danger", value: system },
      {
        type: "overflow",
        action_id: "more",
        options: [
          { text: plain("Details"), value: "details" },
          { text: plain("Mute"), value: "mute" },
        ],
      },
    ],
  },
];

const reason = (metadata: string): ModalView => ({
  type: "modal",
  callback_id: "reason",
  private_metadata: metadata,
  notify_on_close: true,
  title: plain("Reject"),
  submit: plain("Reject"),
  close: plain("Cancel"),
  blocks: [
    {
      type: "input",
      block_id: "why",
      label: plain("Reason"),
      element: { type: "plain_text_input", action_id: "text", multiline: true },
    },
  ],
});

const RUNBOOKS: Record<string, string[]> = { shop: ["checkout-slow", "cart-empty"], bank: ["ledger-stuck"] };
const options = (values: readonly string[]) => values.map((value) => ({ text: plain(value), value }));

/** A form whose second question depends on the answer to the first. */
export const form = (system?: string): ModalView => ({
  type: "modal",
  callback_id: "form",
  title: plain("Diagnose"),
  submit: plain("Run"),
  blocks: [
    {
      type: "input",
      block_id: "system",
      dispatch_action: true,
      label: plain("System"),
      element: { type: "static_select", action_id: "system", options: options(Object.keys(RUNBOOKS)) },
    },
    {
      type: "input",
      block_id: "owner",
      optional: true,
      label: plain("Owner"),
      element: { type: "external_select", action_id: "owner", min_query_length: 1 },
    },
    ...(system === undefined
      ? []
      : [
          {
            type: "input" as const,
            block_id: `runbook-${system}`,
            label: plain("Runbook"),
            element: {
              type: "static_select" as const,
              action_id: "runbook",
              options: options(RUNBOOKS[system] ?? []),
            },
          },
        ]),
  ],
});

/** Everything the bot was told, in order. */
export type Heard = string[];

function listen(app: App, heard: Heard): void {
  app.command("/diag", async ({ command, ack, client }) => {
    if (command.text === "form") {
      await ack();
      await client.views.open({ trigger_id: command.trigger_id, view: form() });
      return;
    }
    if (command.text === "public") return ack({ response_type: "in_channel", text: "everybody sees this" });
    if (command.text === "silent") return;
    await ack({ response_type: "ephemeral", text: `Diagnosing ${command.text} …` });
    const root = await client.chat.postMessage({
      channel: command.channel_id,
      text: `Diagnosing ${command.text}`,
    });
    const thread = { channel: command.channel_id, thread_ts: root.ts ?? "" };
    await client.chat.postMessage({
      ...thread,
      text: `Diagnosis of ${command.text}`,
      blocks: card(command.text),
    });
    await client.filesUploadV2({
      channel_id: command.channel_id,
      thread_ts: root.ts ?? "",
      file: PNG,
      filename: "latency.png",
      title: "p99 latency",
      alt_text: "p99 latency, last hour",
    });
  });
  app.action("approve", async ({ ack, body, action, client, respond }) => {
    await ack();
    if (body.type !== "block_actions" || action.type !== "button") return;
    await client.chat.update({
      channel: body.channel?.id ?? "",
      ts: body.message?.ts ?? "",
      text: `${action.value} approved by <@${body.user.id}>`,
      blocks: [{ type: "context", elements: [mrkdwn(`:white_check_mark: approved by <@${body.user.id}>`)] }],
    });
    await respond({ text: "Thank you", replace_original: false });
  });
  app.action("reject", async ({ ack, body, client }) => {
    await ack();
    if (body.type !== "block_actions") return;
    const metadata = JSON.stringify({ channel: body.channel?.id, ts: body.message?.ts });
    await client.views.open({ trigger_id: body.trigger_id, view: reason(metadata) });
  });
  app.action("more", async ({ ack, action }) => {
    await ack();
    heard.push(action.type === "overflow" ? `more: ${action.selected_option.value}` : action.type);
  });
  app.action("system", async ({ ack, body, action, client }) => {
    await ack();
    if (body.type !== "block_actions" || action.type !== "static_select" || body.view === undefined) return;
    const { id, hash } = body.view;
    await client.views.update({ view_id: id, hash, view: form(action.selected_option.value) });
  });
  app.options("owner", async ({ ack, options: asked }) => {
    await ack({ options: options([`${asked.value}-team`, `${asked.value}-lead`]) });
  });
  app.view("form", async ({ ack, view }) => {
    heard.push(JSON.stringify(view.state.values));
    await ack();
  });
  app.view("reason", async ({ ack, view, body, client }) => {
    const why = view.state.values.why?.text?.value ?? "";
    if (why.length < 5) return ack({ response_action: "errors", errors: { why: "at least 5 characters" } });
    await ack();
    const { channel, ts } = JSON.parse(view.private_metadata);
    await client.chat.update({ channel, ts, text: `rejected by <@${body.user.id}>: ${why}` });
  });
  app.view({ callback_id: "reason", type: "view_closed" }, async ({ ack }) => {
    await ack();
    heard.push("closed");
  });
  app.event("app_mention", async ({ event }) => {
    heard.push(`mention: ${event.text}`);
  });
  app.event("app_home_opened", async ({ event, client }) => {
    await client.views.publish({
      user_id: event.user,
      view: { type: "home", blocks: [{ type: "section", text: mrkdwn(`Hello <@${event.user}>`) }] },
    });
  });
}

export interface Bot {
  readonly heard: Heard;
  readonly requestUrl: string;
  stop(): Promise<void>;
}

const close = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** A Bolt app of its own in either mode, composed as the product composes it: one node:http server, Bolt as its handler. */
export async function startBot(slack: LocalSlack, mode: Mode): Promise<Bot> {
  const receiver =
    mode === "socket"
      ? new SocketModeReceiver({
          appToken: slack.appToken,
          logger: quiet,
          installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
        })
      : new HTTPReceiver({ signingSecret: slack.signingSecret, logger: quiet });
  const app = new App({
    token: slack.token,
    receiver,
    logger: quiet,
    deferInitialization: true,
    clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 }, timeout: 5000 },
  });
  const heard: Heard = [];
  const working = new Set<Promise<void>>();
  app.use(({ next }) => {
    const work = next();
    working.add(work);
    return work.finally(() => working.delete(work));
  });
  listen(app, heard);
  const server = createServer((request, response) => {
    if (receiver instanceof HTTPReceiver) receiver.requestListener(request, response);
    else response.writeHead(404).end();
  });
  await app.init();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const requestUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  if (mode === "socket") await app.start();
  else slack.requestUrl = requestUrl;
  return {
    heard,
    requestUrl,
    stop: async () => {
      while (working.size > 0) await Promise.allSettled(working);
      if (mode === "socket") await app.stop();
      await close(server);
    },
  };
}
