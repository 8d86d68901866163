import { describe, expect, it } from "vitest";
import { MatcherError, parseMatchers } from "../../../src/config/matcher.ts";
import { fc } from "../../helpers/property.ts";

const textsOf = (given: string) => parseMatchers(given).map(({ of, text }) => `${of} ${text}`);

describe("matchers", () => {
  it.each([
    ['alertname=~"Pg.*Connections"', ['label alertname=~"Pg.*Connections"']],
    ["severity!=none", ['label severity!="none"']],
    ['{foo = "bar", dings !~ "b.ms",}', ['label foo="bar"', 'label dings!~"b.ms"']],
    ['a="b,c", d=', ['label a="b,c"', 'label d=""']],
    ['annotation.summary=~".*disk.*"', ['annotation annotation.summary=~".*disk.*"']],
    ['"annotation.summary"="x"', ['label "annotation.summary"="x"']],
    ['"my.label with \\"quotes\\""="a\\\\b\\nc"', ['label "my.label with \\"quotes\\""="a\\\\b\\nc"']],
    ["service.name=checkout", ['label service.name="checkout"']],
  ])("%s", (given, texts) => expect(textsOf(given)).toEqual(texts));

  it("a backslash before anything else stays, so that expressions need no second one", () => {
    const [matcher] = parseMatchers('instance=~"db\\d+\\..*"');
    expect(matcher?.value).toBe("db\\d+\\..*");
    expect(matcher?.test("db12.internal")).toBe(true);
    expect(matcher?.test("xdb12.internal")).toBe(false);
  });

  it.each([
    ['alertname="Pg', 'the " is not closed (at character 11)'],
    ["alertname", "expected =, !=, =~ or !~ behind the name (at character 10)"],
    ["alertname==Pg", "did you mean =?"],
    ["alertname~=Pg", "did you mean =~?"],
    ["alertname='Pg'", "double quotes"],
    ["a=b c", "expected a comma"],
    ["a=b}", "more behind the matchers"],
    ["{a=b", "the { is not closed"],
    ["", "expected a matcher"],
    ['=~"x"', "expected the name of a label"],
    ['annotation.="x"', "the name is empty"],
    ['a=~"(x"', "is no regular expression: the ( is not closed (at character 4)"],
    [`a="${"x".repeat(2_000)}"`, "longer than 2000"],
  ])("%s: %s", (given, says) => {
    expect(() => parseMatchers(given)).toThrow(MatcherError);
    expect(() => parseMatchers(given)).toThrow(says);
  });

  it("what is written down again reads the same, whatever names and values are", () => {
    const one = fc.record({
      name: fc.string({ minLength: 1, maxLength: 20 }),
      operator: fc.constantFrom("=", "!="),
      value: fc.string({ maxLength: 20 }),
    });
    const quoted = (text: string) => JSON.stringify(text).replace(/\\[tbfru][0-9a-f]*/g, "x");
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), (all) => {
        const text = all
          .map(({ name, operator, value }) => quoted(name) + operator + quoted(value))
          .join(", ");
        const read = parseMatchers(text);
        expect(parseMatchers(read.map((matcher) => matcher.text).join(","))).toMatchObject(
          read.map(({ name, operator, value }) => ({ name, operator, value })),
        );
        for (const { operator, value, test } of read) expect(test(value)).toBe(operator === "=");
      }),
    );
  });

  it("anything else is refused with a MatcherError", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}=~!,"\\ ab(*['), maxLength: 12 }), (text) => {
        try {
          expect(parseMatchers(text).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(MatcherError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
