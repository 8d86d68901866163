import type { App, BlockAction, ButtonAction } from "@slack/bolt";
import { ANSWERS, type Answer } from "../../../core/words/answer.ts";
import { type Reply, say } from "../../reply.ts";
import { askerOf, entryOf } from "../asker.ts";
import type { SlackContext } from "../context.ts";
import { cardOf, counted } from "./card.ts";
import { type ClickArgs, settle } from "./tell.ts";

/** The buttons of an open question about a remedy: did it happen, shall it stay. The store decides who may say. */
export function listenToAnswers(app: App, context: SlackContext): void {
  for (const answer of ANSWERS)
    app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: `remedy:${answer}` }, (args) =>
      settle(context, args, counted(context, "answer", give(context, args, answer))),
    );
}

const SAID: Readonly<Record<Answer, string>> = {
  happened: "Noted: it happened",
  "did-not": "Noted: it did not happen",
  abandon: "Abandoned: nothing more is done",
  undo: "It is being taken back",
  keep: "It stays",
  extend: "It stays in force for longer",
};

async function give(
  { identity, intake }: SlackContext,
  { body, action }: ClickArgs,
  answer: Answer,
): Promise<Reply> {
  const { approval, ...place } = cardOf(body, action.value);
  const asker = askerOf(body);
  const [voter] = await Promise.all([identity.principal(asker), identity.mustBeInternal(place.channel)]);
  const given = await intake.answer(entryOf(asker, body), { approval, voter, answer, via: "slack", place });
  const title = given.settled ? SAID[answer] : `Your answer counts: ${given.have} of ${given.need}`;
  return { ...say(title), run: given.run };
}
