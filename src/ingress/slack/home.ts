import type { App } from "@slack/bolt";
import type { HomeView } from "@slack/types";
import type { Caller } from "../../core/words/caller.ts";
import { type Reply, say } from "../../core/words/reply.ts";
import { rich } from "../../slack/text-blocks.ts";
import { showList } from "../show-help.ts";
import { showStatus } from "../show-runs.ts";
import { slackErrorOf } from "./api.ts";
import { refused } from "./ask.ts";
import type { SlackContext } from "./context.ts";
import { drawReply } from "./draw-reply.ts";

/** The app's home tab: the systems and the newest runs, drawn when somebody opens it. */
export const listenToHome = (app: App, context: SlackContext): void =>
  app.event("app_home_opened", async ({ event, body }) => {
    if (event.tab !== "home") return;
    // Guests can open it as well.
    const view = await context.identity
      .member({ team: body.team_id, user: event.user, trigger: "" })
      .then((caller) => homeView(context, caller))
      .catch((thrown: unknown) => asHome(refused(thrown, context.logger)));
    const publish = (drawn: HomeView) =>
      context.api.views.views.publish({ user_id: event.user, view: drawn });
    await publish(view)
      .catch((error: unknown) => {
        context.logger.warn({ error: slackErrorOf(error) }, "Slack did not take the home tab");
        return publish(asHome(tooMuch));
      })
      .catch((error: unknown) =>
        context.logger.warn({ error: slackErrorOf(error) }, "the home tab was not drawn"),
      );
  });

/** Better than what the tab showed the last time, which nobody can tell from the truth. */
const tooMuch = say("The home tab could not be drawn", "`/diag status` and `/diag list` say the same.");

const asHome = (reply: Reply): HomeView => ({ type: "home", blocks: drawReply(reply).blocks });

async function homeView({ catalog, reader, logger }: SlackContext, caller: Caller): Promise<HomeView> {
  const runs = await showStatus({ catalog, reader }, caller).catch(
    (thrown: unknown): Reply => refused(thrown, logger, "look"),
  );
  return {
    type: "home",
    blocks: [
      rich("Type `/diag` in a channel to run a diagnosis, `/diag help` for everything else."),
      { type: "divider" },
      ...drawReply(runs).blocks,
      { type: "divider" },
      ...drawReply(showList(catalog)).blocks,
    ],
  };
}
