import type { ConfirmationDialog, MrkdwnElement, PlainTextElement } from "@slack/types";
import { z } from "zod";

// Every number in this folder is the one in the JSDoc of @slack/types 3.2 unless a comment names another source.

/** A `plain_text` object of 1 to `max` characters. */
export const plainText = (max: number) =>
  z.strictObject({
    type: z.literal("plain_text"),
    text: z.string().min(1).max(max),
    emoji: z.boolean().exactOptional(),
  }) satisfies z.ZodType<PlainTextElement>;

const markup = (max: number) =>
  z.strictObject({
    type: z.literal("mrkdwn"),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().exactOptional(),
  }) satisfies z.ZodType<MrkdwnElement>;

/** A `plain_text` or `mrkdwn` object of 1 to `max` characters. */
export const anyText = (max: number) => z.discriminatedUnion("type", [plainText(max), markup(max)]);

// The types say 75 characters for a value where Slack's page has said 75 and 150: the stricter one is kept.
const optionShape = {
  value: z.string().max(75).exactOptional(),
  url: z.string().max(3000).exactOptional(),
  description: plainText(75).exactOptional(),
};

/** An option of a select or overflow menu. */
export const plainOption = z.strictObject({ ...optionShape, text: plainText(75) });

/** An option of checkboxes and radio buttons, which may hold mrkdwn (Block Kit Builder's own examples do, the types do not). */
export const richOption = z.strictObject({
  ...optionShape,
  text: anyText(75),
  description: anyText(75).exactOptional(),
});

/** The "are you sure" dialog in front of an element. */
export const confirmation = z.strictObject({
  title: plainText(100).exactOptional(),
  text: anyText(300),
  confirm: plainText(30).exactOptional(),
  deny: plainText(30).exactOptional(),
  style: z.enum(["primary", "danger"]).exactOptional(),
}) satisfies z.ZodType<ConfirmationDialog>;
