import { DiagError } from "../core/words/errors.ts";

const MAX_WORDS = 64;
const MAX_CHARACTERS = 4_000;

// Phones and Macs turn straight quotes into curly ones.
const CLOSING: Readonly<Record<string, string>> = { '"': '"', "'": "'", "“": "”", "„": "“", "‘": "’" };
const CURLY_DOUBLE = new Set(["”", "“", '"']);

/**
 * Splits what was typed into words. Quotes hold spaces together, also inside a word (`key="a b"`); within double quotes
 * `\"` and `\\` stand for themselves. Throws `usage` where a quote is not closed or there is too much.
 */
export function splitWords(text: string): string[] {
  if (text.length > MAX_CHARACTERS)
    throw new DiagError("usage", `more than ${MAX_CHARACTERS} characters were typed`);
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      at += 1;
      continue;
    }
    const { word, end } = readWord(text, at);
    words.push(word);
    at = end;
  }
  if (words.length > MAX_WORDS) throw new DiagError("usage", `more than ${MAX_WORDS} words were typed`);
  return words;
}

function readWord(text: string, start: number): { word: string; end: number } {
  let word = "";
  let at = start;
  while (at < text.length && !/\s/.test(text.charAt(at))) {
    const character = text.charAt(at);
    const opens = CLOSING[character] !== undefined && (at === start || text.charAt(at - 1) === "=");
    if (!opens) {
      word += character;
      at += 1;
      continue;
    }
    const quoted = readQuoted(text, at);
    word += quoted.inside;
    at = quoted.end;
  }
  return { word, end: at };
}

function readQuoted(text: string, start: number): { inside: string; end: number } {
  const open = text.charAt(start);
  let inside = "";
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (open === '"' && character === "\\" && (next === '"' || next === "\\")) {
      inside += next;
      at += 1;
    } else if (closes(open, character)) return { inside, end: at + 1 };
    else inside += character;
  }
  throw new DiagError("usage", `the quote ${open} is not closed`, {
    hint: 'write values with spaces as key="a b"',
  });
}

const closes = (open: string, character: string): boolean =>
  open === "“" || open === "„" ? CURLY_DOUBLE.has(character) : character === CLOSING[open];
