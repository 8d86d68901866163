import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { SlackError } from "../errors.ts";
import { APP, TEAM } from "../state/identity.ts";
import { type Answer, type Method, maybe, method, nothing } from "./method.ts";

const authTest = method("auth.test", undefined, nothing, (_, { settings, url }) => {
  return {
    url: `${url()}/`,
    team: settings.workspaceName,
    team_id: TEAM.id,
    user: APP.name,
    user_id: APP.userId,
    bot_id: APP.botId,
    is_enterprise_install: false,
    ...(settings.enterprise === undefined ? {} : { enterprise_id: settings.enterprise }),
  } satisfies Answer<WebClient["auth"]["test"]>;
});

const apiTest = method("api.test", undefined, z.looseObject({}), (args) => {
  return { args } satisfies Answer<WebClient["api"]["test"]>;
});

const teamInfo = method("team.info", "team:read", nothing, (_, { settings }) => {
  return { team: { id: TEAM.id, name: settings.workspaceName, domain: TEAM.domain } } satisfies Answer<
    WebClient["team"]["info"]
  >;
});

const botsInfo = method("bots.info", "users:read", z.object({ bot: maybe }), ({ bot }) => {
  if (bot !== undefined && bot !== APP.botId) throw new SlackError("bot_not_found");
  return {
    bot: { id: APP.botId, app_id: APP.id, user_id: APP.userId, name: APP.name, deleted: false },
  } satisfies Answer<WebClient["bots"]["info"]>;
});

const connectionsOpen: Method = {
  ...method("apps.connections.open", undefined, nothing, (_, { sockets, url }) => {
    const ticket = sockets.ticket();
    return {
      url: `${url().replace(/^http/, "ws")}/link/?ticket=${ticket}&app_id=${APP.id}`,
    } satisfies Answer<WebClient["apps"]["connections"]["open"]>;
  }),
  token: "app",
};

/** Methods about the app and the workspace themselves. */
export const app: readonly Method[] = [authTest, apiTest, teamInfo, botsInfo, connectionsOpen];
