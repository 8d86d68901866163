import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { FIRST, seedsOf, superlinear } from "../../helpers/linear.ts";

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
  const marks = [...source.matchAll(/\\(\W)/g)].map(([, mark = ""]) => mark);
  return [...new Set([...words, ...marks, ...plain.replaceAll(" ", "")])].slice(0, 40);
}

/** No more than so many characters it can look at from one place: nothing that repeats something without end, or often. */
function reachOf(source: string): number {
  const plain = source.replace(/\\(?:[pPu]\{[^}]*\}|.)/gs, "x").replace(/\[[^\]]*\]/g, "x");
  const times = [...plain.matchAll(/[*+]|\{(?<from>\d+)(?<to>,\d*)?\}/g)].map(
    ({ groups: { from, to } = {} }) =>
      from === undefined || to === "," ? Number.POSITIVE_INFINITY : Number(to?.slice(1) ?? from),
  );
  return times.reduce((reach, most) => reach * Math.max(1, most), plain.length);
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

const worstOf = (literal: string) => superlinear(run(literal), seedsOf(wordsOf(literal.slice(1)), 25));

describe("regular expressions", () => {
  const all = [...expressions()];
  /** The others need the same time for each place of a text, however long it is. */
  const far = all.filter(([literal]) => reachOf(literal) > FIRST);

  it("are all found", () => {
    expect(all.length).toBeGreaterThan(150);
    expect(far.length).toBeGreaterThan(100);
  });

  it("take time that grows with the text only", () => {
    const slow = far.flatMap(([literal, file]) => {
      const worst = worstOf(literal);
      return worst === undefined ? [] : [{ file, literal, ...worst }];
    });
    expect(slow).toEqual([]);
  });
});

describe("what is looked for", () => {
  it("is seen where it is", () => expect(worstOf("/\\[[^\\]]*\\]x/")).toBeDefined());

  it.each(["/\\s+$/", "/a{0,5000}b/", "/(?:ab{1,90}){1,90}c/", "/(\\w+):\\1!/"])(
    "may be in %s",
    (literal) => {
      expect(reachOf(literal)).toBeGreaterThan(FIRST);
    },
  );

  it.each(["/^[*+]{1,20}\\+$/u", "/\\p{L}{1,30}(?:a|b)?/u", "/[\\]+]x{3}/"])("cannot be in %s", (literal) => {
    expect(reachOf(literal)).toBeLessThan(FIRST);
  });
});
