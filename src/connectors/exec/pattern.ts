/** Names of the groups of a pattern, in their order. */
export const groupsIn = (pattern: string): string[] =>
  [...pattern.matchAll(/\(\?<([A-Za-z_]\w{0,62})>/g)].map(([, name = ""]) => name);

/** One character, one escape or one set of characters. */
const TOKEN = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]?|[\s\S]/g;

/**
 * Whether a pattern may take longer than its text is long allows: a repeated group within which something repeats or branches,
 * look-around, or a reference back.
 */
export function isRisky(pattern: string): boolean {
  if (/\(\?<?[=!]|\\[1-9]|\\k</.test(pattern)) return true;
  const tokens = pattern.match(TOKEN) ?? [];
  // Of each open group whether something repeats in it.
  const open: boolean[] = [false];
  for (const [at, token] of tokens.entries()) {
    const isRepeated = /^[*+{]/.test(tokens[at + 1] ?? "");
    if (token === "(") open.push(false);
    else if (token === ")") {
      const repeats = open.pop() === true;
      if (repeats && isRepeated) return true;
      mark(open, repeats || isRepeated);
    } else mark(open, /^[*+{|]/.test(token));
  }
  return false;
}

function mark(open: boolean[], repeats: boolean): void {
  if (repeats) open[open.length - 1] = true;
}
