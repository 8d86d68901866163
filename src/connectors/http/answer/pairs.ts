import { type BodyRead, readJson } from "./body.ts";
import { mayBePart, OWN_WORD, plainKey } from "./keys.ts";
import { verdictOf } from "./words.ts";

const MOST_XML = 8192;
const MOST_PAIRS = 50;

type Pair = readonly [name: string, word: string];

/**
 * Health as names and words that is no JSON: `status: down` (YAML and the like), `db=ok redis=down`, `<status>DOWN</status>`.
 * Undefined: it is none of these, or its words say nothing. Pure.
 */
export function readPairs(body: string, lines: readonly string[]): BodyRead | undefined {
  const pairs = (/^\s*<[?a-z]/i.test(body) ? inXml(body) : inLines(lines)).slice(0, MOST_PAIRS);
  const known = pairs.filter(([, word]) => verdictOf(word) !== "unknown");
  const own = known.filter(([name]) => OWN_WORD.includes(plainKey(name)));
  // A page of figures and settings holds such words by chance: only its own word counts there.
  const told = known.length === pairs.length ? known : own;
  const parts = told.filter(
    ([name, word]) => own.length > 0 || (mayBePart(plainKey(name)) && !isTruth(word)),
  );
  if (parts.length === 0) return undefined;
  // The first of a name: what is nested further down is a part's.
  const read = readJson(Object.fromEntries([...parts].reverse()));
  return read.verdict === "unknown" ? undefined : read;
}

const isTruth = (word: string): boolean => /^(true|false)$/i.test(word);

function inLines(lines: readonly string[]): Pair[] {
  const full = lines.filter((line) => line !== "" && !/^(#|---)/.test(line));
  const words = full.length === 1 ? (full[0] ?? "").split(/[\s,;]+/) : [];
  const isRow = words.length > 1 && words.every((word) => /^[\w.-]{1,40}=[\w.-]{1,40}$/.test(word));
  const pairs = (isRow ? words : full).map((line) => /^([\w .-]{1,40}?) ?[:=] ?(\S.{0,60})$/.exec(line));
  // One line that is no pair: it is a text that has a colon in it.
  return pairs.flatMap((found) =>
    found === null ? [] : [[found[1] ?? "", unquoted(found[2] ?? "")] as const],
  );
}

const inXml = (body: string): Pair[] =>
  [
    ...body
      .slice(0, MOST_XML)
      .matchAll(/<([a-z][\w.-]{0,40})(?: [^<>]{0,200})?>\s{0,20}([^<>\s]{1,60})\s{0,20}<\/\1>/gi),
  ].map((found) => [found[1] ?? "", found[2] ?? ""] as const);

const unquoted = (word: string): string => word.replace(/^["']|["']$/g, "").trim();
