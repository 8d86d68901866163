import type { App, BlockAction, ButtonAction } from "@slack/bolt";
import type { Reply } from "../../../core/words/reply.ts";
import { ask } from "../ask.ts";
import { askerOf } from "../asker.ts";
import type { SlackContext } from "../context.ts";
import { cardOf } from "./card.ts";
import { type ClickArgs, respondTo } from "./respond.ts";

/** "Cancel auto" on a card that the policy is about to apply; the door decides who may. */
export const listenToAuto = (app: App, context: SlackContext): void =>
  app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: "remedy:stop-auto" }, (args) =>
    respondTo(context, args, stop(context, args)),
  );

async function stop(context: SlackContext, { body, action }: ClickArgs): Promise<Reply> {
  const { approval, channel, ts } = cardOf(body, action.value);
  await context.identity.mustBeInternal(channel);
  return ask(context, askerOf(body), body, { do: "stop-auto", approval, place: { channel, ts } });
}
