import { MAX_TEXT, type Redact, redactDeep } from "../lib/redact.ts";
import type { CliIo } from "./deps.ts";

/**
 * The same places to write to, without known secrets: what is refused repeats what was typed, and terminals are recorded.
 * With `json` what is in the strings of stdout's document goes, and the document stays one.
 */
export function safeIo(io: CliIo, redact: Redact, json: boolean): CliIo {
  const safe = (text: string): string => withEnd(text, (body) => redactLong(body, redact));
  return {
    ...io,
    stdout: (text) => io.stdout(json ? withEnd(text, (body) => redactJson(body, redact)) : safe(text)),
    stderr: (text) => io.stderr(safe(text)),
  };
}

function redactJson(text: string, redact: Redact): string {
  try {
    return JSON.stringify(redactDeep<unknown>(JSON.parse(text), redact));
  } catch {
    return redactLong(text, redact);
  }
}

/** A redactor drops what is longer than it looks at; of our own text every line is kept. */
const redactLong = (text: string, redact: Redact): string =>
  text.length <= MAX_TEXT ? redact(text) : text.split("\n").map(redact).join("\n");

function withEnd(text: string, work: (body: string) => string): string {
  return text.endsWith("\n") ? `${work(text.slice(0, -1))}\n` : work(text);
}
