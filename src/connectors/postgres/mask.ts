import { clip } from "../../core/format.ts";

// One pass from left to right, as the server reads it: a quote inside a comment, or a comment inside a literal, is neither.
// An unfinished literal or comment reaches to the end: track_activity_query_size cuts statements anywhere.
const TOKENS = new RegExp(
  [
    /(?<comment>\/\*[\s\S]*?(?:\*\/|$)|--[^\n]*)/,
    /(?<identifier>"(?:[^"]|"")*(?:"|$))/,
    /(?<dollar>\$(?<tag>(?:[a-z_]\w*)?)\$[\s\S]*?(?:\$\k<tag>\$|$))/,
    /(?<escaped>\be'(?:[^'\\]|''|\\[\s\S])*(?:'|$))/,
    /(?<quoted>(?:\b(?:b|x|n|u&))?'(?:[^']|'')*(?:'|$))/,
    /(?<parameter>\$\d+)/,
    /(?<word>[a-z_][\w$]*)/,
    /(?<number>\d[\w.]*)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gi",
);

/** A statement without its literals and comments (they hold people's data and tokens), on one line, clipped. Trap pg-select-star. */
export function maskStatement(statement: string, limit = 240): string {
  const masked = statement.replace(TOKENS, (...match) => {
    const groups = match.at(-1) as Record<string, string | undefined>;
    if (groups.comment !== undefined) return " ";
    return groups.identifier ?? groups.parameter ?? groups.word ?? "?";
  });
  const oneLine = masked.replace(/\s+/g, " ").trim();
  return clip(oneLine.replace(/\?(?:\s*,\s*\?)+/g, "?, …"), limit);
}
