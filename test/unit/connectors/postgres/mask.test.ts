import { describe, expect, it } from "vitest";
import { maskStatement } from "../../../../src/connectors/postgres/mask.ts";
import { fc } from "../../../helpers/property.ts";

describe("maskStatement", () => {
  it.each([
    [
      "SELECT * FROM users WHERE mail = 'ann@x.org' AND id = 42",
      "SELECT * FROM users WHERE mail = ? AND id = ?",
    ],
    ["UPDATE t SET a = 'it''s -- no' \n, b = 'SECRET'", "UPDATE t SET a = ? , b = ?"],
    ["SELECT 'C:\\', 'SECRET'", "SELECT ?, …"],
    ["SELECT E'a\\'b', 'SECRET'", "SELECT ?, …"],
    ["SELECT $$SECRET$$, $q$it's SECRET$q$", "SELECT ?, …"],
    ['SELECT /* SECRET \' */ "Col\'umn" FROM "T" -- SECRET', 'SELECT "Col\'umn" FROM "T"'],
    ["SELECT a1 FROM t2 WHERE b = $1 AND c IN (1, 2, 3e5)", "SELECT a1 FROM t2 WHERE b = $1 AND c IN (?, …)"],
    ["UPDATE t SET a = 'cut off SECR", "UPDATE t SET a = ?"],
    ["SELECT 1 /* a /* SECRET */ SECRET */ FROM t", "SELECT ? FROM t"],
    ["SELECT 1 /* a /* SECRET */ SECRET", "SELECT ?"],
    ["SELECT x'SECRET', U&'SECRET'", "SELECT ?, …"],
  ])("%s", (statement, masked) => {
    expect(maskStatement(statement)).toBe(masked);
  });

  it("never shows what stands in a literal, wherever the statement was cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("'", "''", "--", "/*", "*/", "$$", "\\", "\n", " ")),
        fc.nat(40),
        (noise, cut) => {
          const literal = `${noise.join("").replaceAll("'", "''")}SECRET`;
          const statement = `SELECT a FROM t WHERE b = '${literal}' AND c = 'SECRET'`;
          expect(maskStatement(statement)).not.toContain("SECRET");
          expect(maskStatement(statement.slice(0, statement.length - cut))).not.toContain("SECRET");
        },
      ),
    );
  });
});
