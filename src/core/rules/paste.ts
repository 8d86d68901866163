// Commands for people to paste hold names of others. One helper per language; each gives one word, whatever the name holds.

/** Anything that would end the line, or that a reader would not see. */
const oneLine = (text: string): string => text.replace(/\p{C}+/gu, " ");

/** One word of a POSIX shell. In single quotes no character means anything; plain words stay as they are. */
export function shellWord(word: string): string {
  const text = oneLine(word);
  if (/^[\w@%+:,./][\w@%+=:,./-]*$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A name in SQL, always quoted: a lower-case one may be a reserved word. */
export const sqlName = (name: string): string => `"${oneLine(name).replaceAll('"', '""')}"`;

/** A name in the SQL of MySQL and MariaDB, always quoted. */
export const mysqlName = (name: string): string => `\`${oneLine(name).replaceAll("`", "``")}\``;

/** A literal in SQL, also where backslashes are escapes. */
export function sqlText(text: string): string {
  const quoted = `'${oneLine(text).replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? `E${quoted}` : quoted;
}

/** A literal in JavaScript, as mongosh takes it. */
export const scriptText = (text: string): string => JSON.stringify(oneLine(text)).replaceAll("`", "\\x60");
