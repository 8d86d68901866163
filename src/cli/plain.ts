// Text of alerts, logs and databases may hold escape sequences that move a terminal's cursor or hide what stands there.
const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cf}]/gu;

/** Foreign text for a terminal: no control or bidirectional characters; line breaks and tabs stay. */
export const plain = (text: string): string => text.replace(UNSAFE, "");

/** The same on one line. */
export const oneLine = (text: string): string => plain(text).replace(/\s+/g, " ").trim();

/** Every line moved to the right. */
export const indent = (text: string, by: number): string =>
  text
    .split("\n")
    .map((line) => (line === "" ? "" : " ".repeat(by) + line))
    .join("\n");
