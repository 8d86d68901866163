import type { KnownBlock } from "@slack/types";
import { z } from "zod";
import { SlackError } from "../errors.ts";
import { countCharacters, MESSAGE_CHARACTERS, repeatedIds } from "./across.ts";
import { block } from "./blocks.ts";
import { explain } from "./explain.ts";
import { plainText } from "./text.ts";

const messageBlocks = z.array(block).max(50);
const viewBlocks = z.array(block).max(100);

const common = {
  private_metadata: z.string().max(3000).exactOptional(),
  callback_id: z.string().max(255).exactOptional(),
  external_id: z.string().max(255).exactOptional(),
  blocks: viewBlocks,
};
const modal = z
  .strictObject({
    ...common,
    type: z.literal("modal"),
    title: plainText(24),
    submit: plainText(24).exactOptional(),
    close: plainText(24).exactOptional(),
    clear_on_close: z.boolean().exactOptional(),
    notify_on_close: z.boolean().exactOptional(),
  })
  .refine((view) => view.submit !== undefined || !view.blocks.some((each) => each.type === "input"), {
    error: "must define `submit` to use an `input` block in modals",
    path: ["submit"],
  });
const home = z.strictObject({ ...common, type: z.literal("home") });
const view = z.discriminatedUnion("type", [modal, home]);

/** A view that Slack would take. */
export type CheckedView = z.output<typeof view> & { blocks: KnownBlock[] };

/**
 * Blocks as Slack would take them in a message (50 blocks, Block Kit's own limits, 13,200 characters in all).
 * Throws `SlackError` `invalid_blocks` with json-pointers, or `msg_blocks_too_long`.
 */
export function checkMessageBlocks(blocks: unknown): KnownBlock[] {
  const checked = messageBlocks.safeParse(blocks);
  if (!checked.success) throw new SlackError("invalid_blocks", explain(checked.error, ["blocks"]));
  const repeats = repeatedIds(checked.data);
  if (repeats.length > 0) throw new SlackError("invalid_blocks", repeats);
  if (checked.data.filter((each) => each.type === "table").length > 1) {
    throw new SlackError("invalid_attachments", ["only_one_table_allowed"]);
  }
  if (countCharacters(checked.data) > MESSAGE_CHARACTERS) throw new SlackError("msg_blocks_too_long");
  return checked.data as KnownBlock[];
}

/** A modal or home tab as Slack would take it (100 blocks). Throws `SlackError` `invalid_arguments` with json-pointers. */
export function checkView(candidate: unknown): CheckedView {
  const checked = view.safeParse(candidate);
  if (!checked.success) throw new SlackError("invalid_arguments", explain(checked.error, ["view"]));
  const repeats = repeatedIds(checked.data.blocks);
  if (repeats.length > 0) throw new SlackError("invalid_arguments", repeats);
  return checked.data as CheckedView;
}
