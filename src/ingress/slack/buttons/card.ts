import type { BlockAction } from "@slack/bolt";
import { z } from "zod";
import { DiagError } from "../../../core/words/errors.ts";
import { ApprovalId } from "../../../core/words/ids.ts";

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
