import { describe, expect, it } from "vitest";
import { checkMessageBlocks } from "../../../../local/slack/limits/check.ts";
import { DiagError } from "../../../../src/core/words/errors.ts";
import type { Reply } from "../../../../src/core/words/reply.ts";
import { errorReply } from "../../../../src/ingress/error-reply.ts";
import { createCache } from "../../../../src/ingress/slack/cache.ts";
import { drawReply } from "../../../../src/ingress/slack/draw-reply.ts";
import { fc } from "../../../helpers/property.ts";

const hostile = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "<!channel>",
    "<@U0ALICE>",
    "<https://evil|Approve>",
    "`code` *bold*",
    "\u202eevil",
    ":tada:",
    "x".repeat(9_000),
  ),
);
const section = fc.oneof(
  fc.record({ kind: fc.constant("text" as const), text: hostile }),
  fc.record({
    kind: fc.constant("table" as const),
    columns: fc.constant(["a", "b"]),
    rows: fc.array(fc.tuple(hostile, hostile), { maxLength: 40 }),
  }),
);

describe("an answer in Slack", () => {
  it("is within Slack's limits and cannot be made to mention or link, whatever is in it", () => {
    fc.assert(
      fc.property(hostile, fc.array(section, { maxLength: 8 }), (title, sections) => {
        const reply: Reply = { title, sections, error: { code: "usage", message: title, hint: title } };
        const drawn = drawReply(reply);
        expect(() => checkMessageBlocks(drawn.blocks)).not.toThrow();
        expect(JSON.stringify(drawn)).not.toMatch(/<[!@#]|<https?:|[\u202a-\u202e]/);
      }),
      { numRuns: 300 },
    );
  });

  it("shows what stands between backticks as code", () => {
    const drawn = drawReply(errorReply(new DiagError("usage", "no", { hint: "type `/diag help`" })));
    expect(JSON.stringify(drawn.blocks.at(-1))).toContain(
      '{"type":"text","text":"/diag help","style":{"code":true}}',
    );
  });
});

describe("a cache", () => {
  it("asks once at a time, again after a failure, and again when it is too old", async () => {
    let asked = 0;
    let fail = true;
    const cache = createCache(60_000, async (key) => {
      asked += 1;
      if (fail) throw new Error("away");
      return `${key}!`;
    });
    await expect(Promise.all([cache("a"), cache("a")])).rejects.toThrow("away");
    expect(asked).toBe(1);
    fail = false;
    expect(await Promise.all([cache("a"), cache("a"), cache("b")])).toEqual(["a!", "a!", "b!"]);
    expect(asked).toBe(3);
    const short = createCache(0, async () => (asked += 1));
    await short("x");
    expect(await short("x")).toBe(5);
  });
});
