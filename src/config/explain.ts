import type { z } from "zod";
import { closest } from "../lib/closest.ts";
import type { Complaint, ConfigDocument } from "./document.ts";
import { keysAt } from "./schema.ts";

type Issue = z.core.$ZodIssue;

/** What zod found against the shape of `file`, at its place in the file and in words that say what to write instead. */
export function explainIssue(issue: Issue, document: ConfigDocument, file?: z.core.$ZodType): Complaint[] {
  const { path } = issue;
  const where = path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const known = (file && keysAt(file, path, document.value)) ?? [];
    return issue.keys.map((key) => {
      const inPlace = where === "" ? "" : ` in ${where}`;
      return document.atKey(path, key, `unknown key "${key}"${inPlace}${instead(key, known)}`);
    });
  }
  if (issue.code === "invalid_key") {
    const parent = path.slice(0, -1);
    const reasons = issue.issues.map((inner) => inner.message).join("; ");
    return [document.atKey(parent, String(path.at(-1)), `${where}: ${reasons}`)];
  }
  return [document.at(path, `${where || "the file"}: ${reasonOf(issue, document)}`)];
}

function reasonOf(issue: Issue, document: ConfigDocument): string {
  const given = valueAt(document.value, issue.path);
  if (issue.code === "invalid_union" && "options" in issue) return unionReason(given, issue);
  if (issue.code === "invalid_value") return choice(given, issue.values.map(String));
  if (issue.code === "invalid_type" && given === undefined) return "is missing";
  if (issue.code === "invalid_type") return `must be ${article(issue.expected)}, not ${nameOf(given)}`;
  return issue.message.startsWith("Invalid") || issue.message.startsWith("Too")
    ? lowerFirst(issue.message)
    : `must be ${issue.message}`;
}

/** The word that says which of several shapes a map has, e.g. `kind` of a connection. */
function unionReason(given: unknown, issue: Issue): string {
  const kinds = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  return given === undefined ? `is missing: one of ${kinds.join(", ")}` : choice(given, kinds);
}

function choice(given: unknown, values: readonly string[]): string {
  const listed = values.length === 0 ? "" : `: one of ${values.join(", ")}`;
  if (given === undefined) return `is missing${listed}`;
  return typeof given === "string" ? `"${given}" is not known${instead(given, values)}` : `must be${listed}`;
}

/** `; did you mean "x"?`, or the list where nothing is near. */
export function instead(given: string, known: readonly string[]): string {
  const near = closest(given, known);
  if (near !== undefined) return `; did you mean "${near}"?`;
  return known.length === 0 ? "" : `; known: ${known.join(", ")}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path)
    at = typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[step] : undefined;
  return at;
}

const NAMES: Readonly<Record<string, string>> = {
  record: "a map",
  object: "a map",
  array: "a list",
  int: "a whole number",
};
const article = (type: string): string => NAMES[type] ?? `a ${type}`;
const nameOf = (value: unknown): string =>
  value === null ? "empty" : Array.isArray(value) ? "a list" : (NAMES[typeof value] ?? `a ${typeof value}`);
const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
