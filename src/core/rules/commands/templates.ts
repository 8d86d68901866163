import type { Values } from "../../words/command.ts";
import type { Json } from "../../words/json.ts";

const PLACEHOLDER = /\{([^{}]*)\}/g;
const ONE = /^\{([^{}]*)\}$/;

/** What stands in the braces of a text, in their order. */
export const namesIn = (text: string): string[] =>
  [...text.matchAll(PLACEHOLDER)].map(([, name = ""]) => name);

/** The text with its parameters filled in, each value encoded for where it lands. */
export const fillText = (text: string, values: Values, encode: (value: string) => string = same): string =>
  text.replace(PLACEHOLDER, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : encode(value.text);
  });

const same = (text: string): string => text;

/** All texts of a JSON template, keys included. */
export function textsOf(template: Json): string[] {
  if (typeof template === "string") return [template];
  if (Array.isArray(template)) return template.flatMap(textsOf);
  if (typeof template !== "object" || template === null) return [];
  return Object.entries(template).flatMap(([key, value]) => [key, ...textsOf(value)]);
}

/** The template with its parameters filled in: a text that is one parameter becomes its value (a number stays a number). */
export function fillJson(template: Json, values: Values): Json {
  if (typeof template === "string") {
    const whole = ONE.exec(template)?.[1];
    return (whole === undefined ? undefined : values[whole]?.json) ?? fillText(template, values);
  }
  if (Array.isArray(template)) return template.map((one) => fillJson(one, values));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillJson(value, values)]));
}
