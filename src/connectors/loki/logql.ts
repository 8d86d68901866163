import type { LogQuestion } from "../log-groups.ts";

/** A string in LogQL: Go's rules in double quotes, so that no text ends it (grafana.com/docs/loki/latest/query). Pure. */
export const quoted = (text: string): string =>
  `"${text.replace(/["\\]/g, "\\$&").replace(/\p{C}/gu, (one) => `\\U${(one.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`)}"`;

/** A text as an expression of RE2 that means exactly it. */
const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** The streams of these labels. Names are checked by the settings. */
export const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(",")}}`;

/** What Loki itself can leave out: lines without the text. The rest is looked at here, the same as for every other log. */
export const queryOf = (
  labels: Readonly<Record<string, string>>,
  { pattern }: Pick<LogQuestion, "pattern">,
): string =>
  `${selectorOf(labels)}${pattern === undefined ? "" : ` |~ ${quoted(`(?i)${literally(pattern)}`)}`}`;
