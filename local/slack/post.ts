import type { MessageMetadata } from "@slack/types";
import { z } from "zod";
import type { Backstage } from "./backstage.ts";
import { nameBlocks } from "./blocks/interactive.ts";
import { SlackError } from "./errors.ts";
import { checkMessageBlocks } from "./limits/check.ts";
import { APP } from "./state/identity.ts";
import type { LocalChannel, LocalFile, LocalMessage } from "./types.ts";

/** What a message says, as it came in. */
export const content = {
  text: z.string().exactOptional(),
  blocks: z.array(z.unknown()).nullable().exactOptional(),
  attachments: z.array(z.unknown()).exactOptional(),
  markdown_text: z.string().max(12_000).exactOptional(),
};
type Content = z.output<z.ZodObject<typeof content>>;

/** Longer texts are cut (api.slack.com/changelog/2018-04-truncating-really-long-messages). */
export const LONGEST_TEXT = 40_000;

const blocksOf = (said: Content) => {
  if (said.markdown_text === undefined) return said.blocks ?? undefined;
  if (said.text !== undefined || (said.blocks ?? undefined) !== undefined)
    throw new SlackError("markdown_text_conflict");
  return [{ type: "markdown", text: said.markdown_text }];
};

/** Checks what a message says and names its blocks. Throws `no_text`, `invalid_blocks` and the like. */
export function said(given: Content): Pick<LocalMessage, "text" | "blocks" | "attachments"> {
  const blocks = blocksOf(given);
  const checked = blocks === undefined ? [] : nameBlocks(checkMessageBlocks(blocks));
  const attachments = given.attachments ?? [];
  if (!given.text && checked.length === 0 && attachments.length === 0) throw new SlackError("no_text");
  return {
    text: (given.text ?? given.markdown_text ?? "").slice(0, LONGEST_TEXT),
    ...(checked.length > 0 ? { blocks: checked } : {}),
    ...(attachments.length > 0 ? { attachments } : {}),
  };
}

export interface Placement {
  readonly thread_ts?: string;
  readonly reply_broadcast?: boolean;
  readonly metadata?: MessageMetadata;
  readonly files?: readonly LocalFile[];
  readonly ephemeralFor?: string;
}

/** Throws Slack's word when the app cannot write there. A private channel it is not in does not exist for it. */
export function refuseStranger({ workspace }: Pick<Backstage, "workspace">, channel: LocalChannel): void {
  const isMember = workspace.directory.isMember(channel, APP.userId);
  if (!isMember && channel.is_private === true) throw new SlackError("channel_not_found");
  if (channel.is_archived === true) throw new SlackError("is_archived");
  if (!isMember) throw new SlackError("not_in_channel");
  if (channel.is_restricted === true) throw new SlackError("restricted_action");
}

/** Stores a message of the app and tells the app about it, as Slack does. Throws `thread_not_found`. */
export function post(
  backstage: Backstage,
  channel: LocalChannel,
  what: Pick<LocalMessage, "text" | "blocks" | "attachments">,
  { reply_broadcast, ...where }: Placement,
): LocalMessage {
  const { workspace, events } = backstage;
  const root =
    where.thread_ts === undefined ? undefined : workspace.messages.find(channel.id, where.thread_ts);
  if (where.thread_ts !== undefined && root === undefined) throw new SlackError("thread_not_found");
  const message = workspace.messages.put({
    ts: workspace.clock.timestamp(),
    channel: channel.id,
    user: APP.userId,
    bot_id: APP.botId,
    ...what,
    ...where,
    // A reply to a reply lands in the thread of the first message.
    ...(root?.thread_ts === undefined ? {} : { thread_ts: root.thread_ts }),
    ...(reply_broadcast === true ? { subtype: "thread_broadcast" as const } : {}),
  });
  if (message.ephemeralFor === undefined) void events.posted(message);
  return message;
}
