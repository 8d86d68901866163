import type { KnownBlock } from "@slack/types";
import { SlackError } from "../../../../local/slack/errors.ts";

export const plain = (length: number) => ({ type: "plain_text" as const, text: "x".repeat(length) });
export const mrkdwn = (length: number) => ({ type: "mrkdwn" as const, text: "x".repeat(length) });
export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
export const button = (more: object = {}) => ({ type: "button" as const, text: plain(3), ...more });
export const option = (index: number) => ({ text: plain(3), value: `${index}` });

/** What Slack would say to it: ok, or the error's code and its messages. */
export const verdict = (check: () => unknown): readonly string[] => {
  try {
    check();
    return ["ok"];
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return [error.code, ...error.messages];
  }
};

/** One message with every kind of block, each as large as it may be. */
export const everyKind: KnownBlock[] = [
  { type: "header", text: plain(150) },
  {
    type: "section",
    text: mrkdwn(3000),
    accessory: { type: "image", alt_text: "a", image_url: "https://example.com/a.png" },
  },
  { type: "section", fields: times(10, () => mrkdwn(20)), expand: true },
  { type: "context", elements: [mrkdwn(10), { type: "image", alt_text: "a", slack_file: { id: "F1" } }] },
  { type: "divider" },
  {
    type: "actions",
    elements: [
      button({
        style: "danger",
        value: "v",
        confirm: { title: plain(100), text: mrkdwn(300), confirm: plain(30), deny: plain(30) },
      }),
      { type: "static_select", options: times(100, option), placeholder: plain(150) },
      { type: "static_select", option_groups: [{ label: plain(3), options: [option(1)] }] },
      { type: "multi_users_select", max_selected_items: 2 },
      { type: "overflow", options: times(5, option) },
      { type: "checkboxes", options: times(10, option) },
      { type: "datepicker", initial_date: "2026-11-22" },
      { type: "timepicker", initial_time: "12:30" },
      { type: "datetimepicker", initial_date_time: 1_628_633_820 },
    ],
  },
  { type: "image", alt_text: "a", image_url: "https://example.com/a.png", title: plain(20) },
  {
    type: "input",
    label: plain(3),
    hint: plain(3),
    optional: true,
    element: { type: "plain_text_input", multiline: true, max_length: 3000 },
  },
  {
    type: "input",
    label: plain(3),
    element: { type: "number_input", is_decimal_allowed: false, min_value: "1" },
  },
  { type: "input", label: plain(3), element: { type: "external_select", min_query_length: 0 } },
  { type: "markdown", text: "# x" },
  {
    type: "rich_text",
    elements: [{ type: "rich_text_section", elements: [{ type: "text", text: "x", style: { bold: true } }] }],
  },
  {
    type: "table",
    rows: [
      [
        { type: "raw_text", text: "a" },
        { type: "raw_number", value: 1, text: "1" },
      ],
    ],
    column_settings: [{ align: "right" }],
  },
];
