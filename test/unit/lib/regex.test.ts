import { describe, expect, it } from "vitest";
import { createRegex, RegexError } from "../../../src/lib/regex/index.ts";
import { cpuTimeOf } from "../../helpers/cpu-time.ts";
import { fc } from "../../helpers/property.ts";

describe("a regular expression", () => {
  it.each([
    ["Pg.*Connections", "PgManyConnections", true],
    ["Pg.*Connections", "PgManyConnections!", false],
    ["a|bc", "bc", true],
    ["a|bc", "abc", false],
    ["", "", true],
    ["(?i)watch(?-i)dog", "WATCHdog", true],
    ["(?i)watch(?-i)dog", "watchDOG", false],
    ["(?i:ß|[a-c]x)", "BX", true],
    ["[^a-c[:digit:]]+", "xyz", true],
    ["[^a-c[:digit:]]+", "x4", false],
    ["[]a-]+", "]a-", true],
    ["\\d{2,3}", "1234", false],
    ["\\d{2,}", "1234", true],
    ["x{,2}", "x{,2}", true],
    ["\\p{Greek}\\PL", "λ1", true],
    ["\\Qa.b\\E+", "a.b", true],
    ["\\x41\\x{1F600}", "A😀", true],
    ["^(?P<name>db)\\b.*$", "db-2", true],
    ["(?s-m:.*)", "one\ntwo", true],
    ["(?-s).*", "one\ntwo", false],
    ["(a*)*b", "aaab", true],
    ["(a|b)*?c", "abac", true],
    [".", "😀", true],
  ])("%j and %j: %j", (pattern, text, fits) => expect(createRegex(pattern).test(text)).toBe(fits));

  it.each([
    ["(a", "not closed"],
    ["a)", "without its ("],
    ["[a", "not closed"],
    ["*a", "nothing before it"],
    ["a**", "beside each other"],
    ["a{3,2}", "does not fit"],
    ["(a)\\1", "referring back"],
    ["(?=a)b", "looking ahead"],
    ["(?<!a)b", "looking ahead"],
    ["\\y", "not known"],
    ["\\p{Nothing}", "no class"],
    ["[[:nothing:]]", "no class"],
    ["((a{100}){100}){100}", "longer than"],
    ["a".repeat(1_001), "longer than 1000"],
    ["(".repeat(60), "too deeply"],
    ["a\\", "ends within"],
  ])("%j is refused: %s", (pattern, says) => {
    expect(() => createRegex(pattern)).toThrow(RegexError);
    expect(() => createRegex(pattern)).toThrow(says);
  });

  it("knows the texts it fits where they are few", () => {
    expect(createRegex("(a|b)(1|2)?x").choices).toBeUndefined();
    expect(createRegex("(a|b)(1|2)").choices).toEqual(["a1", "a2", "b1", "b2"]);
    expect(createRegex("(?i)a").choices).toBeUndefined();
  });

  it("says the same as the engine of the platform, whatever both know", () => {
    const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\d", "(?:ab)", "\\b", "^", "$");
    const piece = fc
      .tuple(atom, fc.constantFrom("", "*", "+", "?", "{2}", "{1,2}", "{0,}"))
      .map(([one, times]) => (/^(\\b|\^|\$)$/.test(one) ? one : one + times));
    const sequence = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(""));
    const group = fc
      .tuple(sequence, sequence, fc.constantFrom("", "*", "?"))
      .map(([a, b, times]) => `(${a}|${b})${times}`);
    const pattern = fc.array(fc.oneof(sequence, group), { maxLength: 3 }).map((parts) => parts.join(""));
    const text = fc.string({ unit: fc.constantFrom("a", "b", "1", " ", "\n"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (given, on) => {
        expect(createRegex(given).test(on)).toBe(new RegExp(`^(?:${given})$`, "su").test(on));
      }),
      { numRuns: 3_000 },
    );
  });

  it("takes time in proportion to the text where others take for ever", async () => {
    for (const pattern of ["(a+)+b", "(a|aa)*b", "(.*)*(.*)*(.*)*x", "a*a*a*a*a*a*a*a*b"]) {
      const { total } = await cpuTimeOf(() => createRegex(pattern).test("a".repeat(8_192)));
      expect(total).toBeLessThan(2_000);
    }
  });
});
