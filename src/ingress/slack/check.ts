import { SAY_TROUBLE, troubleOfChannel, troubleOfRefusal } from "../../core/rules/channel.ts";
import type { ChannelTrouble } from "../../core/words/channel.ts";
import { count } from "../../core/words/format.ts";
import { within } from "../../lib/deadline.ts";
import { webClient } from "../../slack/client.ts";
import { slackLogger } from "../../slack/log.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { createApi, type SlackConfig, slackErrorOf } from "./api.ts";
import { connectionsIn } from "./receiver/frame.ts";
import { CONNECTIONS, receiverOf } from "./receiver/socket.ts";

export interface SlackFinding {
  readonly name: string;
  readonly ok: boolean;
  /** It works, but not as somebody would expect. */
  readonly isDoubtful?: true;
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
  const name = "slack socket";
  return client.apps.connections.open({}).then(
    async () => ({ name, ok: true, ...sayConnections(await othersOnToken(appToken, apiUrl)) }),
    (error: unknown) => ({
      name,
      ok: false,
      detail: slackErrorOf(error),
      fix: "check SLACK_APP_TOKEN (scope connections:write) and that Socket Mode is switched on",
    }),
  );
}

/** As many as one `serve` holds say nothing; more are of a second one, or of another bot. */
function sayConnections(others: number | undefined): Omit<SlackFinding, "name" | "ok"> {
  if (others === undefined)
    return { detail: "Socket Mode is on; how many connections are open was not told" };
  const detail = `Socket Mode is on; ${count(others, "connection")} of this app ${others === 1 ? "is" : "are"} open`;
  if (others <= CONNECTIONS) return { detail };
  return {
    isDoubtful: true,
    detail: `${detail}, and one \`serve\` holds ${CONNECTIONS}: Slack deals commands and clicks over all of them in turn`,
    fix: "if you run one `serve` only, another bot (a laptop, an old container) has this app token: end it, give it an app of its own, or make a new app-level token; several of one database are right",
  };
}

const HELLO_MS = 5_000;

/** Connections of the app besides the one this asks over, which is closed as soon as Slack has said it. */
async function othersOnToken(appToken: string, apiUrl: string | undefined): Promise<number | undefined> {
  const { client } = receiverOf({ appToken, apiUrl }, QUIET);
  const listeners = client.listeners("ws_message") as ((data: unknown, isBinary: boolean) => void)[];
  client.removeAllListeners("ws_message");
  const hello = new Promise<number>((resolve) =>
    client.on("ws_message", (data: unknown, isBinary: boolean) => {
      const all = connectionsIn(data);
      if (all === undefined) return; // dealt to us meanwhile: not taken, so Slack deals it again
      for (const listen of listeners) listen(data, isBinary);
      resolve(all - 1);
    }),
  );
  const started = client.start().then(() => hello);
  try {
    return await within(started, { ms: HELLO_MS, late: () => new Error("no hello") });
  } catch {
    return undefined;
  } finally {
    await client.disconnect().catch(() => {});
  }
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
