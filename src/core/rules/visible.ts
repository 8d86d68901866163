// Controls, formats, private and unassigned characters, lone surrogates, separators, whatever a font draws as nothing
// (joiners, fillers, variation selectors, the empty braille cell), and every space but the ordinary one.
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const writeOut = (text: string): string =>
  text.replace(UNSEEN, (unseen) => NAMED[unseen] ?? `\\u{${(unseen.codePointAt(0) ?? 0).toString(16)}}`);

/**
 * Text with everything that nobody would see written out, as `\u{200b}`: for what people decide on, where taking a
 * character out would show something else than what is done. One line in, one line out.
 */
export const visible = (text: string): string => writeOut(text).replace(/^ | $/g, "\\u{20}");

/** The same for several lines: line breaks and indentation stay. */
export const visibleLines = (text: string): string => text.split("\n").map(writeOut).join("\n");

/** A value as JSON over several lines, with unseen characters as `\u` escapes: parsed again it is the same value. */
export const visibleJson = (value: unknown): string =>
  (JSON.stringify(value, null, 2) ?? "null")
    .split("\n")
    .map((line) => line.replace(UNSEEN, escapeUnits))
    .join("\n");

const escapeUnits = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
