import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { seedsOf, superlinear } from "../../helpers/linear.ts";

/** Every regular expression of the product: whatever of it meets text of others, the time must grow with the text only. */
function expressions(): Map<string, string> {
  const found = new Map<string, string>();
  const files = ["src", "runbooks", "commands"].flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: "utf8" }).map((name) => `${room}/${name}`),
  );
  for (const file of files) {
    if (!file.endsWith(".ts") || file.startsWith("local/")) continue;
    const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) found.set(node.text, file);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** Words and characters the expression itself speaks of: what is nearest to matching takes longest. */
function wordsOf(source: string): string[] {
  const plain = source.replace(/\\[dDwWsSbBpPu]/g, " ").replace(/[\\^$()[\]{}|?*+]/g, " ");
  const words = plain.split(/[ ,]+/).filter((word) => word !== "");
  return [...new Set([...words, ...plain.replaceAll(" ", "")])].slice(0, 40);
}

function run(literal: string): (text: string) => void {
  const end = literal.lastIndexOf("/");
  const flags = new Set(literal.slice(end + 1));
  // Applied to all of the text, as replace and match do; sticky would stop at once.
  const expression = new RegExp(
    literal.slice(1, end),
    [...flags.add("g")].filter((flag) => flag !== "y").join(""),
  );
  return (text) => void text.replace(expression, "");
}

describe("regular expressions", () => {
  const all = [...expressions()];

  it("are all found", () => expect(all.length).toBeGreaterThan(150));

  it("take time that grows with the text only", () => {
    const slow = all.flatMap(([literal, file]) => {
      const worst = superlinear(run(literal), seedsOf(wordsOf(literal.slice(1)), 25));
      return worst === undefined ? [] : [{ file, literal, ...worst }];
    });
    expect(slow).toEqual([]);
  });
});
