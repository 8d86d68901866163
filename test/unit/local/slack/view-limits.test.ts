import type { View } from "@slack/types";
import { describe, expect, it } from "vitest";
import { checkView } from "../../../../local/slack/limits/check.ts";
import { everyKind, plain, times, verdict } from "./limits-fixtures.ts";

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
