import { clean } from "../lib/clean.ts";
import { cut } from "../lib/cut.ts";

/**
 * Everything here takes text from outside (labels, findings, errors, log lines, names) and returns text that Slack
 * can only show. One cleaning, four exits: `literal` and
 * `paragraph` for plain_text and rich_text, `mono` for code blocks,
 * `mrkdwn` for the few places that are markup (notification texts, context lines), `fileText` for uploads.
 */

/** What could be read as the beginning of a mention, a link or a date: a space after the bracket makes it text. */
const TOKEN = /<(?=[!@#]|[a-z][a-z0-9+.-]{0,20}:|https?)/gi;

/** Cuts before the costly work: foreign text can be megabytes. */
const bounded = (text: string, limit: number): string => text.slice(0, limit * 4 + 200);

/** One line for plain_text and rich_text, at most `limit` characters; never empty, Slack refuses empty text. */
export function literal(text: string, limit: number): string {
  const line = clean(bounded(text, limit)).replace(/\s+/g, " ").trim();
  return cut(line.replace(TOKEN, "< "), limit) || "–";
}

/** Several lines for rich_text: line breaks stay, runs of empty lines do not. */
export function paragraph(text: string, limit: number): string {
  const lines = clean(bounded(text, limit))
    .replace(/\t/g, "  ")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  return cut(lines.replace(TOKEN, "< "), limit) || "–";
}

/** Lines for a code block: spacing stays, tabs become spaces, backticks cannot end it. */
export function mono(text: string): string {
  return clean(text).replace(/\t/g, "    ").replaceAll("`", "ˋ").replace(TOKEN, "< ");
}

/** Text of a file: nothing is markup there, so only what would fool a reader or a terminal is taken out. */
export const fileText = (text: string, limit = 200_000): string => clean(text.slice(0, limit));

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
// Look-alikes: Slack has no escape for its formatting characters.
const LOOKALIKES: Readonly<Record<string, string>> = { "*": "∗", _: "ˍ", "~": "∼", "`": "ˋ" };

/** One line of mrkdwn in which nothing is markup: no mention, link, date, format, quote or emoji. */
export function mrkdwn(text: string, limit: number): string {
  return literal(text, limit)
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|[*~`]/gu, (mark) => LOOKALIKES[mark] ?? mark)
    .replace(/:(?=[\w+'-]+:)/g, "∶")
    .replace(/^>/, "›")
    .replace(/[&<>]/g, (mark) => ENTITIES[mark] ?? mark);
}
