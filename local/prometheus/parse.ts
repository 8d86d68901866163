import { durationSeconds, lex, QueryError, type Token } from "./lex.ts";

export interface Matcher {
  readonly label: string;
  readonly op: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

export interface Grouping {
  readonly how: "by" | "without";
  readonly labels: readonly string[];
}

export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | {
      readonly kind: "selector";
      readonly matchers: readonly Matcher[];
      readonly range: number | undefined;
      /** Seconds before the time it is asked for. */
      readonly offset: number;
    }
  | {
      /** An expression asked at every multiple of `step` within `range`, both in seconds. */
      readonly kind: "subquery";
      readonly inner: Expression;
      readonly range: number;
      readonly step: number;
    }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: "aggregate";
      readonly name: string;
      readonly grouping: Grouping;
      readonly args: readonly Expression[];
    }
  | {
      readonly kind: "binary";
      readonly op: string;
      readonly bool: boolean;
      readonly match: { readonly how: "on" | "ignoring"; readonly labels: readonly string[] };
      readonly left: Expression;
      readonly right: Expression;
    };

const AGGREGATES = new Set(["sum", "avg", "min", "max", "count", "group", "topk", "bottomk"]);

/** Binary operators from loosest to tightest. */
const LEVELS: readonly (readonly string[])[] = [
  ["or"],
  ["and", "unless"],
  ["==", "!=", ">", "<", ">=", "<="],
  ["+", "-"],
  ["*", "/", "%"],
];

/** Parses the part of PromQL the emulation knows. Throws QueryError. */
export function parse(query: string): Expression {
  const parser = new Parser(lex(query));
  const expression = parser.binary(0);
  parser.expect("end", "");
  return expression;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  binary(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    while (operators.includes(this.peek().text) && this.peek().kind !== "string") {
      const op = this.take().text;
      const bool = this.accept("bool");
      const match = this.vectorMatching();
      left = { kind: "binary", op, bool, match, left, right: this.binary(level + 1) };
    }
    return left;
  }

  expect(kind: Token["kind"], text?: string): Token {
    const token = this.take();
    if (token.kind !== kind || (text !== undefined && token.text !== text))
      throw new QueryError(`expected ${text ?? kind}, not ${JSON.stringify(token.text)}`);
    return token;
  }

  private vectorMatching(): { how: "on" | "ignoring"; labels: string[] } {
    const how = this.peek().text;
    if (how !== "on" && how !== "ignoring") return { how: "ignoring", labels: [] };
    this.take();
    return { how, labels: this.names() };
  }

  private unary(): Expression {
    if (!this.accept("-")) return this.ranged(this.primary());
    const minus = { kind: "number", value: -1 } as const;
    const match = { how: "ignoring", labels: [] } as const;
    return { kind: "binary", op: "*", bool: false, match, left: minus, right: this.unary() };
  }

  /** `expression[7d:1h]`. The selector has taken a range of its own already. */
  private ranged(inner: Expression): Expression {
    if (!this.accept("[")) return inner;
    const range = durationSeconds(this.expect("duration").text);
    // The colon may begin a name, so that is what the step comes as.
    const step = durationSeconds(this.expect("name").text.replace(/^:/, ""));
    if (step === 0) throw new QueryError("a subquery needs its step here, as in [7d:1h]");
    this.expect("sign", "]");
    return { kind: "subquery", inner, range, step };
  }

  private primary(): Expression {
    const token = this.take();
    if (token.text === "(" && token.kind === "sign") {
      const inner = this.binary(0);
      this.expect("sign", ")");
      return inner;
    }
    if (token.kind === "number")
      return {
        kind: "number",
        value: /^inf$/i.test(token.text) ? Number.POSITIVE_INFINITY : Number(token.text),
      };
    if (token.kind === "sign" && token.text === "{") return this.selector(undefined);
    if (token.kind !== "name") throw new QueryError(`unexpected ${JSON.stringify(token.text)}`);
    if (AGGREGATES.has(token.text)) return this.aggregate(token.text);
    if (this.peek().text === "(") return { kind: "call", name: token.text, args: this.args() };
    return this.selector(token.text);
  }

  private aggregate(name: string): Expression {
    const before = this.grouping();
    const args = this.args();
    const grouping = before ?? this.grouping() ?? { how: "by", labels: [] };
    return { kind: "aggregate", name, grouping, args };
  }

  private grouping(): Grouping | undefined {
    const how = this.peek().text;
    if (how !== "by" && how !== "without") return undefined;
    this.take();
    return { how, labels: this.names() };
  }

  private args(): Expression[] {
    return this.list("(", ")", () => this.binary(0));
  }

  private names(): string[] {
    return this.list("(", ")", () => this.expect("name").text);
  }

  /** A selector; the brace is taken already where there is no name. */
  private selector(name: string | undefined): Expression {
    const named: Matcher[] = name === undefined ? [] : [{ label: "__name__", op: "=", value: name }];
    const braces = name === undefined || this.peek().text === "{";
    if (braces && name === undefined) this.#at -= 1;
    const matchers = braces ? this.list("{", "}", () => this.matcher()) : [];
    let range: number | undefined;
    // `metric[7d:1h]` is a subquery, and no range of the selector.
    if (this.peek().text === "[" && this.peek(2).text === "]") {
      this.expect("sign", "[");
      range = durationSeconds(this.expect("duration").text);
      this.expect("sign", "]");
    }
    const offset = this.accept("offset") ? durationSeconds(this.expect("duration").text) : 0;
    return { kind: "selector", matchers: [...named, ...matchers], range, offset };
  }

  private matcher(): Matcher {
    const label = this.expect("name").text;
    const op = this.expect("sign").text;
    if (op !== "=" && op !== "!=" && op !== "=~" && op !== "!~") throw new QueryError(`${op} is no matcher`);
    const quoted = this.expect("string").text;
    return { label, op, value: unquote(quoted) };
  }

  private list<T>(open: string, close: string, item: () => T): T[] {
    this.expect("sign", open);
    const items: T[] = [];
    while (!this.accept(close)) {
      items.push(item());
      if (this.peek().text !== close) this.expect("sign", ",");
    }
    return items;
  }

  private accept(text: string): boolean {
    const { kind, text: found } = this.peek();
    if (found !== text || kind === "string") return false;
    this.#at += 1;
    return true;
  }

  private peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? { kind: "end", text: "" };
  }

  private take(): Token {
    const token = this.peek();
    this.#at += 1;
    return token;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
const unquote = (quoted: string): string =>
  quoted.slice(1, -1).replace(/\\(.)/g, (_all, char: string) => ESCAPES[char] ?? char);
