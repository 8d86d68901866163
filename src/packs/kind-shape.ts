import { z } from "zod";
import { kinds } from "../connectors/index.ts";
import { type ConnectionKind, isConnectionKind } from "../core/words/kind.ts";

const SHIPPED: ReadonlySet<unknown> = new Set(kinds);
/** Words that mean something else beside the names of kinds: to /diag, and to actions. */
const TAKEN = ["for", "endpoint"];

/** Something to be called; whether it does what it should is seen when it is. */
export const aFunction = z.custom<() => unknown>(
  (value) => typeof value === "function",
  "must be a function",
);
const name = z
  .string("must be text")
  .max(30)
  .regex(/^[a-z][a-z0-9]*$/, "must be lower-case letters and digits")
  .refine((one) => !TAKEN.includes(one), "means something else");
const aSchema = z.custom((value) => value instanceof z.ZodType, "must be a schema, with `z` of diagbot/sdk");
const base = {
  name: z.string(),
  title: z.string().min(1),
  needs: z.string(),
  input: aSchema,
  output: aSchema,
};
const ReadShape = z.looseObject({ ...base, effect: z.literal("read"), run: aFunction });
const WriteShape = z.looseObject({
  ...base,
  effect: z.literal("write"),
  run: aFunction,
  preview: aFunction,
  probe: aFunction,
});
const ActionShape = z.discriminatedUnion(
  "effect",
  [ReadShape, WriteShape],
  "must be made by read({…}) or write({…}) of actionsOn",
);

/** What the types promise of a kind, once more: a pack may be JavaScript, or have been compiled without them. */
const Shape = z.looseObject({
  name,
  schemes: z.record(z.string().regex(/^[a-z][a-z0-9+.-]*:$/, "must be a scheme such as ldap:"), z.unknown()),
  health: z
    .array(z.looseObject({ call: z.looseObject({ action: z.string() }), judge: aFunction }))
    .optional(),
  connector: z.looseObject(
    { actions: z.array(ActionShape).min(1, "are none"), open: aFunction, close: aFunction },
    "is missing: { actions, open, close }",
  ),
});

/** What is wrong with a kind of connection that a pack brings; empty: nothing. */
export function wrongWithKind(kind: ConnectionKind): string[] {
  const parsed = Shape.safeParse(kind);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${path.map(String).join(".")} ${message}`);
  const own = kind.connector?.actions ?? [];
  const names = own.map((action) => action.name);
  const strange = own.filter((action) => !action.name.startsWith(`${kind.name}.`));
  const elsewhere = own.filter(({ needs }) => needs !== kind.name);
  const asked = (kind.health ?? []).map(({ call }) => call.action);
  return [
    ...strange.map((action) => `the action "${action.name}" must be named "${kind.name}.…"`),
    ...elsewhere.map(
      (action) => `${action.name} is made by actionsOn("${action.needs}"), not "${kind.name}"`,
    ),
    ...names
      .filter((one, index) => names.indexOf(one) !== index)
      .map((one) => `two actions are named "${one}"`),
    ...asked
      .filter((one) => one.startsWith(`${kind.name}.`) && !names.includes(one))
      .map((one) => `health asks ${one}, which is not among the actions of its connector`),
  ];
}

/** Kinds of connections among the exports of a module that diagbot does not ship, with the name of the export. */
export const kindsAmong = (named: readonly (readonly [string, unknown])[]): [string, ConnectionKind][] =>
  named.flatMap(([exported, value]): [string, ConnectionKind][] =>
    isConnectionKind(value) && !SHIPPED.has(value) ? [[exported, value]] : [],
  );

export const looksLikeKind = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  "schemes" in value &&
  "settings" in value &&
  "connector" in value &&
  !isConnectionKind(value);
