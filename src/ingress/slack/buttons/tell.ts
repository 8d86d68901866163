import type { AllMiddlewareArgs, BlockAction, ButtonAction, SlackActionMiddlewareArgs } from "@slack/bolt";
import type { Reply } from "../../reply.ts";
import { slackErrorOf } from "../api.ts";
import { refused, unconfirmed } from "../ask.ts";
import type { SlackContext } from "../context.ts";
import { within } from "../deadline.ts";
import { drawReply } from "../draw-reply.ts";

export type ClickArgs = SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs;

/**
 * Acknowledges a click once its work is done or 2.5 s have passed, and tells the one who clicked what became of it.
 * The acknowledgement of a click says nothing to people: the words go through the response URL, seen by them only.
 */
export async function settle(context: SlackContext, args: ClickArgs, work: Promise<Reply>): Promise<void> {
  const answer = work.catch((thrown: unknown) => refused(thrown, context.logger));
  const first = await within(answer);
  await args.ack();
  await tell(context, args, first.inTime ? first.value : unconfirmed());
  if (!first.inTime) await tell(context, args, await answer);
}

const tell = ({ logger }: SlackContext, { respond }: ClickArgs, reply: Reply) =>
  respond({ response_type: "ephemeral", replace_original: false, ...drawReply(reply) }).catch(
    (error: unknown) => logger.info({ error: slackErrorOf(error) }, "an answer could not be shown"),
  );
