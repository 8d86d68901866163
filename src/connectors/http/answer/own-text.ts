import { clip } from "../../../core/words/format.ts";
import { isRecord, parseJson } from "./body.ts";
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
  /internal server error|server error|bad gateway|service temporarily unavailable|service unavailable|gateway time-?out|not ready|unavailable|not found|bad request|forbidden|(access|permission) denied|not allowed|unauthori[sz]ed|method|error|exception/gi;
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

const ERROR_KEYS = [
  "error",
  "errors",
  "message",
  "reason",
  "detail",
  "error_description",
  "title",
  "description",
];

/** The sentence of an error in JSON (`{ "error": { "message": … } }`) or XML (`<Message>`); undefined: none that tells more than the status. */
export function errorWords(body: string): string | undefined {
  const begin = body.trimStart().slice(0, 1);
  const text =
    begin === "<" ? /<Message>([^<]{1,400})</i.exec(body.slice(0, MOST))?.[1] : sentence(parseJson(body), 3);
  const words = (text ?? "").replace(/\s+/g, " ").trim();
  return isPhrase(words) || !/\s/.test(words) || !/\p{L}{3}/u.test(words) ? undefined : clip(words, 200);
}

function sentence(value: unknown, depth: number): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) return sentence(value[0], depth - 1);
  if (!isRecord(value)) return undefined;
  const found = ERROR_KEYS.map((key) =>
    Object.hasOwn(value, key) ? sentence(value[key], depth - 1) : undefined,
  );
  const told = found.flatMap((one) => (one === undefined || isPhrase(one) ? [] : [one]));
  // A sentence tells more than a code beside it.
  return told.find((one) => /\s/.test(one.trim())) ?? told[0];
}

/** A page or a line of a service on its way up: Jenkins, Keycloak, Sonar, hand-made ones. */
export const isOnItsWay = (words: string): boolean =>
  /\b(getting ready to work|(is|are|still) (now )?(starting|booting|warming)( up)?\b|starting up|please wait while [^.]{0,60}(start|load|ready|initiali[sz])|initiali[sz]ing|not ready: waiting for)/i.test(
    words,
  );
