import { describe, expect, it } from "vitest";
import { checkMessageBlocks } from "../../../../local/slack/limits/check.ts";
import { button, everyKind, mrkdwn, option, plain, times, verdict } from "./limits-fixtures.ts";

const message = (...blocks: unknown[]) => verdict(() => checkMessageBlocks(blocks));

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
