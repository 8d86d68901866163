import type { Matcher } from "../core/words/route.ts";
import { createRegex, RegexError } from "../lib/regex/index.ts";

const LONGEST = 2_000;
const MOST = 30;
const ANNOTATION = "annotation.";

/** What is wrong with a text of matchers, and at which of its characters (1 is the first). */
export class MatcherError extends Error {}

/**
 * Matchers as Alertmanager writes them: `alertname=~"Pg.*"`, several with commas, braces around all of them allowed, quotes
 * where there is a reserved character. `annotation.summary=~".*disk.*"` looks at an annotation; a label whose name begins so
 * is written in quotes: `"annotation.x"="1"`. Throws MatcherError.
 */
export function parseMatchers(text: string): Matcher[] {
  if (text.length > LONGEST) throw new MatcherError(`it is longer than ${LONGEST} characters`);
  const reader = new Reader(text);
  const inBraces = reader.takes("{");
  const matchers: Matcher[] = [];
  while (!reader.isAtEnd() && !reader.sees("}")) {
    if (matchers.length === MOST) throw reader.error(`there are more than ${MOST} matchers`);
    matchers.push(reader.matcher());
    if (!reader.takes(",") && !reader.isAtEnd() && !reader.sees("}"))
      throw reader.error('expected a comma; a value with spaces or commas is written in quotes: a="b c"');
  }
  if (inBraces && !reader.takes("}")) throw reader.error("the { is not closed");
  if (!reader.isAtEnd()) throw reader.error("there is more behind the matchers");
  if (matchers.length === 0) throw reader.error('expected a matcher, such as alertname="DiskFull"');
  return matchers;
}

const RESERVED = /[{}!=~,\\"'`\s]/;
const OPERATORS = ["=~", "!~", "!=", "="] as const;
/** What people write who come from a programming language. */
const MISTAKEN: Readonly<Record<string, string>> = { "==": "=", "~=": "=~", "<>": "!=" };

class Reader {
  private at = 0;
  private readonly text: string;
  constructor(text: string) {
    this.text = text;
    this.skip();
  }

  isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  sees(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  takes(text: string): boolean {
    if (!this.sees(text)) return false;
    this.at += text.length;
    this.skip();
    return true;
  }

  error(message: string, at = this.at): MatcherError {
    return new MatcherError(`${message} (at character ${at + 1})`);
  }

  matcher(): Matcher {
    const isQuoted = this.sees('"');
    const written = this.word("the name of a label");
    const [of, name] =
      !isQuoted && written.startsWith(ANNOTATION)
        ? (["annotation", written.slice(ANNOTATION.length)] as const)
        : (["label", written] as const);
    if (name === "") throw this.error("the name is empty");
    const operator = this.operator();
    const from = this.at;
    const value = this.word("a value", true);
    const text = `${isQuoted ? quote(written) : written}${operator}${quote(value)}`;
    return { of, name, operator, value, text, ...this.judge(operator, value, from) };
  }

  private skip(): void {
    while (/\s/.test(this.text.charAt(this.at))) this.at += 1;
  }

  private operator(): Matcher["operator"] {
    for (const [wrong, right] of Object.entries(MISTAKEN))
      if (this.sees(wrong)) throw this.error(`${wrong} is no operator; did you mean ${right}?`);
    const found = OPERATORS.find((operator) => this.takes(operator));
    if (found === undefined) throw this.error("expected =, !=, =~ or !~ behind the name");
    return found;
  }

  private word(what: string, mayBeEmpty = false): string {
    if (this.sees('"')) return this.quoted();
    if (this.sees("'")) throw this.error('texts are written in double quotes: "…"');
    const from = this.at;
    while (!this.isAtEnd() && !RESERVED.test(this.text.charAt(this.at))) this.at += 1;
    const word = this.text.slice(from, this.at);
    if (word === "" && !(mayBeEmpty && (this.isAtEnd() || /[,}]/.test(this.text.charAt(this.at)))))
      throw this.error(`expected ${what}`);
    this.skip();
    return word;
  }

  /** `\"`, `\\` and `\n` stand for themselves; any other backslash stays, so that regular expressions need no second one. */
  private quoted(): string {
    const from = this.at;
    let value = "";
    for (this.at += 1; !this.isAtEnd(); this.at += 1) {
      const one = this.text.charAt(this.at);
      const next = this.text.charAt(this.at + 1);
      if (one === '"') {
        this.at += 1;
        this.skip();
        return value;
      }
      if (one === "\\" && (next === '"' || next === "\\" || next === "n")) {
        value += next === "n" ? "\n" : next;
        this.at += 1;
      } else value += one;
    }
    throw this.error('the " is not closed', from);
  }

  private judge(
    operator: Matcher["operator"],
    value: string,
    from: number,
  ): Pick<Matcher, "test" | "choices"> {
    if (operator === "=") return { test: (given) => given === value, choices: [value] };
    if (operator === "!=") return { test: (given) => given !== value, choices: undefined };
    try {
      const regex = createRegex(value);
      return operator === "=~" ? regex : { test: (given) => !regex.test(given), choices: undefined };
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      throw this.error(`"${value.slice(0, 60)}" is no regular expression: ${error.message}`, from);
    }
  }
}

const quote = (text: string): string =>
  `"${text.replace(/[\\"\n]/g, (one) => (one === "\n" ? "\\n" : `\\${one}`))}"`;
