import type { BlockAction } from "@slack/bolt";
import { z } from "zod";
import { DiagError, toDiagError } from "../../../core/words/errors.ts";
import { ApprovalId } from "../../../core/words/ids.ts";
import { STEP_WAITS, sayQueue } from "../../queue-away.ts";
import type { Reply } from "../../reply.ts";
import type { SlackContext } from "../context.ts";

/** Where the card is that carried the button: the store refuses votes from any other place. */
export const Card = z.object({ approval: ApprovalId, channel: z.string(), ts: z.string() });
export type Card = z.infer<typeof Card>;

/** The card a button belongs to; its value is the approval's id. Throws `not_allowed`. */
export function cardOf(body: BlockAction, value: string | undefined): Card {
  const card = Card.safeParse({
    approval: value,
    channel: body.channel?.id ?? body.container.channel_id,
    ts: body.message?.ts ?? body.container.message_ts,
  });
  if (card.success) return card.data;
  throw new DiagError("not_allowed", "this button is not one of diagbot's");
}

/** Counts what became of a decision that does not go through the door, and says what it waits for. */
export async function counted(
  { metrics, queueTakes }: SlackContext,
  what: string,
  work: Promise<Reply>,
): Promise<Reply> {
  const began = performance.now();
  const done = (outcome: string) => metrics?.received("slack", outcome, (performance.now() - began) / 1000);
  try {
    const reply = await sayQueue(await work, queueTakes, STEP_WAITS);
    done(reply.error?.code ?? what);
    return reply;
  } catch (thrown) {
    done(toDiagError(thrown).code);
    throw thrown;
  }
}
