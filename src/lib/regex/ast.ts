/** Whether one character (code point) fits. */
export type CharTest = (char: number) => boolean;

/** Where a position is, without taking a character. */
export type Place = "start" | "end" | "line-start" | "line-end" | "word-edge" | "no-word-edge";

/** A regular expression as it was read. */
export type RegexNode =
  | { readonly is: "char"; readonly char: number; readonly anyCase: boolean }
  | { readonly is: "set"; readonly fits: CharTest }
  | { readonly is: "place"; readonly place: Place }
  | { readonly is: "sequence"; readonly parts: readonly RegexNode[] }
  | { readonly is: "choice"; readonly options: readonly RegexNode[] }
  | { readonly is: "repeat"; readonly what: RegexNode; readonly min: number; readonly max: number };

/** What is wrong with a regular expression, and at which character (0 is the first). */
export class RegexError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** A character in the other case, where it has one; for `(?i)`. */
export function otherCases(char: number): number[] {
  const text = String.fromCodePoint(char);
  const others = [text.toLowerCase(), text.toUpperCase()].flatMap((other) => {
    const code = other.codePointAt(0);
    return code === undefined || other.length !== String.fromCodePoint(code).length ? [] : [code];
  });
  return [...new Set(others)].filter((other) => other !== char);
}
