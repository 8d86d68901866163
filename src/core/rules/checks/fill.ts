import { sayDuration } from "../../words/duration.ts";
import { clip, sayBytes, sayPercent, saySeconds } from "../../words/format.ts";
import type { Cell, Unit } from "../../words/reading.ts";
import { shellWord } from "../paste.ts";

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;
const NAME = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*$/;
/** Characters of one value within a text. */
const MOST = 120;

/** Names in the placeholders of a text, in their order. */
export const placeholdersIn = (text: string): string[] =>
  [...text.matchAll(PLACEHOLDER)].flatMap(([, inner = ""]) => NAME.exec(inner)?.[1] ?? []);

/** What is written like a placeholder and is none; undefined: all is well. */
export function badPlaceholder(text: string): string | undefined {
  for (const [whole, inner = ""] of text.matchAll(PLACEHOLDER)) if (!NAME.test(inner)) return whole;
  return /\{\{|\}\}/.exec(text.replaceAll(PLACEHOLDER, ""))?.[0];
}

/** A value as people read it; in its unit where it has one. */
export function sayCell(value: Cell | undefined, unit?: Unit): string {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number" || unit === undefined) return sayPlain(value);
  if (unit === "seconds") return value >= 120 ? sayDuration(value * 1000) : saySeconds(value);
  if (unit === "bytes") return sayBytes(value);
  if (unit === "ratio") return sayPercent(value);
  return unit === "per second" ? `${sayPlain(value)}/s` : sayPlain(value);
}

const sayPlain = (value: string | number | boolean): string =>
  typeof value === "number" && !Number.isInteger(value)
    ? String(Number(value.toPrecision(4)))
    : String(value);

/**
 * The text with its placeholders filled in, each value escaped for where it lands: inside `…` it is one word of a shell,
 * inside a URL it is percent-encoded, elsewhere it is one line of plain text without backticks. Values are bounded. What
 * is markup in Slack is escaped where it is drawn.
 */
export function fill(text: string, say: (name: string) => string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) =>
      part.replace(PLACEHOLDER, (_whole, inner: string, at: number) => {
        const value = clip(oneLine(say(inner.trim())), MOST);
        if (index % 2 === 1) return shellWord(value.replaceAll("`", "'"));
        return isInUrl(part.slice(0, at)) ? encoded(value) : value.replaceAll("`", "'");
      }),
    )
    .join("");
}

const isInUrl = (before: string): boolean => /\bhttps?:\/\/[^\s<>"']*$/.test(before);
const oneLine = (text: string): string => text.replace(/[\p{C}\s]+/gu, " ").trim();

/** `encodeURIComponent` leaves some marks that would end a link in prose. */
const encoded = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd")).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
