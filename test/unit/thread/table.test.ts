import { describe, expect, it } from "vitest";
import { alignFacts, fitTable } from "../../../src/thread/text/table.ts";
import { fc } from "../../helpers/property.ts";

const widest = (lines: readonly string[]) => Math.max(0, ...lines.map((line) => [...line].length));

describe("a table in a thread", () => {
  it("never gets wider than the pane and names the columns that had no room", () => {
    const cell = fc.string({ maxLength: 60, unit: fc.constantFrom("a", "b", " ", "7", "/") });
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 1, maxLength: 12 }),
        fc.array(fc.array(cell, { maxLength: 12 }), { maxLength: 8 }),
        (columns, rows) => {
          expect(widest(fitTable(columns, rows, 56).lines)).toBeLessThanOrEqual(56);
        },
      ),
    );
    const words = ["application", "statement", "address", "role"];
    const { lines, hidden } = fitTable(
      words,
      [
        [
          "checkout",
          "SELECT pg_sleep(1), 'a long statement', 1",
          "a-long-host-name.internal",
          "app_user_of_shop",
        ],
      ],
      44,
    );
    expect(hidden).toEqual(["address", "role"]);
    expect(lines[2]).toMatch(/^checkout {5}SELECT pg_sleep/);
  });

  it("leaves out columns nothing stands in", () => {
    expect(fitTable(["pid", "unit", "memory"], [["1", "", "3 MiB"]]).lines[0]).toBe("pid  memory");
  });

  it("cuts where the cells are alike, so that they can still be told apart", () => {
    const pods = ["a", "b"].map((end) => [`firing-${"x".repeat(30)}-${end}`, "n".repeat(30)]);
    const { lines } = fitTable(["pod", "node"], pods, 44);
    expect(lines.slice(2).map((line) => line.split(" ")[0]?.slice(-2))).toEqual(["-a", "-b"]);
    expect(fitTable(["file", "size"], [["/var/log/".repeat(9).concat("app.log"), "1 B"]]).lines[2]).toContain(
      "app.log",
    );
  });

  it("breaks a long fact below itself", () => {
    const lines = alignFacts([{ name: "query", value: `${"word ".repeat(20)}end` }], 40);
    expect(widest(lines)).toBeLessThanOrEqual(40);
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^ {8}word/);
  });
});
