import type { KnownBlock } from "@slack/types";
import { plain, rich } from "../../slack/blocks.ts";
import type { WantedMessage } from "../wanted.ts";

/**
 * What is sent when Slack refuses the drawn blocks: its fallback line and the buttons. Nobody must be without their
 * approval because a limit of Slack has moved.
 */
export function degrade(message: WantedMessage): WantedMessage {
  const buttons = message.blocks.filter((block: KnownBlock) => block.type === "actions");
  const words = message.text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  const note = rich(plain(words, 400), plain(" (Slack refused the full message; see the run's details)"));
  return { ...message, blocks: [note, ...buttons] };
}
