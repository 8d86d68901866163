import { describe, expect, test } from "vitest";
import { badPlaceholder, fill, placeholdersIn, sayCell } from "../../../../src/core/rules/checks/fill.ts";
import { fc } from "../../../helpers/property.ts";

const any = fc.string({ unit: "binary", maxLength: 300 });
const shellSpecial = fc.string({
  unit: fc.constantFrom("'", "`", "$", "(", ";", "\n", "\\", '"', " ", "a"),
  maxLength: 40,
});
const value = fc.oneof(any, shellSpecial);

describe("placeholders", () => {
  test("values land where they are named", () => {
    const row: Record<string, string> = { n: "3", host: "db 1" };
    expect(fill("{{n}} on {{ host }} and {{n}}", (name) => row[name] ?? "–")).toBe("3 on db 1 and 3");
  });

  test("names are found; anything else in braces is no placeholder", () => {
    expect(placeholdersIn("{{a}} {{ b_1 }} {c}")).toEqual(["a", "b_1"]);
    for (const text of ["{{n + 1}}", "{{}}", "{{a", "a}}", "{{a.b}}"])
      expect(badPlaceholder(text), text).toBeDefined();
    expect(badPlaceholder("{{a}} and {b}")).toBeUndefined();
  });

  test("a value is never read again: it may look like a placeholder", () => {
    expect(fill("{{a}}", () => "{{b}} $& $1")).toBe("{{b}} $& $1");
  });

  test("in prose: one bounded line that cannot begin code", () => {
    fc.assert(
      fc.property(value, (text) => {
        const filled = fill("see {{x}}.", () => text);
        expect(filled).not.toMatch(/[`\n\r\p{C}]/u);
        expect([...filled].length).toBeLessThanOrEqual("see .".length + 120);
      }),
    );
  });

  test("in code: one word of a shell, whatever it is", () => {
    fc.assert(
      fc.property(value, (text) => {
        const filled = fill("run `clean {{x}} now`", () => text);
        expect(filled.match(/`/g)).toHaveLength(2);
        const word = filled.slice("run `clean ".length, -" now`".length);
        expect(word).toMatch(/^(?:[\w@%+:,./][\w@%+=:,./-]*|'[^']*'(?:\\'(?:'[^']*')?)*(?:'[^']*'|\\')*)$/);
      }),
    );
  });

  test("in a URL: nothing that ends it or leads elsewhere", () => {
    fc.assert(
      fc.property(value, (text) => {
        const filled = fill("https://grafana/d/x?host={{x}}&y=1", () => text);
        expect(filled).toMatch(/^https:\/\/grafana\/d\/x\?host=[\w%.~-]*&y=1$/);
        expect(new URL(filled).searchParams.get("y")).toBe("1");
      }),
    );
  });
});

test.each([
  [null, undefined, "–"],
  [0.123_456, undefined, "0.1235"],
  [1_234_567, undefined, "1234567"],
  [12.5, "seconds", "13 s"],
  [3_900, "seconds", "65 min"],
  [2_048, "bytes", "2.0 KiB"],
  [0.5, "ratio", "50 %"],
  [3, "per second", "3/s"],
  ["x", "bytes", "x"],
  [true, undefined, "true"],
] as const)("%s in %s is said %s", (cell, unit, said) => {
  expect(sayCell(cell, unit)).toBe(said);
});
