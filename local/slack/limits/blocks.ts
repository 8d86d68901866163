import type { ContextBlock, HeaderBlock, MarkdownBlock, RichTextBlock } from "@slack/types";
import { z } from "zod";
import { accessoryElement, actionsElement, contextElement, inputElement } from "./elements.ts";
import { anyText, plainText } from "./text.ts";

const identified = { block_id: z.string().min(1).max(255).exactOptional() };

const header = z.strictObject({
  ...identified,
  type: z.literal("header"),
  text: plainText(150),
}) satisfies z.ZodType<HeaderBlock>;

const divider = z.strictObject({ ...identified, type: z.literal("divider") });

const section = z
  .strictObject({
    ...identified,
    type: z.literal("section"),
    text: anyText(3000).exactOptional(),
    fields: z.array(anyText(2000)).min(1).max(10).exactOptional(),
    accessory: accessoryElement.exactOptional(),
    expand: z.boolean().exactOptional(),
  })
  .refine((block) => block.text !== undefined || block.fields !== undefined, {
    error: "must define either `text` or `fields`",
  });

const context = z.strictObject({
  ...identified,
  type: z.literal("context"),
  elements: z.array(contextElement).min(1).max(10),
});
context satisfies z.ZodType<Omit<ContextBlock, "elements">>;

const actions = z.strictObject({
  ...identified,
  type: z.literal("actions"),
  elements: z.array(actionsElement).min(1).max(25),
});

const image = z
  .strictObject({
    ...identified,
    type: z.literal("image"),
    alt_text: z.string().min(1).max(2000),
    title: plainText(2000).exactOptional(),
    image_url: z.string().min(1).max(3000).exactOptional(),
    slack_file: z
      .union([z.strictObject({ id: z.string() }), z.strictObject({ url: z.string() })])
      .exactOptional(),
  })
  .refine((block) => (block.image_url === undefined) !== (block.slack_file === undefined), {
    error: "must define either `image_url` or `slack_file`",
  });

const input = z.strictObject({
  ...identified,
  type: z.literal("input"),
  label: plainText(2000),
  hint: plainText(2000).exactOptional(),
  optional: z.boolean().exactOptional(),
  dispatch_action: z.boolean().exactOptional(),
  element: inputElement,
});

const markdown = z.strictObject({
  ...identified,
  type: z.literal("markdown"),
  text: z.string().min(1).max(12_000),
}) satisfies z.ZodType<MarkdownBlock>;

const richTextKinds = [
  "rich_text_section",
  "rich_text_list",
  "rich_text_quote",
  "rich_text_preformatted",
] as const satisfies readonly RichTextBlock["elements"][number]["type"][];
const richText = z.strictObject({
  ...identified,
  type: z.literal("rich_text"),
  elements: z.array(
    z.looseObject({ type: z.enum(richTextKinds), elements: z.array(z.looseObject({ type: z.string() })) }),
  ),
});

const cell = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("raw_text"), text: z.string().min(1) }),
  z.strictObject({ type: z.literal("raw_number"), value: z.number(), text: z.string().min(1) }),
  richText,
]);
const table = z.strictObject({
  ...identified,
  type: z.literal("table"),
  rows: z.array(z.array(cell).min(1).max(20)).min(1).max(100),
  column_settings: z
    .array(
      z
        .strictObject({
          align: z.enum(["left", "center", "right"]).exactOptional(),
          is_wrapped: z.boolean().exactOptional(),
        })
        .nullable(),
    )
    .max(20)
    .exactOptional(),
});

// Known to Slack, not used by diagbot: taken by their type only.
const loose = <T extends string>(type: T) => z.looseObject({ ...identified, type: z.literal(type) });

/** One block of a message, modal or home tab, with Slack's own limits. */
export const block = z.discriminatedUnion("type", [
  header,
  divider,
  section,
  context,
  actions,
  image,
  input,
  markdown,
  richText,
  table,
  loose("alert"),
  loose("card"),
  loose("carousel"),
  loose("container"),
  loose("context_actions"),
  loose("data_table"),
  loose("file"),
  loose("plan"),
  loose("task_card"),
  loose("video"),
]);

/** What is left of a block once it was checked. */
export type CheckedBlock = z.output<typeof block>;
