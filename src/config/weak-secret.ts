/** What stands in examples and templates; no random text of this length holds one of these. */
const PLACEHOLDER =
  /change[-_ .]?(?:me|this)|replace[-_ .]?(?:me|this)|placeholder|example|password|your[-_ ]|insert[-_ ]|to[-_ ]?do[-_ ]|secret[-_ ]?(?:here|token|key)|1234567|<[^<>]*>|…|\.{3}/i;
const LONG_ENOUGH_TO_COUNT = 16;
/** 16 random hexadecimal digits have fewer different ones than this once in a million. */
const FEWEST_DIFFERENT = 5;

/**
 * Why anybody could guess this secret; undefined: nothing speaks against it. It is said without the value. Length is the
 * business of whoever knows what the secret is for.
 */
export function weakness(secret: string): string | undefined {
  const text = secret.trim();
  if (text === "") return "is empty";
  if (/^(.)\1*$/su.test(text)) return "is one character again and again";
  if (PLACEHOLDER.test(text)) return "is an example's value, not a secret";
  if (isRepeated(text)) return "is one piece again and again";
  if (text.length >= LONG_ENOUGH_TO_COUNT && new Set(text).size < FEWEST_DIFFERENT)
    return "is made of a few characters only";
  return undefined;
}

/** `abcabcabc`: found again in its own double before its end. */
const isRepeated = (text: string): boolean => (text + text).indexOf(text, 1) < text.length;
