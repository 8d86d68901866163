import { z } from "zod";
import { AlertSettings } from "../core/words/alert.ts";
import { AuditSettings } from "../core/words/audit.ts";
import { CheckSchema, ScheduleSchema } from "../core/words/check.ts";
import { Checklist } from "../core/words/checklist.ts";
import { Escalation } from "../core/words/escalation.ts";
import { FreezeRules } from "../core/words/freeze.ts";
import { GuideTitles } from "../core/words/guide.ts";
import { NAME } from "../core/words/ids.ts";
import { Keep } from "../core/words/keep.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import { Limits } from "../core/words/limits.ts";
import { Planned } from "../core/words/planned.ts";
import { CommandLine, PersonSchema, Policies } from "../core/words/policy.ts";
import { SystemSettings } from "../core/words/system.ts";
import { Webhook } from "../core/words/webhook.ts";
import { PackNames } from "./packs.ts";
import { RouteSchema } from "./route-schema.ts";

/** A connection as written in diagbot.yaml, held to the schema of its kind. */
const ConnectionSettings = z.looseObject({ kind: z.string() });
export type ConnectionSettings = z.output<typeof ConnectionSettings>;

/** The shape of diagbot.yaml with these kinds of connections; what it means is checked in checks.ts. */
export const fileSchema = (kinds: readonly ConnectionKind[]) =>
  z.strictObject({
    slack: z.strictObject({ channel: z.string().optional() }).prefault({}),
    people: z.record(z.string().min(1).max(100), PersonSchema).default({}),
    commandLine: CommandLine.prefault({}),
    policies: Policies.prefault({}),
    limits: Limits.prefault({}),
    alerts: AlertSettings.prefault({}),
    freeze: FreezeRules.prefault({}),
    maintenance: z.array(Planned).max(200).default([]),
    checklists: z.array(Checklist).max(50).default([]),
    /** Titles of items of the guide. */
    guideItems: GuideTitles,
    escalate: Escalation.optional(),
    webhooks: z
      .record(z.string().regex(NAME, "a webhook's name is letters, digits, - and _"), Webhook)
      .default({}),
    audit: AuditSettings.optional(),
    keep: Keep.prefault({}),
    routes: z.array(RouteSchema).max(500).default([]),
    checks: z.array(CheckSchema).default([]),
    /** Beside diagbot.yaml; default: `checks`, where it is there. */
    checksFolder: z.string().min(1).max(500).optional(),
    schedules: z.array(ScheduleSchema).default([]),
    runbooks: PackNames,
    systems: z
      .record(z.string().regex(NAME, "a system's name is letters, digits, - and _"), systemSchema(kinds))
      .default({}),
  });
export type FileSchema = ReturnType<typeof fileSchema>;
export type ConfigFile = z.output<FileSchema>;

/** A system in diagbot.yaml, its connections as written. */
export const systemSchema = (kinds: readonly ConnectionKind[]) =>
  SystemSettings.extend({
    connections: z
      .record(z.string().regex(NAME, "letters, digits, - and _"), connectionSchema(kinds))
      .default({}),
  });

/** One of these kinds; every kind names itself in `kind`. */
const connectionSchema = (kinds: readonly ConnectionKind[]) =>
  z.discriminatedUnion(
    "kind",
    kinds.map(({ settings }) => settings) as never,
  ) as unknown as typeof ConnectionSettings;

/** Keys that may stand at a path of a file of this shape; undefined where any may. */
export function keysAt(
  file: z.core.$ZodType,
  path: readonly PropertyKey[],
  value: unknown,
): string[] | undefined {
  let schema: z.core.$ZodType | undefined = file;
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
    return schema.options.find((option) => isOption(option, value, schema.def.discriminator));
  return schema;
}

// The option of a union whose discriminating member accepts the value's.
function isOption(option: z.core.$ZodType, value: unknown, name: string): boolean {
  if (!(option instanceof z.ZodObject) || typeof value !== "object" || value === null) return false;
  const member = option.shape[name];
  const given: unknown = Reflect.get(value, name);
  return member instanceof z.ZodLiteral && member.safeParse(given).success;
}

function childOf(schema: z.core.$ZodType | undefined, step: string): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[step];
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  if (schema instanceof z.ZodArray) return schema.def.element;
  return undefined;
}
