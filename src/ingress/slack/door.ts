import type { IncomingMessage, ServerResponse } from "node:http";
import { App } from "@slack/bolt";
import type { Catalog } from "../../core/ports/catalog.ts";
import type { Reader } from "../../core/ports/reader.ts";
import { DiagError } from "../../core/words/errors.ts";
import { waitFor } from "../../lib/wait.ts";
import { slackLogger } from "../../slack/log.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Door } from "../receive.ts";
import { createApi, type SlackConfig, slackErrorOf } from "./api.ts";
import { listenToAck } from "./buttons/ack.ts";
import { listenToAnswers } from "./buttons/answers.ts";
import { listenToAuto } from "./buttons/auto.ts";
import { listenToCancel } from "./buttons/cancel.ts";
import { listenToLooks } from "./buttons/looks.ts";
import { listenToTicks } from "./buttons/ticks.ts";
import { listenToVotes } from "./buttons/votes.ts";
import { listenToCommand } from "./command.ts";
import { listenToForm } from "./form/listen.ts";
import { listenToHome } from "./home.ts";
import { createIdentity, type Workspace } from "./identity.ts";
import { createHttpSide } from "./receiver/http.ts";
import { createSocketSide } from "./receiver/socket.ts";

export interface SlackDoor {
  /** Resolves after the first attempt to reach Slack; when that failed it goes on trying in the background. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** HTTP mode only: for POST /slack/events of our own server. */
  readonly requestListener?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  health(): { readonly ok: boolean; readonly detail: string };
  /** Connections that are up; undefined in HTTP mode. */
  sockets(): number | undefined;
}

export interface SlackDoorOptions {
  /** `appToken`: Socket Mode; otherwise `signingSecret`: HTTP mode. */
  readonly config: SlackConfig;
  readonly door: Door;
  readonly catalog: Catalog;
  readonly reader: Reader;
  readonly logger: Logger;
}

const MOST_WAIT_MS = 30_000;

/** The Slack door in either mode; the listeners are the same. Slack being away never ends the process: health shows it. */
export function createSlackDoor(options: SlackDoorOptions): SlackDoor {
  const { config, logger } = options;
  const state: { workspace?: Workspace; failure: string } = { failure: "not connected yet" };
  const api = createApi(config, logger);
  const sides = receiverFor(options, () => state.workspace);
  const app = createApp(sides.receiver, config, logger, () => state.workspace);
  const identity = createIdentity(api, options.catalog, () => state.workspace);
  const stopping = new AbortController();
  listen(app, { ...options, api, identity, stopping: stopping.signal });
  const attempt = async (): Promise<boolean> => {
    try {
      state.workspace ??= await whoAmI(api.lookups);
      return true;
    } catch (error) {
      state.failure = `Slack said ${slackErrorOf(error)}`;
      logger.warn({ error: slackErrorOf(error) }, "Slack does not know us yet, trying again");
      return false;
    }
  };
  const connect = async (): Promise<void> => {
    await app.init();
    for (let waits = 0; !stopping.signal.aborted && !(await attempt()); waits++) {
      if (waits === 0) firstAttemptDone();
      await waitFor(Math.min(MOST_WAIT_MS, 1_000 * 2 ** waits), stopping.signal);
    }
    if (!stopping.signal.aborted) await sides.open?.();
    firstAttemptDone();
  };
  let firstAttemptDone = () => {};
  return {
    start: () =>
      new Promise((resolve, reject) => {
        firstAttemptDone = resolve;
        connect().catch(reject);
      }),
    stop: async () => {
      stopping.abort();
      await sides.close?.();
    },
    ...(sides.listener === undefined ? {} : { requestListener: sides.listener }),
    sockets: () => sides.connected?.(),
    health: () => {
      if (state.workspace === undefined) return { ok: false, detail: state.failure };
      const sockets = sides.connected?.();
      if (sockets === undefined) return { ok: true, detail: `workspace ${state.workspace.team}, HTTP mode` };
      const all = Math.max(sockets, sides.ofApp?.() ?? 0);
      const held =
        all > sockets ? `${sockets} of ${all} sockets that Slack holds for this app` : `${sockets} sockets`;
      return { ok: sockets > 0, detail: `workspace ${state.workspace.team}, ${held}` };
    },
  };
}

function receiverFor({ config, logger, door }: SlackDoorOptions, workspace: () => Workspace | undefined) {
  const { appToken, apiUrl, signingSecret } = config;
  if (appToken !== undefined) {
    const side = createSocketSide({ appToken, apiUrl, app: () => workspace()?.app }, logger);
    return { ...side, listener: undefined };
  }
  if (signingSecret === undefined)
    throw new DiagError("bad_config", "Slack needs SLACK_APP_TOKEN or SLACK_SIGNING_SECRET");
  const side = createHttpSide({
    signingSecret,
    logger,
    app: () => {
      const ours = workspace();
      return ours && { id: ours.app };
    },
    isFirst: (signature) => door.isFirst({ source: "slack", dedupeKey: `signature:${signature}`, raw: "{}" }),
  });
  return { ...side, open: undefined, close: undefined, connected: undefined, ofApp: undefined };
}

/** `authorize` of our own: with a token Bolt asks auth.test at start, or at every request, and crashes when that fails. */
function createApp(
  receiver: ReturnType<typeof receiverFor>["receiver"],
  config: SlackConfig,
  logger: Logger,
  workspace: () => Workspace | undefined,
): App {
  const app = new App({
    receiver,
    deferInitialization: true,
    convoStore: false,
    logger: slackLogger(logger),
    authorize: async () => {
      const ours = workspace();
      if (ours === undefined) throw new DiagError("slack_unavailable", "not connected to Slack yet");
      return {
        botToken: config.botToken,
        botUserId: ours.botUser,
        teamId: ours.team,
        ...(ours.bot === undefined ? {} : { botId: ours.bot }),
      };
    },
    clientOptions: {
      ...(config.apiUrl === undefined ? {} : { slackApiUrl: config.apiUrl }),
      retryConfig: { retries: 0 },
      timeout: 10_000,
      allowAbsoluteUrls: false,
    },
  });
  app.error(async (error) => logger.error({ err: error }, "a Slack listener failed"));
  return app;
}

function listen(app: App, context: Parameters<typeof listenToCommand>[1]): void {
  listenToCommand(app, context);
  listenToForm(app, context);
  listenToVotes(app, context);
  listenToAnswers(app, context);
  listenToLooks(app, context);
  listenToCancel(app, context);
  listenToAuto(app, context);
  listenToAck(app, context);
  listenToTicks(app, context);
  listenToHome(app, context);
}

async function whoAmI(client: ReturnType<typeof createApi>["lookups"]): Promise<Workspace> {
  const { team_id, user_id, bot_id, enterprise_id, url } = await client.auth.test();
  const app = bot_id === undefined ? undefined : (await client.bots.info({ bot: bot_id })).bot?.app_id;
  return {
    ...(app === undefined ? {} : { app }),
    team: team_id ?? "",
    botUser: user_id ?? "",
    ...(bot_id === undefined ? {} : { bot: bot_id }),
    ...(url === undefined ? {} : { url }),
    ...(enterprise_id === undefined || enterprise_id === null ? {} : { enterprise: enterprise_id }),
  };
}
