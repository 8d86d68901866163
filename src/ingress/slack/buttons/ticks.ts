import type { App, BlockAction, ButtonAction } from "@slack/bolt";
import { DiagError } from "../../../core/words/errors.ts";
import { IncidentId } from "../../../core/words/ids.ts";
import type { Intent } from "../../../core/words/intent.ts";
import type { Reply } from "../../../core/words/reply.ts";
import { errorReply } from "../../error-reply.ts";
import { ask } from "../ask.ts";
import { askerOf } from "../asker.ts";
import type { SlackContext } from "../context.ts";
import { type ClickArgs, respondTo } from "./respond.ts";

/** The buttons of a checklist's items. What is asked for is what the button said: an old message opens nothing that was ticked since. */
export const listenToTicks = (app: App, context: SlackContext): void =>
  app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: "checklist:tick" }, (args) =>
    respondTo(context, args, tick(context, args)),
  );

async function tick(context: SlackContext, { body, action }: ClickArgs): Promise<Reply> {
  const intent = intentOf(action.value);
  return intent === undefined
    ? errorReply(new DiagError("not_allowed", "this button is not one of diagbot's"))
    : ask(context, askerOf(body), body, intent);
}

function intentOf(value: string | undefined): Intent | undefined {
  const [, number, checklist = "", item, state] =
    /^(\d{1,10})\/([A-Za-z0-9_-]{1,64})\/(\d{1,2})\/(done|open)$/.exec(value ?? "") ?? [];
  const incident = IncidentId.safeParse(number);
  if (!incident.success) return undefined;
  return { do: "tick", incident: incident.data, checklist, item: Number(item), done: state === "done" };
}
