// C0 and C1 controls, line and paragraph separators; tabs and line breaks stay.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;
// Bidirectional marks and overrides, zero-width characters, soft hyphen, invisible operators, tags, interlinear marks.
const INVISIBLE =
  /\u00ad|\u034f|[\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;
// ANSI colours would leave "[31m" behind once the escape character is gone; so would links (`ESC ] 8 ;; … BEL`) and charsets.
const ANSI =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what begins a colour
  /(?:\u001b\[|\u009b)[0-9:;<=>?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)|\u001b[()*+][0-9A-Za-z]/g;

/** Mostly there is nothing to take out: one look instead of five. */
const PLAIN = /^[\t\n -~]*$/;

/**
 * Text without what a reader cannot see: controls, ANSI codes, zero-width and bidirectional characters, halves of surrogate
 * pairs. Tabs and line breaks stay, `\r\n` is `\n`. What is taken out here may stand in the middle of a secret, so this
 * comes before redaction. Takes time that grows with the text only; bound it first.
 */
export const clean = (text: string): string =>
  PLAIN.test(text)
    ? text
    : text
        .replace(/\p{Surrogate}/gu, "\ufffd")
        .replace(ANSI, "")
        .replace(/\r\n?/g, "\n")
        .replace(CONTROLS, "")
        .replace(INVISIBLE, "");
