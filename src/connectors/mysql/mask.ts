import { clip } from "../../core/words/format.ts";

// From left to right, as the server reads it: a quote inside a comment, or a comment inside a literal, is neither. What the
// server has cut is unfinished and reaches to the end. `/*!40001 … */` is code to MySQL, and masked as the comment it looks like.
const TOKENS = [
  /(?<line>(?:--(?=\s|$)|#)[^\n]*)/,
  /(?<comment>\/\*[\s\S]*?(?:\*\/|$))/,
  /(?<identifier>`(?:[^`]|``)*(?:`|$))/,
  /(?<quoted>(?:\b[bnx])?'(?:[^'\\]|''|\\(?:[\s\S]|$))*(?:'|$))/,
  /(?<double>"(?:[^"\\]|""|\\(?:[\s\S]|$))*(?:"|$))/,
  /(?<word>[a-z_$@\u0080-\uffff][\w$@\u0080-\uffff]*)/,
  /(?<number>\d[\w.]*)/,
]
  .map(({ source }) => source)
  .join("|");

/** Longer statements are cut before they are read: what is shown is far shorter. */
export const MOST_STATEMENT = 8_192;

/**
 * A statement without its literals and comments (they hold people's data), on one line, clipped. Text in double quotes is a
 * literal unless sql_mode has ANSI_QUOTES: it goes, too. Trap pg-select-star.
 */
export function maskStatement(statement: string, limit = 240): string {
  const masked = statement.slice(0, MOST_STATEMENT).replace(new RegExp(TOKENS, "gi"), (...match) => {
    const { line, comment, identifier, word } = match.at(-1) as Record<string, string | undefined>;
    return line !== undefined || comment !== undefined ? " " : (identifier ?? word ?? "?");
  });
  const oneLine = masked.replace(/\s+/g, " ").trim();
  return clip(oneLine.replace(/\?(?:\s*,\s*\?)+/g, "?, …"), limit);
}
