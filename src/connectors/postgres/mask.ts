import { clip } from "../../core/words/format.ts";

// One pass from left to right, as the server reads it: a quote inside a comment, or a comment inside a literal, is neither.
// An unfinished literal or comment reaches to the end: track_activity_query_size cuts statements anywhere.
const TOKENS = [
  /(?<line>--[^\n\r]*)/,
  /(?<comment>\/\*)/,
  /(?<identifier>"(?:[^"]|"")*(?:"|$))/,
  /(?<dollar>\$(?<tag>(?:[a-z_]\w*)?)\$[\s\S]*?(?:\$\k<tag>\$|$))/,
  /(?<escaped>\be'(?:[^'\\]|''|\\[\s\S])*(?:'|$))/,
  /(?<quoted>(?:\b(?:b|x|n|u&))?'(?:[^']|'')*(?:'|$))/,
  /(?<parameter>\$\d+)/,
  /(?<word>[a-z_][\w$]*)/,
  /(?<number>\d[\w.]*)/,
]
  .map(({ source }) => source)
  .join("|");

/** Longer statements are cut before they are read: what is shown is far shorter. */
const MOST = 8_192;

/** A statement without its literals and comments (they hold people's data and tokens), on one line, clipped. Trap pg-select-star. */
export function maskStatement(statement: string, limit = 240): string {
  const text = statement.slice(0, MOST);
  const tokens = new RegExp(TOKENS, "gi");
  let masked = "";
  let from = 0;
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const { line, comment, identifier, parameter, word } = match.groups ?? {};
    if (comment !== undefined) tokens.lastIndex = endOfComment(text, match.index);
    const kept = line !== undefined || comment !== undefined ? " " : (identifier ?? parameter ?? word ?? "?");
    masked += text.slice(from, match.index) + kept;
    from = tokens.lastIndex;
  }
  const oneLine = `${masked}${text.slice(from)}`.replace(/\s+/g, " ").trim();
  return clip(oneLine.replace(/\?(?:\s*,\s*\?)+/g, "?, …"), limit);
}

/** Comments of Postgres nest. An unfinished one reaches to the end. */
function endOfComment(text: string, start: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}
