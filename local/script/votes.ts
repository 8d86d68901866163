import { APPROVERS } from "../people.ts";
import type { LocalSlack } from "../slack/local-slack.ts";
import { type Card, cards } from "./cards.ts";
import { nameOf } from "./plain-text.ts";

/** What people wait for at their keyboard. */
export const ANSWERED_WITHIN_MS = 30_000;

/** The card as it stands now. */
export const cardNow = (slack: LocalSlack, card: Card): Card | undefined =>
  cards(slack, card.message.channel).find((one) => one.message.ts === card.message.ts);

/** The approvers press Approve one after the other until there are enough votes; `read` is told of each. */
export async function approve(slack: LocalSlack, card: Card, read: (line: string) => void): Promise<void> {
  const { channel, ts } = card.message;
  for (const person of APPROVERS) {
    const now = cardNow(slack, card);
    if (now?.open !== true) return;
    const before = now.message;
    read(`>>> ${nameOf(person)} presses Approve`);
    await slack.click(person, { channel, ts }, "remedy:approve");
    // The card is drawn anew: with the vote, or without buttons.
    await slack.waitFor((then) => cardNow(then, card)?.message !== before, ANSWERED_WITHIN_MS);
  }
}

/** The words at the head of a card as it is now. */
function headOf(slack: LocalSlack, card: Card): string {
  const head = cardNow(slack, card)?.message.blocks?.find((block) => block.type === "header");
  return head?.type === "header" ? head.text.text : "";
}

/** The card has said how it ended: a check mark or another closing word at its head. */
export const isSettled = (slack: LocalSlack, card: Card): boolean =>
  /^(✅|❌|⚠️|❓|⛔|⌛|🚫|⏹️|⏭️|⏱️ In force|↩️ Taken back)/u.test(headOf(slack, card));

/** What somebody takes back is in force until that has begun; this is its end. */
export const isOver = (slack: LocalSlack, card: Card): boolean =>
  isSettled(slack, card) && !/^(✅|⏱️)/u.test(headOf(slack, card));
