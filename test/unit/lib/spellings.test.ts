import { describe, expect, it } from "vitest";
import { redactor } from "../../../src/lib/redact.ts";
import { CANARIES, SPELLED } from "../../helpers/spelled.ts";

describe("a known secret is found in every spelling", () => {
  describe.each(CANARIES)("%s", (secret) => {
    const redact = redactor([secret]);
    it.each(Object.entries(SPELLED))("%s", (_name, spell) => {
      const text = `before ${spell(secret)} behind`;
      const safe = redact(text);
      expect(safe).toContain("[redacted]");
      expect(safe).toMatch(/^before .*behind$/s);
      // Nothing that says more than a character at each end is left.
      expect(safe.replace("[redacted]", "").length).toBeLessThan("before  behind".length + 60);
      expect(redact(safe)).toBe(safe);
    });
  });

  it("also where two stand in each other, or the text is cut in the middle of one", () => {
    const redact = redactor(["abcdefgh", "defghijk"]);
    expect(redact("-abcdefghijk-abcdefgh")).toBe("-[redacted]-[redacted]");
    const long = redactor(["correct-horse-battery"])(`${"x".repeat(262_144 - 10)}correct-horse-battery`);
    expect(long.endsWith("x[redacted]…")).toBe(true);
  });

  it("and what is no secret stays", () => {
    expect(redactor(["correct-horse"])("correct horse, correct-house")).toBe("correct horse, correct-house");
  });
});
