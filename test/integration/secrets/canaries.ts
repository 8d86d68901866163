import { spellings } from "../../../src/lib/spellings.ts";
import { CANARIES, SPELLED } from "../../helpers/spelled.ts";

/** Every canary in every spelling, in texts of at most `most` characters. */
export function texts(most: number): string[] {
  const all = CANARIES.flatMap((secret) => Object.values(SPELLED).map((spell) => spell(secret)));
  const found: string[] = [];
  let text = "";
  for (const word of all) {
    if (text !== "" && text.length + word.length + 3 > most) {
      found.push(text);
      text = "";
    }
    text += text === "" ? word : ` | ${word}`;
  }
  return [...found, text];
}

/** A text of exactly `length` characters whose end is the first half of a canary: as if somebody had cut it there. */
export const endsWithin = (length: number): string => {
  const [canary = ""] = CANARIES;
  return `${"x".repeat(length - HALF)}${canary}${" tail".repeat(20)}`;
};
const HALF = 9;

/**
 * What must be nowhere: every spelling, and the beginning of each, which is what a cut leaves. Short beginnings of
 * everyday words would be found by chance, so nine characters at least.
 */
const NEEDLES: readonly string[] = [
  ...new Set(
    CANARIES.flatMap((secret) => {
      const whole = [...spellings(secret), ...Object.values(SPELLED).map((spell) => spell(secret))];
      const begun = spellings(secret).map((one) => one.slice(0, Math.max(HALF, Math.ceil(one.length / 2))));
      return [...whole, ...begun];
    }),
  ),
].filter((one) => one.length >= 6);

/** Every string inside a value, names of members too. */
export function stringsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Buffer.isBuffer(value)) return [value.toString("utf8")];
  if (Array.isArray(value)) return value.flatMap(stringsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [name, ...stringsOf(item)]);
}

/** Where something of a canary is, with the words around it: `place: …`. JSON is searched as it is and for what it says. */
export function leaksIn(place: string, found: unknown): string[] {
  const strings = stringsOf(found);
  const inside = strings.flatMap((text) => parsed(text));
  const all = [...strings, ...inside].join("\n");
  const leaks = NEEDLES.flatMap((needle) => {
    const at = all.indexOf(needle);
    if (at < 0) return [];
    return [
      `${place}: ${JSON.stringify(needle)} in ${JSON.stringify(all.slice(Math.max(0, at - 80), at + 80))}`,
    ];
  });
  return leaks.slice(0, 3);
}

function parsed(text: string): string[] {
  if (!/^\s*[[{"]/.test(text)) return [];
  try {
    return stringsOf(JSON.parse(text));
  } catch {
    return [];
  }
}
