import { z } from "zod";
import type { Runbook } from "../words/runbook.ts";

/** A runbook parameter as the form shows it and the words are read. */
export interface ParamField {
  readonly name: string;
  readonly kind: "integer" | "number" | "boolean" | "choice" | "list" | "text";
  readonly description: string;
  readonly required: boolean;
  readonly default?: unknown;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
}

interface Shape {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  anyOf?: readonly Shape[];
  properties?: Record<string, Shape>;
  required?: readonly string[];
}

const known = new WeakMap<Runbook, readonly ParamField[]>();

/** Parameters of a runbook in the order they are written, read from its zod schema. */
export function paramFields(runbook: Runbook): readonly ParamField[] {
  const before = known.get(runbook);
  if (before !== undefined) return before;
  const shape = z.toJSONSchema(runbook.params, { io: "input", unrepresentable: "any" }) as Shape;
  const fields = Object.entries(shape.properties ?? {}).map(([name, property]) =>
    fieldOf(name, property, shape.required?.includes(name) === true),
  );
  known.set(runbook, fields);
  return fields;
}

function fieldOf(name: string, property: Shape, required: boolean): ParamField {
  const inner = property.anyOf?.find(({ type }) => type !== "null") ?? property;
  const kind = kindOf(inner);
  const choices = inner.enum ?? (inner.const === undefined ? undefined : [inner.const]);
  const fallback = property.default ?? inner.default;
  return {
    name,
    kind,
    description: property.description ?? inner.description ?? "",
    required: required && fallback === undefined,
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(realBound(inner.minimum) ? { min: inner.minimum } : {}),
    ...(realBound(inner.maximum) ? { max: inner.maximum } : {}),
    ...(kind === "choice" && choices !== undefined ? { choices: choices.map(String) } : {}),
  };
}

function kindOf(shape: Shape): ParamField["kind"] {
  if (shape.enum !== undefined || shape.const !== undefined) return "choice";
  if (shape.type === "integer" || shape.type === "number" || shape.type === "boolean") return shape.type;
  return shape.type === "array" ? "list" : "text";
}

// z.int() is bounded by the safe integers: no bound for people.
const realBound = (bound: number | undefined): bound is number =>
  bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
