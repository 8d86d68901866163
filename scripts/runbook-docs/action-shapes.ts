import { z } from "zod";
import * as exported from "../../src/connectors/kinds.ts";
import type { Action } from "../../src/core/words/action.ts";

/** What a JSON Schema says of one value, as far as a reader needs it. */
interface Shape {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly allOf?: readonly Shape[];
  readonly items?: Shape;
  readonly prefixItems?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly required?: readonly string[];
  readonly default?: unknown;
}

/** Beyond it a line is broken. */
const WIDE = 110;
/** Objects within objects that are written out. */
const DEEP = 4;
const MOST_CHOICES = 8;

/**
 * An action as its author calls it, and what a step of it gives to a rule, in the words of TypeScript: `?` may be left out, with
 * its default where it has one. Pure.
 */
export function callShape(action: Action): string {
  const input = shapeOf(action.input, "input");
  const call = `${makerOf(action)}(${input === "{}" ? "" : input})`;
  return `${call}\n  → ${shapeOf(action.output, "output")}`;
}

/** As the SDK exports it: `postgres.idleSessions`; one that only an undo calls has no other name than its own. */
function makerOf({ name }: Action): string {
  for (const [kind, module] of Object.entries(exported))
    for (const [key, made] of Object.entries(module))
      if (typeof made === "function" && "action" in made && made.action.name === name)
        return `${kind}.${key}`;
  return `"${name}"`;
}

/** A schema as TypeScript would write it, short; what is too wide for a line is broken where its objects are. Pure. */
const shapeOf = (schema: z.ZodType, io: "input" | "output"): string =>
  broken(
    // What a default of an output is nobody has to know: it is always there.
    z.toJSONSchema(schema, {
      io,
      unrepresentable: "any",
      override: ({ jsonSchema }) => {
        if (io === "output") delete jsonSchema.default;
      },
    }) as Shape,
    "  ",
  );

function broken(shape: Shape, pad: string): string {
  const line = say(shape, 0);
  if (pad.length + line.length <= WIDE) return line;
  if (shape.items !== undefined && shape.items.properties !== undefined)
    return `${broken(shape.items, pad)}[]`;
  const [known, none, ...more] = shape.anyOf ?? [];
  if (known !== undefined && none?.type === "null" && more.length === 0)
    return `${broken(known, pad)} | null`;
  if (shape.properties === undefined) return line;
  const inner = `${pad}  `;
  const all = properties(shape, (value) => broken(value, inner)).map((one) => `${inner}${one},\n`);
  return `{\n${all.join("")}${pad}}`;
}

function say(shape: Shape, depth: number): string {
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.enum !== undefined) return choices(shape.enum.map((one) => JSON.stringify(one)));
  const several = shape.anyOf ?? shape.oneOf;
  if (several !== undefined) return choices([...new Set(several.map((one) => say(one, depth)))]);
  if (shape.allOf !== undefined) return shape.allOf.map((one) => say(one, depth)).join(" & ");
  if (Array.isArray(shape.type)) return choices(shape.type.map((type) => say({ ...shape, type }, depth)));
  switch (shape.type) {
    case "integer":
      return "number";
    case "array":
      return list(shape, depth);
    case "object":
      return object(shape, depth);
    case undefined:
      return "unknown";
    default:
      return String(shape.type);
  }
}

const choices = (all: readonly string[]): string =>
  [...all.slice(0, MOST_CHOICES), ...(all.length > MOST_CHOICES ? ["…"] : [])].join(" | ");

function list({ items, prefixItems }: Shape, depth: number): string {
  if (prefixItems !== undefined) return `[${prefixItems.map((one) => say(one, depth)).join(", ")}]`;
  const item = say(items ?? {}, depth);
  return item.includes(" | ") && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
}

function object(shape: Shape, depth: number): string {
  const { additionalProperties: others } = shape;
  const all = properties(shape, (value) => say(value, depth + 1));
  if (all.length === 0)
    return typeof others === "object" ? `Record<string, ${say(others, depth + 1)}>` : "{}";
  return depth >= DEEP ? "{ … }" : `{ ${all.join(", ")} }`;
}

const properties = (
  { properties: all = {}, required = [] }: Shape,
  type: (value: Shape) => string,
): string[] =>
  Object.entries(all).map(([name, value]) => {
    const fallback = value.default === undefined ? "" : ` = ${JSON.stringify(value.default)}`;
    return `${name}${required.includes(name) ? "" : "?"}: ${type(value)}${fallback}`;
  });
