/**
 * Everything here takes text from outside (labels, findings, errors, log lines, names) and returns text that Slack
 * can only show. One cleaning, four exits: `literal` and
 * `paragraph` for plain_text and rich_text, `mono` for code blocks,
 * `mrkdwn` for the few places that are markup (notification texts, context lines), `fileText` for uploads.
 */

// C0 and C1 controls, line and paragraph separators.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;
// Bidirectional marks and overrides, zero-width characters, soft hyphen, invisible operators, tags, interlinear marks.
const INVISIBLE =
  /\u00ad|\u034f|[\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;
// ANSI colours would leave "[31m" behind once the escape character is gone.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what begins a colour
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;
/** What could be read as the beginning of a mention, a link or a date: a space after the bracket makes it text. */
const TOKEN = /<(?=[!@#]|[a-z][a-z0-9+.-]{0,20}:|https?)/gi;

const clean = (text: string): string =>
  text
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replace(ANSI, "")
    .replace(/\r\n?/g, "\n")
    .replace(CONTROLS, "")
    .replace(INVISIBLE, "");

/** Cuts before the costly work: foreign text can be megabytes. */
const bounded = (text: string, limit: number): string => text.slice(0, limit * 4 + 200);

/** At most `limit` UTF-16 units, which is what Slack counts; no character is cut in two. */
export const cut = (text: string, limit: number): string =>
  text.length <= limit
    ? text
    : `${text
        .slice(0, limit - 1)
        .replace(/\p{Surrogate}/gu, "\ufffd")
        .replace(/\ufffd$/, "")}…`;

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
