import type { z } from "zod";
import { type ParamField, paramFields } from "../core/rules/param-field.ts";
import type { Kind } from "../core/words/connection.ts";
import { BadParameters, type Complaint } from "../core/words/reply.ts";
import type { Runbook } from "../core/words/runbook.ts";
import { closest } from "../lib/closest.ts";
import { sayComplaint } from "./param-complaint.ts";

const WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  "1": true,
  false: false,
  no: false,
  off: false,
  "0": false,
};

/** A typed word as the value the schema expects; what does not fit is passed on as it is and refused by the schema. */
export function readParam(field: ParamField, word: string): unknown {
  if (field.kind === "integer" || field.kind === "number")
    return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(word.trim()) ? Number(word) : word;
  if (field.kind === "boolean") return WORDS[word.trim().toLowerCase()] ?? word;
  if (field.kind === "list")
    return word
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  return word;
}

/**
 * The runbook's parameters from typed words, checked by its schema. Throws BadParameters with every complaint at once;
 * an unknown name gets "did you mean" among parameters and `kinds` of connection.
 */
export function readParams(
  runbook: Runbook,
  words: Readonly<Record<string, string>>,
  kinds: readonly Kind[] = [],
): Readonly<Record<string, unknown>> {
  const fields = paramFields(runbook);
  const complaints: Complaint[] = [];
  const values: [string, unknown][] = [];
  for (const [name, word] of Object.entries(words)) {
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined) complaints.push({ name, message: unknownName(name, fields, kinds) });
    else values.push([name, readParam(field, word)]);
  }
  const parsed = runbook.params.safeParse(Object.fromEntries(values));
  if (!parsed.success) complaints.push(...complaintsOf(runbook, fields, words, parsed.error.issues));
  if (complaints.length > 0 || !parsed.success)
    throw new BadParameters(complaints, `\`/diag help ${runbook.id}\` lists its parameters`);
  return parsed.data;
}

function unknownName(name: string, fields: readonly ParamField[], kinds: readonly Kind[]): string {
  const near = closest(name, [...fields.map((field) => field.name), ...kinds]);
  const has = fields.length === 0 ? "it has no parameters" : `it has ${fields.map((f) => f.name).join(", ")}`;
  return near === undefined ? `no such parameter; ${has}` : `no such parameter: did you mean "${near}"?`;
}

/** One complaint per parameter: a list with three wrong entries is wrong once. */
function complaintsOf(
  runbook: Runbook,
  fields: readonly ParamField[],
  words: Readonly<Record<string, string>>,
  issues: readonly z.core.$ZodIssue[],
): Complaint[] {
  const said = new Map<string, string>();
  for (const issue of issues) {
    const name = String(issue.path[0] ?? runbook.id);
    if (said.has(name)) continue;
    const field = fields.find((candidate) => candidate.name === name);
    said.set(name, field === undefined ? issue.message : sayComplaint(field, words[name], issue));
  }
  return [...said].map(([name, message]) => ({ name, message }));
}

/** `idleMinutes=10 (1 or more): terminate …`, for help. */
export function describeField(field: ParamField): string {
  const bounds = [
    field.min === undefined ? "" : `at least ${field.min}`,
    field.max === undefined ? "" : `at most ${field.max}`,
    field.choices === undefined ? "" : `one of ${field.choices.join(", ")}`,
  ].filter((bound) => bound !== "");
  const value = field.default === undefined ? `<${field.kind}>` : String(field.default);
  const limits = bounds.length === 0 ? "" : ` (${bounds.join(", ")})`;
  return `${field.name}=${value}${limits}${field.description === "" ? "" : ` – ${field.description}`}`;
}
