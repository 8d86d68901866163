import { WebClient, type WebClientOptions } from "@slack/web-api";
import { afterEach, beforeEach } from "vitest";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import { quiet } from "./bot.ts";

export interface WebApiRig {
  readonly slack: LocalSlack;
  /** With the bot's token; it does not try again. */
  readonly client: WebClient;
  /** The local Slack's clock; a test may set it forward. */
  now: number;
  connect(token: string, options?: WebClientOptions): WebClient;
  /** To C0OPS; returns its ts. */
  post(text: string, more?: object): Promise<string>;
}

/** What a call was refused with. */
export const refused = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    (error: { data?: { error?: string }; code?: string }) => error.data?.error ?? error.code,
  );

/** To be called once per test file: a new local Slack before every test, and a client of it. */
export function webApiRig(): WebApiRig {
  let slack: LocalSlack;
  let client: WebClient;
  const connect: WebApiRig["connect"] = (token, options = {}) =>
    new WebClient(token, {
      slackApiUrl: slack.apiUrl,
      retryConfig: { retries: 0 },
      logger: quiet,
      ...options,
    });
  const rig: WebApiRig = {
    get slack() {
      return slack;
    },
    get client() {
      return client;
    },
    now: Date.parse("2026-11-22T12:00:00Z"),
    connect,
    post: async (text, more = {}) =>
      (await client.chat.postMessage({ channel: "C0OPS", text, ...more })).ts ?? "",
  };
  beforeEach(async () => {
    slack = await startLocalSlack({
      now: () => rig.now,
      people: [
        { id: "U0ALICE", name: "alice", real_name: "Alice Adams", email: "alice@example.com" },
        { id: "U0GUEST", name: "guest", is_restricted: true, is_ultra_restricted: true },
        { id: "U0GONE", name: "gone", deleted: true, email: "gone@example.com" },
        { id: "U0PARTNER", name: "partner", is_stranger: true, team_id: "T0PARTNER" },
      ],
      channels: [
        { id: "C0OPS", name: "ops" },
        { id: "C0SHARED", name: "shared", is_ext_shared: true },
        { id: "C0OTHER", name: "other", members: ["U0ALICE"] },
        { id: "C0OLD", name: "old", is_archived: true },
      ],
      usergroups: [{ id: "S0DBA", handle: "dba", users: ["U0ALICE"] }],
    });
    client = connect(slack.token);
  });
  afterEach(() => slack.stop());
  return rig;
}
