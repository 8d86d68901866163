/** A query the emulation does not understand, or that is wrong. */
export class QueryError extends Error {}

export interface Token {
  readonly kind: "name" | "number" | "string" | "duration" | "sign" | "end";
  readonly text: string;
}

const PATTERNS: readonly [Token["kind"], RegExp][] = [
  ["duration", /^(?:\d+(?:ms|[smhdw]))+/],
  ["number", /^(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+|Inf\b|NaN\b)/i],
  ["name", /^[a-zA-Z_:][\w:]*/],
  ["string", /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/],
  ["sign", /^(?:=~|!~|!=|==|>=|<=|[-+*/%^=<>(){}[\],])/],
];

/** Splits PromQL into tokens. Throws QueryError with the place. */
export function lex(query: string): Token[] {
  const tokens: Token[] = [];
  for (let rest = query.trimStart(); rest !== ""; ) {
    const token = next(rest);
    if (token === undefined) throw new QueryError(`unexpected ${JSON.stringify(rest.slice(0, 20))}`);
    tokens.push(token);
    rest = rest.slice(token.text.length).trimStart();
  }
  return [...tokens, { kind: "end", text: "" }];
}

function next(rest: string): Token | undefined {
  for (const [kind, pattern] of PATTERNS) {
    const text = pattern.exec(rest)?.[0];
    if (text !== undefined) return { kind, text };
  }
  return undefined;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** `1h30m` in seconds. */
export const durationSeconds = (text: string): number =>
  [...text.matchAll(/(\d+)(ms|[smhdw])/g)].reduce(
    (sum, [, digits, unit]) => sum + Number(digits) * (UNIT_SECONDS[unit ?? ""] ?? 0),
    0,
  );
