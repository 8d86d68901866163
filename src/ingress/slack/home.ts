import type { App } from "@slack/bolt";
import type { HomeView } from "@slack/types";
import { answerList, answerStatus } from "../answers.ts";
import type { Reply } from "../reply.ts";
import { slackErrorOf } from "./api.ts";
import { refused } from "./ask.ts";
import { rich } from "./blocks.ts";
import type { SlackContext } from "./context.ts";
import { drawReply } from "./draw-reply.ts";

/** The app's home tab: the systems and the newest runs, drawn when somebody opens it. */
export const listenToHome = (app: App, context: SlackContext): void =>
  app.event("app_home_opened", async ({ event, body }) => {
    if (event.tab !== "home") return;
    // Guests can open it as well.
    const view = await context.identity
      .member({ team: body.team_id, user: event.user, trigger: "" })
      .then(() => homeView(context))
      .catch((thrown: unknown) => asHome(refused(thrown, context.logger)));
    await context.api.views.views
      .publish({ user_id: event.user, view })
      .catch((error: unknown) =>
        context.logger.info({ error: slackErrorOf(error) }, "the home tab was not drawn"),
      );
  });

const asHome = (reply: Reply): HomeView => ({ type: "home", blocks: drawReply(reply).blocks });

async function homeView({ catalog, reader, logger }: SlackContext): Promise<HomeView> {
  const runs = await answerStatus(reader).catch((thrown: unknown): Reply => refused(thrown, logger));
  return {
    type: "home",
    blocks: [
      rich("Type `/diag` in a channel to run a diagnosis, `/diag help` for everything else."),
      { type: "divider" },
      ...drawReply(runs).blocks,
      { type: "divider" },
      ...drawReply(answerList(catalog)).blocks,
    ],
  };
}
