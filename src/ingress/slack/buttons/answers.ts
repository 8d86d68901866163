import type { App, BlockAction, ButtonAction } from "@slack/bolt";
import { ANSWERS, type Answer } from "../../../core/words/answer.ts";
import type { Reply } from "../../../core/words/reply.ts";
import { askerOf, entryOf } from "../asker.ts";
import type { SlackContext } from "../context.ts";
import { cardOf } from "./card.ts";
import { type ClickArgs, respondTo } from "./respond.ts";

/** The buttons of an open question about a remedy: did it happen, shall it stay. The store decides who may say. */
export function listenToAnswers(app: App, context: SlackContext): void {
  for (const answer of ANSWERS)
    app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: `remedy:${answer}` }, (args) =>
      respondTo(context, args, give(context, args, answer)),
    );
}

async function give(
  { identity, door }: SlackContext,
  { body, action }: ClickArgs,
  answer: Answer,
): Promise<Reply> {
  const { approval, ...place } = cardOf(body, action.value);
  const asker = askerOf(body);
  const [voter] = await Promise.all([identity.principal(asker), identity.mustBeInternal(place.channel)]);
  const request = { approval, voter, answer, via: "slack" as const, place };
  return (await door.answer(entryOf(asker, body), request)).reply;
}
