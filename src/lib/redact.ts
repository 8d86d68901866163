import { clean } from "./clean.ts";
import { occurrencesOf } from "./occurrences.ts";
import { spellings } from "./spellings.ts";

/** Takes secrets out of text of others: bounded first, cleaned second, redacted third. Doing it twice changes nothing more. */
export type Redact = (text: string) => string;

/** Characters of one text that are looked at; the rest is dropped and an ellipsis says so. */
export const MAX_TEXT = 262_144;

const INSTEAD = "[redacted]";

// No word boundary in front: DB_PASSWORD, PGPASSWORD and access_token name secrets, too. AWS_SECRET_ACCESS_KEY goes on behind.
const NAMES =
  "(passwo?r?d|_pwd|passphrase|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key)";
const ASSIGNED = `${NAMES}([\\w-]{0,40}\\\\?["']?\\s{0,40}[:=]\\s{0,40})`;

/**
 * What looks like a secret. Every expression begins at something fixed and its runs neither overlap nor are tried from more
 * than one place: the time grows with the text only (test/unit/repository/expressions.test.ts).
 */
const PATTERNS: readonly [RegExp, string][] = [
  // Credentials inside URLs: scheme://user:password@host; a long user without a password is a token.
  [/(:\/\/[^\s:/@"'<>]{0,256}):[^\s/"'<>]{1,1024}@/g, `$1:${INSTEAD}@`],
  [/:\/\/[^\s:/@"'<>]{20,256}@/g, `://${INSTEAD}@`],
  [
    /\b(Bearer|Basic)\s{1,40}(?=[A-Za-z._~+/=-]{0,200}\d|[\w.~+/-]{20})[A-Za-z0-9._~+/=-]{8,}/gi,
    `$1 ${INSTEAD}`,
  ],
  [/\bxox[abeprs]-[A-Za-z0-9-]{6,}/g, INSTEAD],
  [/\bxapp-[A-Za-z0-9-]{6,}/g, INSTEAD],
  // A JSON Web Token.
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, INSTEAD],
  [
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[\w+/=\s\\:.,]|-(?!----))*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
    INSTEAD,
  ],
  // A quoted value ends at its quote, with spaces and all; in JSON within JSON the quote has a backslash; a bare one ends at the next separator.
  [new RegExp(`${ASSIGNED}(["'])(?:\\\\.|(?!\\3)[^\\\\\\n])+`, "gi"), `$1$2$3${INSTEAD}`],
  [new RegExp(`${ASSIGNED}(\\\\["'])(?:(?!\\3).)+`, "gi"), `$1$2$3${INSTEAD}`],
  // `(using password: NO)` says whether one was sent, and none is that short.
  [
    new RegExp(`${ASSIGNED}(?!\\\\?["']|\\[redacted|(?:no|yes)\\)(?:[\\s"',;&]|$))[^\\s"',;&]{3,}`, "gi"),
    `$1$2${INSTEAD}`,
  ],
];

/** Something of what every expression above needs: most texts have none of it, and looking once is cheaper than ten times. */
const LIKELY = new RegExp(`@|bearer|basic|xox|xapp-|eyj|-----begin|${NAMES}`, "i");

/**
 * A redactor for these secrets, in all their spellings, and for everything that looks like one. Secrets shorter than six
 * characters are not looked for: they would redact words.
 */
export function redactor(secrets: readonly string[]): Redact {
  const hide = hider(secrets);
  return (text) => {
    const isCut = text.length > MAX_TEXT;
    let safe = hide(clean(isCut ? text.slice(0, MAX_TEXT) : text), isCut);
    if (LIKELY.test(safe)) for (const [pattern, instead] of PATTERNS) safe = safe.replace(pattern, instead);
    return isCut ? `${safe}…` : safe;
  };
}

/** As `redactor`, for our own words with words of others in them (ids, names of members): known secrets only. */
export function knownRedactor(secrets: readonly string[]): Redact {
  const hide = hider(secrets);
  return (text) => hide(clean(text.slice(0, MAX_TEXT)), text.length > MAX_TEXT);
}

/** The same for as long as one thing is read: what its thousand alerts have in common is looked at once. Keep it no longer: it holds what it was given. */
export function remembering(redact: Redact): Redact {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const safe = redact(text);
    known.set(text, safe);
    return safe;
  };
}

const flat = (text: string): string => text.replace(/\\{2,}/g, "\\");

function hider(secrets: readonly string[]): (text: string, isCut: boolean) => string {
  const known = secrets.flatMap((secret) => [secret, clean(secret)]).filter((one) => one.length >= 6);
  const find = occurrencesOf(known.flatMap(spellings).flatMap((spelled) => [spelled, flat(spelled)]));
  const hide = (text: string, isCut: boolean): string => {
    const parts: string[] = [];
    let from = 0;
    for (const [start, end] of find(text, isCut)) {
      parts.push(text.slice(from, start));
      from = end;
    }
    return parts.length === 0 ? text : [...parts, text.slice(from)].join(INSTEAD);
  };
  return (text, isCut) => {
    const safe = hide(text, isCut);
    // Escaped once more at every door it went through: with one backslash for many it is spelled as at the first.
    const flatText = flat(safe);
    const safeFlat = flatText === safe ? flatText : hide(flatText, isCut);
    return safeFlat === flatText ? safe : safeFlat;
  };
}

/** Redacts every string inside a plain value. Names of members are ours and stay, and so do dates. */
export function redactDeep<T>(value: T, redact: Redact): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact)) as T;
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactDeep(item, redact)])) as T;
}
