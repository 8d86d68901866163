import { expect, test } from "vitest";
import { changedLines } from "../../../src/lib/changed-lines.ts";
import { fc } from "../../helpers/property.ts";

test("shows what went and what came, with two lines around it", () => {
  const before = ["1", "2", "3", "4", "5", "6", "7"].join("\n");
  expect(changedLines(before, before.replace("4", "four"))).toEqual([
    "  2",
    "  3",
    "- 4",
    "+ four",
    "  5",
    "  6",
  ]);
});

test("says where it leaves lines out", () => {
  const before = Array.from({ length: 20 }, (_, n) => String(n)).join("\n");
  const after = before.replace(/^1$/m, "one").replace(/^18$/m, "eighteen");
  expect(changedLines(before, after)).toContain("…");
  expect(changedLines(before, after).filter((line) => /^[-+]/.test(line))).toEqual([
    "- 1",
    "+ one",
    "- 18",
    "+ eighteen",
  ]);
});

test("nothing changed is nothing; what changed turns the one text into the other", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = changedLines(before.join("\n"), after.join("\n"));
      expect(lines.length === 0).toBe(before.join("\n") === after.join("\n"));
      const came = lines.filter((line) => line.startsWith("+ ")).length;
      const went = lines.filter((line) => line.startsWith("- ")).length;
      expect(after.length - before.length).toBe(came - went);
    }),
  );
});
