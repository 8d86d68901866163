import { type CharTest, RegexError, type RegexNode } from "./ast.ts";
import { not, PERL, POSIX, range, setOf, unicodeClass } from "./classes.ts";

/** Repeats that are written out, as in RE2. */
const MOST_REPEATS = 1_000;
const DEEPEST = 50;
const NEWLINE = 0x0a;

interface Flags {
  readonly anyCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}

/** Reads RE2's syntax. Throws RegexError; what needs backtracking (lookaround, backreferences) is not in it. */
export function parseRegex(pattern: string): RegexNode {
  const reader = new Reader(pattern);
  const node = reader.choice({ anyCase: false, multiLine: false, dotAll: true }, 0);
  if (!reader.isAtEnd()) throw reader.error("there is a ) without its (");
  return node;
}

const ESCAPED: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const char = (code: number, flags: Flags): RegexNode => ({ is: "char", char: code, anyCase: flags.anyCase });
const sequence = (parts: readonly RegexNode[]): RegexNode => ({ is: "sequence", parts });

class Reader {
  private at = 0;
  private readonly chars: readonly string[];
  constructor(pattern: string) {
    this.chars = [...pattern];
  }

  isAtEnd(): boolean {
    return this.at >= this.chars.length;
  }

  error(message: string, at = this.at): RegexError {
    return new RegexError(message, at);
  }

  /** `a|b`, up to a `)` or the end. Flags that are set in it hold to its end. */
  choice(flags: Flags, depth: number): RegexNode {
    if (depth > DEEPEST) throw this.error("it is nested too deeply");
    const options: RegexNode[] = [];
    let now = flags;
    for (;;) {
      const parts: RegexNode[] = [];
      while (!this.isAtEnd() && !this.sees("|") && !this.sees(")")) {
        const changed = this.flagsAlone(now);
        if (changed !== undefined) now = changed;
        else parts.push(this.repeated(now, depth));
      }
      options.push(parts.length === 1 && parts[0] !== undefined ? parts[0] : sequence(parts));
      if (!this.takes("|")) break;
    }
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { is: "choice", options };
  }

  private sees(text: string): boolean {
    return [...text].every((one, i) => this.chars[this.at + i] === one);
  }

  private takes(text: string): boolean {
    if (!this.sees(text)) return false;
    this.at += text.length;
    return true;
  }

  private next(what: string): string {
    const one = this.chars[this.at];
    if (one === undefined) throw this.error(`it ends within ${what}`);
    this.at += 1;
    return one;
  }

  /** `name` up to `end`, at most 40 characters. */
  private until(end: string, what: string): string {
    const from = this.at;
    while (!this.sees(end)) {
      this.next(what);
      if (this.at - from > 40) throw this.error(`it ends within ${what}`, from);
    }
    const text = this.chars.slice(from, this.at).join("");
    this.at += end.length;
    return text;
  }

  /** `(?i)`: undefined where there is no such group here. */
  private flagsAlone(flags: Flags): Flags | undefined {
    const [whole, words = ""] =
      /^\(\?([a-zA-Z-]*)\)/.exec(this.chars.slice(this.at, this.at + 12).join("")) ?? [];
    if (whole === undefined) return undefined;
    const changed = this.withFlags(flags, words);
    this.at += whole.length;
    return changed;
  }

  private withFlags(flags: Flags, words: string): Flags {
    let [now, on] = [flags, true];
    for (const word of words) {
      if (word === "-") on = false;
      else if (word === "i") now = { ...now, anyCase: on };
      else if (word === "m") now = { ...now, multiLine: on };
      else if (word === "s") now = { ...now, dotAll: on };
      else if (word !== "U") throw this.error(`(?${words} is not known`);
    }
    return now;
  }

  private repeated(flags: Flags, depth: number): RegexNode {
    const what = this.single(flags, depth);
    const times = this.times();
    if (times === undefined) return what;
    // Greedy or not makes no difference to whether the whole text fits.
    this.takes("?");
    if (this.times() !== undefined) throw this.error("two repeats stand beside each other");
    return { is: "repeat", what, ...times };
  }

  private times(): { min: number; max: number } | undefined {
    if (this.takes("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.takes("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.takes("?")) return { min: 0, max: 1 };
    const text = this.chars.slice(this.at, this.at + 12).join("");
    const [whole, low = "", comma, high = ""] = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(text) ?? [];
    if (whole === undefined) return undefined;
    const min = Number(low);
    const max = comma === undefined ? min : high === "" ? Number.POSITIVE_INFINITY : Number(high);
    if (min > MOST_REPEATS || (max > MOST_REPEATS && max !== Number.POSITIVE_INFINITY) || max < min)
      throw this.error(`${whole} does not fit: at most ${MOST_REPEATS} times, the smaller number first`);
    this.at += whole.length;
    return { min, max };
  }

  private single(flags: Flags, depth: number): RegexNode {
    const from = this.at;
    const one = this.next("it");
    switch (one) {
      case "(":
        return this.group(flags, depth, from);
      case "[":
        return { is: "set", fits: this.bracket(flags, from) };
      case ".":
        return { is: "set", fits: flags.dotAll ? () => true : not(range(NEWLINE, NEWLINE)) };
      case "^":
        return { is: "place", place: flags.multiLine ? "line-start" : "start" };
      case "$":
        return { is: "place", place: flags.multiLine ? "line-end" : "end" };
      case "*":
      case "+":
      case "?":
        throw this.error(`${one} has nothing before it to repeat`, from);
      case "\\":
        return this.escape(flags, from);
      default:
        return char(one.codePointAt(0) ?? 0, flags);
    }
  }

  private group(flags: Flags, depth: number, from: number): RegexNode {
    let inside = flags;
    if (this.takes("?P<") || (this.sees("?<") && !this.sees("?<=") && !this.sees("?<!") && this.takes("?<")))
      this.until(">", "the name of a group");
    else if (this.takes("?")) {
      if (["=", "!", "<", ">"].some((one) => this.sees(one)))
        throw this.error("looking ahead or behind is not in RE2's syntax", from);
      inside = this.withFlags(flags, this.until(":", "the flags of a group"));
    }
    const node = this.choice(inside, depth + 1);
    if (!this.takes(")")) throw this.error("the ( is not closed", from);
    return node;
  }

  private escape(flags: Flags, from: number): RegexNode {
    const one = this.next("an escape");
    if (one === "A") return { is: "place", place: "start" };
    if (one === "z") return { is: "place", place: "end" };
    if (one === "b") return { is: "place", place: "word-edge" };
    if (one === "B") return { is: "place", place: "no-word-edge" };
    if (one === "Q") {
      const rest = this.chars.slice(this.at).join("");
      const end = rest.indexOf("\\E");
      const text = [...(end < 0 ? rest : rest.slice(0, end))];
      this.at += text.length + (end < 0 ? 0 : 2);
      return sequence(text.map((each) => char(each.codePointAt(0) ?? 0, flags)));
    }
    this.at -= 1;
    const meant = this.escaped(from);
    return typeof meant === "number"
      ? char(meant, flags)
      : { is: "set", fits: setOf([meant], false, flags.anyCase) };
  }

  /** What an escape stands for, outside of or within brackets: one character or a class of them. */
  private escaped(from: number): number | CharTest {
    const one = this.next("an escape");
    const known = PERL[one.toLowerCase()];
    if (known !== undefined) return one === one.toLowerCase() ? known : not(known);
    if (one === "p" || one === "P") return this.unicode(one === "P", from);
    if (one === "x") return this.hex(from);
    const code = ESCAPED[one];
    if (code !== undefined) return code;
    if (/[0-9A-Za-z]/.test(one))
      throw this.error(
        /[1-9]/.test(one) ? "referring back is not in RE2's syntax" : `\\${one} is not known`,
        from,
      );
    return one.codePointAt(0) ?? 0;
  }

  private unicode(isNegated: boolean, from: number): CharTest {
    const given = this.takes("{") ? this.until("}", "a class") : this.next("a class");
    const name = given.replace(/^\^/, "");
    const fits = unicodeClass(name);
    if (fits === undefined) throw this.error(`there is no class of characters "${name}"`, from);
    return isNegated !== given.startsWith("^") ? not(fits) : fits;
  }

  private hex(from: number): number {
    const text = this.takes("{") ? this.until("}", "\\x{…}") : this.next("\\x") + this.next("\\x");
    const code = /^[0-9a-fA-F]{1,6}$/.test(text) ? Number.parseInt(text, 16) : Number.NaN;
    if (Number.isNaN(code) || code > 0x10ffff) throw this.error(`\\x${text} is no character`, from);
    return code;
  }

  private bracket(flags: Flags, from: number): CharTest {
    const isNegated = this.takes("^");
    const parts: CharTest[] = [];
    for (let first = true; first || !this.takes("]"); first = false) {
      if (this.isAtEnd()) throw this.error("the [ is not closed", from);
      const low = this.member();
      if (typeof low !== "number") {
        parts.push(low);
        continue;
      }
      const isRange = this.sees("-") && !this.sees("-]");
      if (isRange) this.at += 1;
      const high = isRange ? this.member() : low;
      if (typeof high !== "number" || high < low)
        throw this.error("the range has its ends in the wrong order", from);
      parts.push(range(low, high));
    }
    return setOf(parts, isNegated, flags.anyCase);
  }

  private member(): number | CharTest {
    const from = this.at;
    if (this.takes("[:")) {
      const given = this.until(":]", "a class");
      const fits = POSIX[given.replace(/^\^/, "")];
      if (fits === undefined) throw this.error(`there is no class of characters "${given}"`, from);
      return given.startsWith("^") ? not(fits) : fits;
    }
    const one = this.next("a [ ]");
    return one === "\\" ? this.escaped(from) : (one.codePointAt(0) ?? 0);
  }
}
