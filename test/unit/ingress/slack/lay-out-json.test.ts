import { expect, it } from "vitest";
import { canonical, type Json } from "../../../../src/core/words/json.ts";
import { layOutJson } from "../../../../src/ingress/slack/buttons/lay-out-json.ts";
import { fc } from "../../../helpers/property.ts";

it("shows the very JSON that was frozen, opened up where a line would be too long", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      expect(canonical(JSON.parse(layOutJson(value as Json)))).toBe(canonical(value));
    }),
  );
  expect(layOutJson({ b: 1, a: [1, 2] })).toBe('{"a":[1,2],"b":1}');
  expect(layOutJson({ text: "x".repeat(50), list: ["y".repeat(40)] })).toBe(
    `{\n  "list": ["${"y".repeat(40)}"],\n  "text": "${"x".repeat(50)}"\n}`,
  );
});
