import type { App, BlockAction, ButtonAction } from "@slack/bolt";
import { DiagError } from "../../../core/words/errors.ts";
import { IncidentId } from "../../../core/words/ids.ts";
import type { Reply } from "../../../core/words/reply.ts";
import { errorReply } from "../../error-reply.ts";
import { ask } from "../ask.ts";
import { askerOf } from "../asker.ts";
import type { SlackContext } from "../context.ts";
import { type ClickArgs, respondTo } from "./respond.ts";

/** "I have it" below an incident that nobody has answered; the door decides who may. */
export const listenToAck = (app: App, context: SlackContext): void =>
  app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: "incident:ack" }, (args) =>
    respondTo(context, args, acknowledge(context, args)),
  );

async function acknowledge(context: SlackContext, { body, action }: ClickArgs): Promise<Reply> {
  const incident = IncidentId.safeParse(action.value);
  return incident.success
    ? ask(context, askerOf(body), body, { do: "ack", incident: incident.data, words: "" })
    : errorReply(new DiagError("unknown_incident", "this incident does not exist any more"));
}
