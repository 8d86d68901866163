import type { Bound, Command, Param, Values } from "../../words/command.ts";
import { parseDuration, sayDuration } from "../../words/duration.ts";
import { DiagError } from "../../words/errors.ts";

/** Whether a regular expression (RE2) fits the whole of a text. */
export type Fits = (pattern: string, text: string) => boolean;

type Given = Readonly<Record<string, string | number>>;

const UNIT_MS = { milliseconds: 1, seconds: 1_000, minutes: 60_000, hours: 3_600_000 } as const;

/**
 * The values of a command's parameters, each checked by its type. Throws `bad_parameter` where one is missing, unknown or out of
 * range. Nothing else ever gets into a command.
 */
export function bind({ params }: Pick<Command, "params">, given: Given, fits: Fits): Values {
  const unknown = Object.keys(given).find((name) => !(name in params));
  if (unknown !== undefined) throw bad(unknown, "there is no such parameter");
  return Object.fromEntries(
    Object.entries(params).map(([name, param]) => {
      const value = given[name] ?? param.default;
      if (value === undefined) throw bad(name, "it is missing");
      const bound = boundOf(param, value, fits);
      if (typeof bound === "string") throw bad(name, bound);
      return [name, bound];
    }),
  );
}

const bad = (name: string, why: string): DiagError => new DiagError("bad_parameter", `${name}: ${why}`);

/** The value, or why it is none. */
export function boundOf(param: Param, value: string | number, fits: Fits): Bound | string {
  const text = String(value);
  if (/\p{Cc}|\p{Surrogate}/u.test(text) || text === "") return "empty, or with control characters";
  switch (param.type) {
    case "enum":
      return param.values.includes(text) ? { text, json: text } : `one of ${param.values.join(", ")}`;
    case "integer":
      return integer(param, text);
    case "word":
      if (text.startsWith("-")) return "a word that does not begin with -";
      return text.length <= 200 && fits(param.pattern, text)
        ? { text, json: text }
        : `a word that fits ${param.pattern}`;
    case "duration":
      return span(param, text);
  }
}

function integer({ min, max }: { min: number; max: number }, text: string): Bound | string {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) && value >= min && value <= max
    ? { text: String(value), json: value }
    : `a whole number from ${min} to ${max}`;
}

function span(param: Extract<Param, { type: "duration" }>, text: string): Bound | string {
  const ms = parseDuration(text);
  const [least, most] = [parseDuration(param.min) ?? 0, parseDuration(param.max) ?? 0];
  if (ms === undefined || ms < least || ms > most)
    return `a duration from ${sayDuration(least)} to ${sayDuration(most)}, such as ${param.min}`;
  const value = ms / UNIT_MS[param.in];
  return Number.isInteger(value) ? { text: String(value), json: value } : `a whole number of ${param.in}`;
}
