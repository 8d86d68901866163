import { clip } from "../../../core/words/format.ts";
import { visibleText } from "./page.ts";

const MOST = 4096;

/** An error of the program where an answer should stand: PHP, Python, Java, and frameworks that print them. */
const TRACE =
  /<b>(fatal|parse) error<\/b>:|^(php )?(fatal|parse) error: |^traceback \(most recent call last\)|^uncaught \w*(exception|error)\b|^exception in thread "|SQLSTATE\[[0-9A-Z]{5}\]/im;

/** Its line, where the body is an error that a program printed. */
export function traceIn(body: string): string | undefined {
  const begin = body.slice(0, MOST);
  // Within JSON it is a value, and its key says what for.
  if (/^\s*[[{"]/.test(begin) || !TRACE.test(begin)) return undefined;
  const text = begin.replace(/<[^<>]{0,200}>/g, " ");
  const line = text.split("\n").find((one) => TRACE.test(one) || /(fatal|parse) error *:/i.test(one)) ?? text;
  return clip(line.replace(/\s+/g, " ").trim(), 200);
}

/** What answers of these statuses say anyway. */
const PHRASES =
  /internal server error|server error|bad gateway|service temporarily unavailable|service unavailable|gateway time-?out|not ready|unavailable|error/gi;
const isPhrase = (text: string): boolean => !/\p{L}/u.test(text.replace(PHRASES, ""));

/** The words of a page or plain text, where they are more than the status says; undefined: they are not. */
export function wordsIn(body: string, isPage: boolean): string | undefined {
  const text = (
    isPage
      ? visibleText(body)
      : (body
          .slice(0, MOST)
          .split("\n")
          .find((line) => line.trim() !== "") ?? "")
  )
    .replace(/\s+/g, " ")
    .trim();
  return isPhrase(text) || !/\p{L}{3}/u.test(text) || /^[[{<]/.test(text) ? undefined : clip(text, 200);
}

/** A page or a line of a service on its way up: Jenkins, Keycloak, Sonar, hand-made ones. */
export const isOnItsWay = (words: string): boolean =>
  /\b(getting ready to work|(is|are|still) (now )?(starting|booting|warming)( up)?\b|starting up|please wait while [^.]{0,60}(start|load|ready|initiali[sz])|initiali[sz]ing)/i.test(
    words,
  );
