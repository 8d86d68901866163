import type { z } from "zod";
import type { ParamField } from "../core/rules/param-field.ts";
import { clip } from "../core/words/format.ts";

type Issue = z.core.$ZodIssue;

/** What a parameter takes, for people: `a whole number from 1 to 86400`, `one of oldest, newest`. */
export function sayWanted({ kind, min, max, choices = [] }: ParamField): string {
  switch (kind) {
    case "integer":
      return `a whole number${sayRange(min, max)}`;
    case "number":
      return `a number${sayRange(min, max)}`;
    case "boolean":
      return "yes or no";
    case "choice":
      return `one of ${choices.join(", ")}`;
    case "list":
      return "a list, written a,b,c";
    case "text":
      return "text";
  }
}

function sayRange(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}

/** Why a typed word does not fit: the word and what is allowed instead, never the words of the schema. */
export function sayComplaint(field: ParamField, word: string | undefined, issue: Issue): string {
  if (word === undefined) return `is missing: write ${field.name}=<${sayWanted(field)}>`;
  const shown = `"${clip(word, 60)}"`;
  if (field.kind === "text" || field.kind === "list") return `${shown} ${sayText(issue)}`;
  return `${shown} is not ${sayWanted(field)}`;
}

function sayText(issue: Issue): string {
  const what = (n: number | bigint) =>
    "origin" in issue && issue.origin === "array"
      ? `${n} ${n === 1 ? "value" : "values"}`
      : `${n} characters`;
  if (issue.code === "too_big") return `is more than ${what(issue.maximum)}`;
  if (issue.code === "too_small") return `is less than ${what(issue.minimum)}`;
  // A runbook's author may have said what is wanted; the schema's own words help nobody.
  return /^(Invalid|Too|Expected|Unrecognized)/.test(issue.message)
    ? "does not have the form that is wanted"
    : `does not fit: ${issue.message}`;
}
