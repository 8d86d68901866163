import type { KnownBlock, View } from "@slack/types";
import { describe, expect, it } from "vitest";
import { SlackError } from "../../../../src/local/slack/errors.ts";
import { checkMessageBlocks, checkView } from "../../../../src/local/slack/limits/check.ts";

const plain = (length: number) => ({ type: "plain_text" as const, text: "x".repeat(length) });
const mrkdwn = (length: number) => ({ type: "mrkdwn" as const, text: "x".repeat(length) });
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const button = (more: object = {}) => ({ type: "button" as const, text: plain(3), ...more });
const option = (index: number) => ({ text: plain(3), value: `${index}` });

const verdict = (check: () => unknown): readonly string[] => {
  try {
    check();
    return ["ok"];
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return [error.code, ...error.messages];
  }
};
const message = (...blocks: unknown[]) => verdict(() => checkMessageBlocks(blocks));

const everyKind: KnownBlock[] = [
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

describe("blocks of a message", () => {
  it("may be of every kind the types know", () => {
    expect(message(...everyKind)).toEqual(["ok"]);
  });

  it.each<[string, unknown, string]>([
    [
      "a header of 151 characters",
      { type: "header", text: plain(151) },
      "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ],
    [
      "a header with mrkdwn",
      { type: "header", text: mrkdwn(3) },
      'Invalid input: expected "plain_text" [json-pointer:/blocks/0/text/type]',
    ],
    [
      "a section of 3001",
      { type: "section", text: mrkdwn(3001) },
      "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ],
    [
      "an empty section text",
      { type: "section", text: mrkdwn(0) },
      "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ],
    [
      "a section of nothing",
      { type: "section" },
      "must define either `text` or `fields` [json-pointer:/blocks/0]",
    ],
    [
      "11 fields",
      { type: "section", fields: times(11, () => mrkdwn(1)) },
      "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ],
    [
      "a field of 2001",
      { type: "section", fields: [mrkdwn(2001)] },
      "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ],
    [
      "26 buttons",
      { type: "actions", elements: times(26, () => button()) },
      "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ],
    [
      "no buttons",
      { type: "actions", elements: [] },
      "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]",
    ],
    [
      "a label of 76",
      { type: "actions", elements: [button({ text: plain(76) })] },
      "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ],
    [
      "a value of 2001",
      { type: "actions", elements: [button({ value: "x".repeat(2001) })] },
      "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ],
    [
      "an action_id of 256",
      { type: "actions", elements: [button({ action_id: "x".repeat(256) })] },
      "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ],
    [
      "101 options",
      { type: "actions", elements: [{ type: "static_select", options: times(101, option) }] },
      "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ],
    [
      "options and groups",
      { type: "actions", elements: [{ type: "static_select" }] },
      "must define either `options` or `option_groups` [json-pointer:/blocks/0/elements/0]",
    ],
    [
      "6 overflow options",
      { type: "actions", elements: [{ type: "overflow", options: times(6, option) }] },
      "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ],
    [
      "a long confirm",
      { type: "actions", elements: [button({ confirm: { text: mrkdwn(301) } })] },
      "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
    ],
    [
      "11 context elements",
      { type: "context", elements: times(11, () => mrkdwn(1)) },
      "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ],
    [
      "a button in a context",
      { type: "context", elements: [button()] },
      "unsupported type [json-pointer:/blocks/0/elements/0/type]",
    ],
    [
      "a markdown of 12,001",
      { type: "markdown", text: "x".repeat(12_001) },
      "must be less than 12001 characters [json-pointer:/blocks/0/text]",
    ],
    [
      "101 rows",
      { type: "table", rows: times(101, () => [{ type: "raw_text", text: "a" }]) },
      "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
    ],
    [
      "21 cells",
      { type: "table", rows: [times(21, () => ({ type: "raw_text", text: "a" }))] },
      "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ],
    [
      "an image from nowhere",
      { type: "image", alt_text: "a" },
      "must define either `image_url` or `slack_file` [json-pointer:/blocks/0]",
    ],
    ["an unknown type", { type: "nope" }, "unsupported type [json-pointer:/blocks/0/type]"],
    [
      "a property Slack does not know",
      { type: "divider", colour: "red" },
      "invalid additional property: colour [json-pointer:/blocks/0]",
    ],
    ["a missing property", { type: "header" }, "missing required field: text [json-pointer:/blocks/0/text]"],
  ])("are refused for %s", (_, block, complaint) => {
    expect(message(block)).toEqual(["invalid_blocks", complaint]);
  });

  it("are at most fifty", () => {
    expect(message(...times(50, () => ({ type: "divider" })))).toEqual(["ok"]);
    expect(message(...times(51, () => ({ type: "divider" })))).toEqual([
      "invalid_blocks",
      "no more than 50 items allowed [json-pointer:/blocks]",
    ]);
    expect(verdict(() => checkMessageBlocks("no list"))[0]).toBe("invalid_blocks");
  });

  it("hold at most 13,200 characters in all", () => {
    const full = times(4, () => ({ type: "section", text: mrkdwn(3000) }));
    expect(message(...full, { type: "section", text: mrkdwn(1200) })).toEqual(["ok"]);
    expect(message(...full, { type: "section", text: mrkdwn(1201) })).toEqual(["msg_blocks_too_long"]);
  });

  it("have ids of their own", () => {
    expect(message({ type: "divider", block_id: "a" }, { type: "divider", block_id: "a" })).toEqual([
      "invalid_blocks",
      "duplicate block_id: a [json-pointer:/blocks]",
    ]);
    const twice = { type: "actions", elements: [button({ action_id: "go" }), button({ action_id: "go" })] };
    expect(message(twice)).toEqual([
      "invalid_blocks",
      "duplicate action_id: go [json-pointer:/blocks/0/elements]",
    ]);
    const apart = { type: "actions", elements: [button({ action_id: "go" })] };
    expect(message(apart, apart)).toEqual(["ok"]);
  });

  it("hold one table", () => {
    const table = { type: "table", rows: [[{ type: "raw_text", text: "a" }]] };
    expect(message(table, table)).toEqual(["invalid_attachments", "only_one_table_allowed"]);
  });
});

describe("a view", () => {
  const modal = (more: object = {}): unknown => ({ type: "modal", title: plain(24), blocks: [], ...more });
  const view = (candidate: unknown) => verdict(() => checkView(candidate));
  const input = { type: "input", label: plain(3), element: { type: "plain_text_input" } };

  it("may be a full modal or a home tab", () => {
    const full: View = {
      type: "modal",
      title: plain(24),
      submit: plain(24),
      close: plain(24),
      callback_id: "x".repeat(255),
      private_metadata: "x".repeat(3000),
      notify_on_close: true,
      clear_on_close: false,
      blocks: everyKind.filter((block) => block.type !== "table" && block.type !== "markdown"),
    };
    expect(view(full)).toEqual(["ok"]);
    expect(view({ type: "home", blocks: times(100, () => ({ type: "divider" })) })).toEqual(["ok"]);
  });

  it.each<[string, unknown, string]>([
    [
      "a title of 25",
      modal({ title: plain(25) }),
      "must be less than 25 characters [json-pointer:/view/title/text]",
    ],
    [
      "a submit of 25",
      modal({ submit: plain(25) }),
      "must be less than 25 characters [json-pointer:/view/submit/text]",
    ],
    [
      "metadata of 3001",
      modal({ private_metadata: "x".repeat(3001) }),
      "must be less than 3001 characters [json-pointer:/view/private_metadata]",
    ],
    [
      "a callback_id of 256",
      modal({ callback_id: "x".repeat(256) }),
      "must be less than 256 characters [json-pointer:/view/callback_id]",
    ],
    [
      "101 blocks",
      modal({ blocks: times(101, () => ({ type: "divider" })) }),
      "no more than 100 items allowed [json-pointer:/view/blocks]",
    ],
    [
      "an input without submit",
      modal({ blocks: [input] }),
      "must define `submit` to use an `input` block in modals [json-pointer:/view/submit]",
    ],
    [
      "the same block_id twice",
      modal({
        submit: plain(2),
        blocks: [
          { ...input, block_id: "a" },
          { ...input, block_id: "a" },
        ],
      }),
      "duplicate block_id: a [json-pointer:/blocks]",
    ],
    ["no title", { type: "modal", blocks: [] }, "missing required field: title [json-pointer:/view/title]"],
    ["another type", { type: "popup", blocks: [] }, "unsupported type [json-pointer:/view/type]"],
  ])("is refused for %s", (_, candidate, complaint) => {
    expect(view(candidate)).toEqual(["invalid_arguments", complaint]);
  });
});
