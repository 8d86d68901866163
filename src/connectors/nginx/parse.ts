/** A directive of nginx's configuration: `listen 80;` or a block. Where it stands, as `nginx -T` says. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly file: string;
  readonly line: number;
  readonly block: readonly Directive[];
}

interface Token {
  readonly word: string;
  /** Quoted: `;` in quotes ends nothing. */
  readonly isText: boolean;
  readonly file: string;
  readonly line: number;
}

const FILE = /^# configuration file (.{1,500}):$/;
const MOST_DEPTH = 20;

/**
 * Reads what `nginx -T` writes, or a file of its own. The files come one after the other, those that are included behind the main one;
 * what stands in them is therefore read as blocks of their own: `server` and `upstream` are found wherever they are. Never throws: what
 * is no configuration has no directives. Pure, in linear time.
 */
export function parseConfig(dump: string, mainFile = ""): Directive[] {
  const top: Directive[] = [];
  // Where the directives of each block that is open go.
  let open: Directive[][] = [top];
  let words: Token[] = [];
  for (const token of tokensOf(dump, mainFile)) {
    if (token.isText || !MARKS.includes(token.word)) {
      words.push(token);
      continue;
    }
    const made = directiveOf(words);
    words = [];
    if (made !== undefined && OPENS.includes(token.word)) open.at(-1)?.push(made);
    open = afterMark(token.word, open, made?.block);
  }
  return top;
}

const MARKS: readonly string[] = [";", "{", "}", "EOF"];
const OPENS: readonly string[] = [";", "{"];

function directiveOf([first, ...rest]: readonly Token[]): (Directive & { block: Directive[] }) | undefined {
  if (first === undefined) return undefined;
  const { word: name, file, line } = first;
  return { name, args: rest.map(({ word }) => word), file, line, block: [] };
}

/** A block that a file leaves open ends with it. */
function afterMark(mark: string, open: Directive[][], block: Directive[] = []): Directive[][] {
  if (mark === "EOF") return open.slice(0, 1);
  if (mark === "}") return open.length > 1 ? open.slice(0, -1) : open;
  return mark === "{" && open.length < MOST_DEPTH ? [...open, block] : open;
}

function tokensOf(text: string, mainFile: string): Token[] {
  const tokens: Token[] = [];
  let [file, line] = [mainFile, 0];
  for (const raw of text.split("\n")) {
    line += 1;
    const named = FILE.exec(raw)?.[1];
    if (named !== undefined) {
      tokens.push({ word: "EOF", isText: false, file, line });
      [file, line] = [named, 0];
      continue;
    }
    // A quoted text over several lines is rare (log_format); each line of it is one then.
    for (const [, single, double, mark, word] of raw.matchAll(
      /#.*|'((?:[^'\\]|\\.){0,4000})'|"((?:[^"\\]|\\.){0,4000})"|([;{}])|((?:\\.|\$\{[^}]{0,100}\}|[^\s;{}"'#\\]|(?<=\S)[#'"]){1,4000})/g,
    )) {
      const quoted = single ?? double;
      if (quoted !== undefined) tokens.push({ word: quoted, isText: true, file, line });
      else if (mark !== undefined || word !== undefined)
        tokens.push({ word: mark ?? word ?? "", isText: false, file, line });
    }
  }
  tokens.push({ word: "EOF", isText: false, file, line });
  return tokens;
}

/** All directives of that name, however deep. */
export function allOf(directives: readonly Directive[], name: string): Directive[] {
  return directives.flatMap((one) => [...(one.name === name ? [one] : []), ...allOf(one.block, name)]);
}

/** The last value at any depth: what is said later wins. Undefined: it is not said. */
export const lastOf = (directives: readonly Directive[], name: string): string | undefined =>
  allOf(directives, name).at(-1)?.args[0];
