import { canonical, type Json } from "../../../core/words/json.ts";

/** Columns of a code block in a modal. */
const WIDTH = 62;

/** Deeper than this nobody reads indentation, and it would be most of the text. */
const DEEPEST = 24;

/** JSON for people: keys in canonical order; what fits on a line stays on one, everything else is opened up. */
export function layOutJson(value: Json, indent = ""): string {
  const flat = canonical(value);
  const isShort = indent.length + flat.length <= WIDTH || indent.length > DEEPEST;
  if (isShort || value === null || typeof value !== "object") return flat;
  const inner = `${indent}  `;
  const isList = isArray(value);
  const members = isList
    ? value.map((item) => layOutJson(item, inner))
    : Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => `${JSON.stringify(key)}: ${layOutJson(item, inner)}`);
  const body = members.map((member) => `${inner}${member}`).join(",\n");
  return isList ? `[\n${body}\n${indent}]` : `{\n${body}\n${indent}}`;
}

// Array.isArray does not tell readonly arrays apart.
const isArray = (value: Json): value is readonly Json[] => Array.isArray(value);
