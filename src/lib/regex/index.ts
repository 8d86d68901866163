import { RegexError, type RegexNode } from "./ast.ts";
import { compile } from "./compile.ts";
import { parseRegex } from "./parse.ts";
import { fitsAll } from "./walk.ts";

export { RegexError } from "./ast.ts";

const LONGEST = 1_000;
/** Answers kept, because the same labels come again and again. */
const MOST_KEPT = 1_000;
const MOST_CHOICES = 64;

/** A regular expression that must fit a whole text, in RE2's syntax. `.` also stands for a line break, as in Prometheus. */
export interface Regex {
  /** Time grows with the text's length times the pattern's, whatever both are: nothing is ever tried twice. */
  test(text: string): boolean;
  /** Every text it fits, where they are few and written out (`a|b`); undefined: many. */
  readonly choices: readonly string[] | undefined;
}

/** Throws RegexError where the pattern is not one, is longer than 1,000 characters or would take too many steps. */
export function createRegex(pattern: string): Regex {
  if (pattern.length > LONGEST) throw new RegexError(`it is longer than ${LONGEST} characters`, LONGEST);
  const node = parseRegex(pattern);
  const program = compile(node);
  const choices = choicesOf(node);
  const literal = choices === undefined ? undefined : new Set(choices);
  const kept = new Map<string, boolean>();
  return {
    choices,
    test: (text) => {
      if (literal !== undefined) return literal.has(text);
      const before = kept.get(text);
      if (before !== undefined) return before;
      const fits = fitsAll(program, text);
      if (kept.size >= MOST_KEPT) kept.clear();
      if (text.length <= LONGEST) kept.set(text, fits);
      return fits;
    },
  };
}

function choicesOf(node: RegexNode): string[] | undefined {
  switch (node.is) {
    case "char":
      return node.anyCase ? undefined : [String.fromCodePoint(node.char)];
    case "sequence":
      return node.parts.reduce<string[] | undefined>(
        (before, part) => {
          const more = before === undefined ? undefined : choicesOf(part);
          return few(more && before?.flatMap((head) => more.map((tail) => head + tail)));
        },
        [""],
      );
    case "choice": {
      const all = node.options.map(choicesOf);
      return all.includes(undefined) ? undefined : few([...new Set(all.flatMap((some) => some ?? []))]);
    }
    default:
      return undefined;
  }
}

const few = (texts: string[] | undefined): string[] | undefined =>
  texts !== undefined && texts.length <= MOST_CHOICES ? texts : undefined;
