import type { Reply } from "../../core/words/reply.ts";
import { slackErrorOf } from "./api.ts";
import type { SlackContext } from "./context.ts";
import { drawReply } from "./draw-reply.ts";

/** One way to show an answer to one person; rejects when Slack does not take it. */
export type Way = (drawn: ReturnType<typeof drawReply>) => Promise<unknown>;

/**
 * Shows the answer by the first way Slack takes: a response URL is used up after 5 answers or 30 minutes, a channel takes no
 * message from the bot, a modal has its moment. What none of them shows is logged.
 */
export async function tellPerson(
  { logger }: SlackContext,
  reply: Reply,
  ...ways: readonly Way[]
): Promise<void> {
  const drawn = drawReply(reply);
  const refusals: string[] = [];
  for (const way of ways) {
    const error = await way(drawn).then(
      () => undefined,
      (thrown: unknown) => slackErrorOf(thrown),
    );
    if (error === undefined) return;
    refusals.push(error);
  }
  logger.warn({ errors: refusals, answer: reply.title }, "an answer could not be shown");
}

/** In the channel, seen by that person only. */
export const inChannel =
  ({ api }: SlackContext, channel: string, user: string): Way =>
  (drawn) =>
    api.views.chat.postEphemeral({ channel, user, ...drawn });
