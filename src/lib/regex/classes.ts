import { type CharTest, otherCases } from "./ast.ts";

const between =
  (low: number, high: number): CharTest =>
  (char) =>
    char >= low && char <= high;
const digit = between(0x30, 0x39);
const upper = between(0x41, 0x5a);
const lower = between(0x61, 0x7a);
const anyOf =
  (...tests: readonly CharTest[]): CharTest =>
  (char) =>
    tests.some((test) => test(char));
const oneOf = (chars: string): CharTest => {
  const codes = new Set([...chars].map((char) => char.codePointAt(0)));
  return (char) => codes.has(char);
};

/** The opposite of a test. */
export const not =
  (test: CharTest): CharTest =>
  (char) =>
    !test(char);

/** `\d`, `\w`, `\s` as RE2 has them: ASCII only. */
export const PERL: Readonly<Record<string, CharTest>> = {
  d: digit,
  w: anyOf(digit, upper, lower, oneOf("_")),
  s: oneOf("\t\n\f\r "),
};

/** `[[:alpha:]]` and its kind: ASCII only. */
export const POSIX: Readonly<Record<string, CharTest>> = {
  alnum: anyOf(digit, upper, lower),
  alpha: anyOf(upper, lower),
  ascii: between(0, 0x7f),
  blank: oneOf("\t "),
  cntrl: anyOf(between(0, 0x1f), between(0x7f, 0x7f)),
  digit,
  graph: between(0x21, 0x7e),
  lower,
  print: between(0x20, 0x7e),
  punct: anyOf(between(0x21, 0x2f), between(0x3a, 0x40), between(0x5b, 0x60), between(0x7b, 0x7e)),
  space: oneOf("\t\n\v\f\r "),
  upper,
  word: anyOf(digit, upper, lower, oneOf("_")),
  xdigit: anyOf(digit, between(0x41, 0x46), between(0x61, 0x66)),
};

/** A Unicode class (`\pL`, `\p{Greek}`); undefined: there is none of that name. */
export function unicodeClass(name: string): CharTest | undefined {
  for (const property of [name, `Script=${name}`]) {
    if (!/^[A-Za-z_=]{1,40}$/.test(property)) return undefined;
    try {
      const one = new RegExp(`^\\p{${property}}$`, "u");
      return (char) => one.test(String.fromCodePoint(char));
    } catch {
      // Not a class of that kind.
    }
  }
  return undefined;
}

/** Any of several ranges and classes. `anyCase`: also where the same character in the other case fits. */
export function setOf(parts: readonly CharTest[], isNegated: boolean, anyCase: boolean): CharTest {
  const plain = anyOf(...parts);
  const fits: CharTest = anyCase ? (char) => plain(char) || otherCases(char).some(plain) : plain;
  return isNegated ? not(fits) : fits;
}

/** Characters from `low` to `high`, both included. */
export const range = between;
