import { WebClient } from "@slack/web-api";
import type { Logger } from "../../telemetry/logger.ts";
import { createApi, type SlackConfig, slackErrorOf } from "./api.ts";
import { slackLogger } from "./log.ts";

export interface SlackFinding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** One imperative sentence. */
  readonly fix?: string;
}

const QUIET = { warn: () => {} } as unknown as Logger;

/** What `doctor` says of Slack: the tokens, and whether the bot is in each channel. Looks only; 1.5 s for each question. */
export async function checkSlack(config: SlackConfig, channels: readonly string[]): Promise<SlackFinding[]> {
  const api = createApi(config, QUIET);
  const token = await api.lookups.auth.test().then(
    ({ team, user }): SlackFinding => ({ name: "slack token", ok: true, detail: `${user} in ${team}` }),
    (error: unknown): SlackFinding => ({
      name: "slack token",
      ok: false,
      detail: slackErrorOf(error),
      fix: "check SLACK_BOT_TOKEN and that Slack can be reached",
    }),
  );
  const socket = config.appToken === undefined ? [] : [await checkSocket(config, config.appToken)];
  if (!token.ok) return [token, ...socket];
  const rooms = await Promise.all(channels.map((channel) => checkChannel(api, channel)));
  return [token, ...socket, ...rooms];
}

async function checkSocket({ apiUrl }: SlackConfig, appToken: string): Promise<SlackFinding> {
  const client = new WebClient(appToken, {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    timeout: 5_000,
    allowAbsoluteUrls: false,
    logger: slackLogger(QUIET),
  });
  return client.apps.connections.open({}).then(
    () => ({ name: "slack socket", ok: true, detail: "Socket Mode is on" }),
    (error: unknown) => ({
      name: "slack socket",
      ok: false,
      detail: slackErrorOf(error),
      fix: "check SLACK_APP_TOKEN (scope connections:write) and that Socket Mode is switched on",
    }),
  );
}

async function checkChannel(api: ReturnType<typeof createApi>, channel: string): Promise<SlackFinding> {
  const name = `slack channel ${channel}`;
  try {
    const info = (await api.lookups.conversations.info({ channel })).channel;
    if (info?.is_member === true)
      return { name, ok: true, detail: info.is_ext_shared === true ? "shared: no votes there" : "joined" };
    return { name, ok: false, detail: "the bot is not in it", fix: "invite the bot: /invite @diagbot" };
  } catch (error) {
    return {
      name,
      ok: false,
      detail: slackErrorOf(error),
      fix: "use the channel's id (C…) and invite the bot there",
    };
  }
}
