import { expect, it } from "vitest";
import { queryOf, quoted, selectorOf } from "../../../../src/connectors/loki/logql.ts";

it.each([
  ['a"} |= "x', '"a\\"} |= \\"x"'],
  ["back\\slash", '"back\\\\slash"'],
  ["two\nlines\u202e", '"two\\U0000000alines\\U0000202e"'],
])("%j stays one text", (text, wanted) => expect(quoted(text)).toBe(wanted));

it("a text to look for is no expression, and labels are told exactly", () => {
  expect(selectorOf({ job: "shop", ns: 'a"b' })).toBe('{job="shop",ns="a\\"b"}');
  expect(queryOf({ job: "shop" }, {})).toBe('{job="shop"}');
  expect(queryOf({ job: "shop" }, { pattern: "a.b (c)" })).toBe('{job="shop"} |~ "(?i)a\\\\.b \\\\(c\\\\)"');
});
