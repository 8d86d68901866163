import type { Button } from "@slack/types";
import type { LocalSlack } from "../slack/local-slack.ts";
import type { LocalMessage } from "../slack/types.ts";

/** A card with a remedy in a thread of the channel. */
export interface Card {
  readonly message: LocalMessage;
  readonly run: string;
  readonly remedy: string;
  /** Can it be decided now? */
  readonly open: boolean;
}

/** The metadata key of a card names its slot: `<thread>/run/<run>/remedy/<key>`. */
const SLOT = /(?:^|\/)run\/(?<run>[^/]+)\/remedy\/(?<remedy>[^/]+)$/;

/** Every message of a channel with its threads, oldest first. */
export function conversation(slack: LocalSlack, channel: string): LocalMessage[] {
  const roots = slack.messages(channel);
  const all = roots.flatMap((root) => slack.messages(channel, { thread: root.ts }));
  return all.sort((a, b) => Number(a.ts) - Number(b.ts));
}

/** Cards of the channel, oldest first. */
export const cards = (slack: LocalSlack, channel: string): Card[] =>
  conversation(slack, channel).flatMap((message) => cardOf(message) ?? []);

function cardOf(message: LocalMessage): Card | undefined {
  const slot = SLOT.exec(slotOf(message))?.groups;
  if (slot?.run === undefined || slot.remedy === undefined) return undefined;
  return { message, run: slot.run, remedy: slot.remedy, open: hasButton(message, "remedy:approve") };
}

export function slotOf(message: LocalMessage): string {
  const key = message.metadata?.event_payload.k;
  return typeof key === "string" ? key : "";
}

export const hasButton = (message: LocalMessage, actionId: string): boolean =>
  (message.blocks ?? []).some(
    (block) =>
      block.type === "actions" &&
      block.elements.some(
        (element): element is Button => element.type === "button" && element.action_id === actionId,
      ),
  );
