import type { AllMiddlewareArgs, BlockAction, ButtonAction, SlackActionMiddlewareArgs } from "@slack/bolt";
import type { Reply } from "../../../core/words/reply.ts";
import { refused, unconfirmed } from "../ask.ts";
import type { SlackContext } from "../context.ts";
import { within } from "../deadline.ts";
import { inChannel, tellPerson } from "../tell-person.ts";

export type ClickArgs = SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs;

/**
 * Acknowledges a click once its work is done or 2.5 s have passed, and tells the one who clicked what became of it.
 * The acknowledgement of a click says nothing to people: the words go through the response URL, seen by them only.
 */
export async function respondTo(context: SlackContext, args: ClickArgs, work: Promise<Reply>): Promise<void> {
  const answer = work.catch((thrown: unknown) => refused(thrown, context.logger));
  const first = await within(answer);
  await args.ack();
  await tell(context, args, first.inTime ? first.value : unconfirmed());
  if (!first.inTime) await tell(context, args, await answer);
}

function tell(context: SlackContext, { body, respond }: ClickArgs, reply: Reply): Promise<void> {
  const channel = body.channel?.id;
  return tellPerson(
    context,
    reply,
    (drawn) => respond({ response_type: "ephemeral", replace_original: false, ...drawn }),
    ...(channel === undefined ? [] : [inChannel(context, channel, body.user.id)]),
  );
}
