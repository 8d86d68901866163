import { SAY_TROUBLE, troubleOfChannel, troubleOfRefusal } from "../../core/rules/channel.ts";
import type { ChannelTrouble } from "../../core/words/channel.ts";
import { webClient } from "../../slack/client.ts";
import { slackLogger } from "../../slack/log.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { createApi, type SlackConfig, slackErrorOf } from "./api.ts";

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
  const client = webClient({ token: appToken, apiUrl, timeoutMs: 5_000, logger: slackLogger(QUIET) });
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

/** The causes are told apart as the sender tells them: what `serve` would meet is what is said here. */
async function checkChannel(api: ReturnType<typeof createApi>, channel: string): Promise<SlackFinding> {
  const name = `slack channel ${channel}`;
  try {
    const info = (await api.lookups.conversations.info({ channel })).channel ?? {};
    const trouble = troubleOfChannel(info);
    if (trouble === undefined)
      return { name, ok: true, detail: `joined${info.name === undefined ? "" : ` #${info.name}`}` };
    return { name, ok: false, ...say(trouble) };
  } catch (error) {
    const word = slackErrorOf(error);
    const trouble = word === "missing_scope" ? "unreadable" : troubleOfRefusal(word);
    if (trouble !== undefined) return { name, ok: false, ...say(trouble) };
    return {
      name,
      ok: false,
      detail: word,
      fix: "try again; if it stays, look the word up in Slack's documentation",
    };
  }
}

const say = (trouble: ChannelTrouble): { detail: string; fix: string } => ({
  detail: `diagbot cannot post there: ${SAY_TROUBLE[trouble].because}`,
  fix: SAY_TROUBLE[trouble].fix,
});
