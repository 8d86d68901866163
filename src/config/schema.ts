import { z } from "zod";
import { AlertSettings } from "../core/words/alert.ts";
import { AuditSettings } from "../core/words/audit.ts";
import { FreezeRules } from "../core/words/freeze.ts";
import { NAME } from "../core/words/ids.ts";
import { Limits } from "../core/words/limits.ts";
import { CommandLine, PersonSchema, Policies } from "../core/words/policy.ts";
import { SystemSchema } from "../core/words/system.ts";
import { RouteSchema } from "./route-schema.ts";

/** The shape of diagbot.yaml; what it means is checked in checks.ts. */
export const FileSchema = z.strictObject({
  slack: z.strictObject({ channel: z.string().optional() }).prefault({}),
  people: z.record(z.string().min(1).max(100), PersonSchema).default({}),
  commandLine: CommandLine.prefault({}),
  policies: Policies.prefault({}),
  limits: Limits.prefault({}),
  alerts: AlertSettings.prefault({}),
  freeze: FreezeRules.prefault({}),
  audit: AuditSettings.optional(),
  routes: z.array(RouteSchema).max(500).default([]),
  systems: z
    .record(z.string().regex(NAME, "a system's name is letters, digits, - and _"), SystemSchema)
    .default({}),
});
export type ConfigFile = z.output<typeof FileSchema>;

/** Keys that may stand at a path of the file; undefined where any may. */
export function keysAt(path: readonly PropertyKey[], value: unknown): string[] | undefined {
  let schema: z.core.$ZodType | undefined = FileSchema;
  let at = value;
  for (const step of [...path, undefined]) {
    schema = unwrap(schema, at);
    if (step === undefined) break;
    schema = childOf(schema, String(step));
    at = typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[step] : undefined;
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : undefined;
}

function unwrap(schema: z.core.$ZodType | undefined, value: unknown): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrap(schema.def.innerType, value);
  if (schema instanceof z.ZodDiscriminatedUnion)
    return schema.options.find((option) => isOfKind(option, value));
  return schema;
}

// The option of a union whose discriminating member accepts the value's.
function isOfKind(option: z.core.$ZodType, value: unknown): boolean {
  if (!(option instanceof z.ZodObject) || typeof value !== "object" || value === null) return false;
  const kind = option.shape.kind;
  return kind instanceof z.ZodLiteral && "kind" in value && kind.safeParse(value.kind).success;
}

function childOf(schema: z.core.$ZodType | undefined, step: string): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[step];
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  if (schema instanceof z.ZodArray) return schema.def.element;
  return undefined;
}
