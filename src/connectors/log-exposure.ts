import { z } from "zod";
import type { LogLine } from "./log-line.ts";

/** What a log shows that it should not: a kind of secret or personal data, how often, from where. Never the value itself. */
export const Exposure = z.object({
  kind: z.string(),
  lines: z.int(),
  /** Programs, units or loggers that wrote it, at most 5. */
  components: z.array(z.string()).max(5),
  /** Unix seconds of the first and the last such line. */
  first: z.number(),
  last: z.number(),
});
export type Exposure = z.output<typeof Exposure>;

/** Masked already, a name of a value that is put in elsewhere, or no value at all. */
const MASKED = /^[*x•.#_-]+$|\*{3}|redact|mask|hidden|filtered|removed|^[<[{(%$]/i;
const NO_SECRET =
  /^(?:true|false|null|none|nil|undefined|empty|unset|missing|invalid|expired|required|bearer|basic)$/i;

/** A value that may be one: not masked, no number, no single word of letters. */
const isValue = (text: string): boolean =>
  text.length >= 6 &&
  !MASKED.test(text) &&
  !NO_SECRET.test(text) &&
  !/^[\d.,]+(?:ms|s|%)?$/.test(text) &&
  (/[\d!@#$%^&+=/]/.test(text) || text.length >= 20);

const NAMED =
  /(?:passwo?r?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?\s{0,3}[:=]\s{0,3}["']?([^\s"',;&]{1,200})/gi;
const IN_URL = /:\/\/[^\s:/@"'<>]{0,200}:([^\s/"'<>@]{1,200})@/g;
const SCHEME = /\b(?:Bearer|Basic)\s{1,10}([\w.~+/=-]{8,300})/gi;
const TOKENS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["a JSON Web Token", /(?<![\w-])eyJ[\w-]{8,400}\.[\w-]{8,400}\.[\w-]{8,400}/],
  ["a private key", /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/],
  [
    "a key of a provider",
    /\b(?:xox[abeprs]-[\w-]{10,}|AKIA[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{30,}|sk-[\w-]{20,})/,
  ],
];
const DIGITS = /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])/g;
const MAIL = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/;

const anyValue = (text: string, pattern: RegExp): boolean =>
  [...text.matchAll(pattern)].some(([, value = ""]) => isValue(value));

/** The check digit that numbers of cards have, and others by chance only. */
function isCard(digits: string): boolean {
  const plain = digits.replace(/\D/g, "");
  if (!/^[3-6]/.test(plain) || /^(\d)\1*$/.test(plain)) return false;
  const sum = [...plain].toReversed().reduce((all, digit, at) => {
    const doubled = Number(digit) * (at % 2 === 0 ? 1 : 2);
    return all + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/** What one line shows that it should not; kinds in words, none of it twice. Pure. */
export function exposedIn({ message, fields }: Pick<LogLine, "message" | "fields">): string[] {
  const text = [message, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)].join("\n");
  return [
    ...(anyValue(text, NAMED) ? ["a password or key, by its name"] : []),
    ...(anyValue(text, IN_URL) ? ["credentials in a URL"] : []),
    ...(anyValue(text, SCHEME) ? ["an Authorization header"] : []),
    ...TOKENS.flatMap(([kind, pattern]) => (pattern.test(text) ? [kind] : [])),
    ...([...text.matchAll(DIGITS)].some(([digits]) => isCard(digits)) ? ["a number of a payment card"] : []),
    ...(MAIL.test(text) ? [MAIL_KIND] : []),
  ];
}

/** Personal, and no secret. */
export const MAIL_KIND = "an e-mail address";

/** All of them, counted by kind, the most frequent first. Pure. */
export function exposures(lines: readonly { readonly line: LogLine; readonly at: number }[]): Exposure[] {
  const found = new Map<string, Exposure>();
  for (const { line, at } of lines)
    for (const kind of exposedIn(line)) {
      const known = found.get(kind) ?? { kind, lines: 0, components: [], first: at, last: at };
      const isNew = line.component !== "" && !known.components.includes(line.component);
      found.set(kind, {
        kind,
        lines: known.lines + 1,
        components: isNew ? [...known.components, line.component].slice(0, 5) : known.components,
        first: Math.min(known.first, at),
        last: Math.max(known.last, at),
      });
    }
  return [...found.values()].toSorted((a, b) => b.lines - a.lines);
}
