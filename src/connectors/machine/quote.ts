import { DiagError } from "../../core/words/errors.ts";

/**
 * The one place where words become a shell line: `ssh` hands a single string to the login shell of the other side. Every
 * word is put in single quotes, inside which a POSIX shell gives no character a meaning; a quote itself is closed, escaped
 * and opened again. A NUL byte would end the line early and is refused.
 */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  if (word.includes("\0")) throw new DiagError("target_refused", "an argument holds a NUL byte");
  return `'${word.replaceAll("'", "'\\''")}'`;
}
