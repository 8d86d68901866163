import { z } from "zod";
import { COLUMN, Condition } from "./check.ts";
import { parseDuration } from "./duration.ts";
import { OF_GUIDE } from "./guide.ts";
import type { Json } from "./json.ts";
import { Cell } from "./reading.ts";
import { RISKS } from "./risk.ts";

/** Name of a command: it is the id of the runbook that is made of it, too. */
export const COMMAND = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Name of a parameter of a command. */
export const PARAM = /^[a-z][A-Za-z0-9_]{0,39}$/;
/** What a `word` may be where its declaration has no pattern of its own: it cannot begin with `-`. */
export const WORD = "[A-Za-z0-9_][A-Za-z0-9_.:@/+-]{0,199}";
/** Seconds a command may take at most. */
export const MOST_SECONDS = 60;

const said = (most: number) => z.string().trim().min(1).max(most);
const commandName = z.string().max(60).regex(COMMAND, "lower-case words joined by -");
const paramName = z.string().regex(PARAM, "a name of letters, digits and _, beginning with a small letter");
const columnName = z.string().regex(COLUMN, "the name of a column: letters, digits and _");
const isDuration = (words: string): boolean => parseDuration(words) !== undefined;
const duration = z.string().refine(isDuration, "a duration such as 30s, 15m or 2h");
const title = { title: said(200).optional() };

/** What may be put into a command, and nothing else may: each parameter has a type. */
export const Param = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("enum"),
    ...title,
    values: z.array(said(200)).min(1).max(100),
    default: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal("integer"),
    ...title,
    min: z.int().default(0),
    max: z.int().default(1_000_000_000),
    default: z.int().optional(),
  }),
  z.strictObject({
    type: z.literal("word"),
    ...title,
    /** RE2; it has to fit the whole word. */
    pattern: z.string().min(1).max(500).default(WORD),
    default: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal("duration"),
    ...title,
    min: duration.default("1s"),
    max: duration.default("30d"),
    /** What the number is counted in that takes the place of `{name}`. */
    in: z.enum(["milliseconds", "seconds", "minutes", "hours"]).default("seconds"),
    default: duration.optional(),
  }),
]);
export type Param = z.output<typeof Param>;

/** A value, `{parameter}`, or `{before.column}`: what the probe saw before the write. */
const Filled = z.union([z.string().max(500), z.number()]);
const Fillings = z.record(paramName, Filled).default({});

/**
 * A question to a command of the same connection with `effect: read`. Its parameters are those given here, else the command's
 * own of the same name. Of the answer the first row counts, or the first that is as `where` says.
 */
const ASK = {
  ask: commandName,
  params: Fillings,
  where: z.record(columnName, Filled).default({}),
} as const;
const Conditions = z
  .record(columnName, Condition)
  .refine((when) => Object.keys(when).length > 0, "a map of columns to conditions");
const because = said(500);

/** A question, and what must hold of its answer. */
export const Asked = z.strictObject({ ...ASK, when: Conditions });
export type Asked = z.output<typeof Asked>;

/** What every command has, whatever carries it out. */
const COMMON = {
  title: said(120),
  ...OF_GUIDE,
  effect: z.enum(["read", "write"]).default("read"),
  params: z.record(paramName, Param).default({}),
  timeoutSeconds: z.number().positive().max(MOST_SECONDS).default(10),
} as const;

/** What only a write has. */
const WRITE = {
  risk: z.enum(RISKS).optional(),
  /** Whether it has happened: `when` holds of what is asked, and held not before. */
  probe: z
    .strictObject({
      ...ASK,
      when: Conditions,
      /** Columns whose change voids an approval. Default: those of `when` and those that are brought back. */
      witness: z.array(columnName).max(20).optional(),
    })
    .optional(),
  /** The command that takes it back, or why none does. */
  undo: z
    .union([z.strictObject({ command: commandName, params: Fillings }), z.strictObject({ none: because })], {
      error: "{ command: …, params: {…} }, or { none: why }",
    })
    .optional(),
  /** What must hold, or it is not done: asked for the preview, and once more just before. */
  requires: z
    .array(z.strictObject({ ...ASK, when: Conditions, otherwise: because }))
    .max(10)
    .default([]),
  /** A question whose answer is shown with the plan: what would be affected. */
  preview: z.strictObject(ASK).optional(),
  /** What shows that it had its effect, and how long that may take. Default: the probe. */
  settled: z.strictObject({ ...ASK, when: Conditions, within: duration.default("30s") }).optional(),
} as const;

const writesOnly = ["risk", "probe", "undo", "preview", "settled"] as const;

/** The shape of the commands of a kind of connection: what all have, and `how` that kind carries one out. */
export const commandShape = <How extends z.ZodRawShape>(how: How) =>
  z.strictObject({ ...COMMON, ...WRITE, ...how });

const Common = z.object({ ...COMMON, ...WRITE });
/** A command as far as it is the same for all kinds. */
export type Command = z.output<typeof Common>;
/** By name. */
export type Commands<C extends Command = Command> = Readonly<Record<string, C>>;

/** What the shape of one command cannot say of itself. Pure. */
export function ownComplaints(command: Command): Complaint[] {
  const complaints: Complaint[] = [];
  const say = (path: readonly PropertyKey[], message: string) => complaints.push({ path, message });
  if (command.effect === "read") {
    for (const name of writesOnly)
      if (command[name] !== undefined) say([name], "used with `effect: write` only");
    if (command.requires.length > 0) say(["requires"], "used with `effect: write` only");
    return complaints;
  }
  if (command.risk === undefined) say(["risk"], `given for a write: ${RISKS.join(", ")}`);
  if (command.probe === undefined)
    say(["probe"], "given for a write: the read that shows whether it has happened");
  if (command.undo === undefined)
    say(["undo"], "given for a write: the command that takes it back, or { none: why there is none }");
  return complaints;
}

/** Something wrong below its own place. `message` follows "must be". */
export interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** How a command is put into a call: its name, and the values of its parameters. */
export const CommandCall = z.strictObject({
  command: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
});
export type CommandCall = z.output<typeof CommandCall>;

/** Of a write also the SHA-256 of its declaration: approved is what was declared then. */
export const WriteCall = CommandCall.extend({
  declared: z.string(),
  /** Set in an undo: the write it takes back. It is not sent where something else has come since. */
  undoes: CommandCall.extend({
    /** What its probe saw before it, and right after it where that shows its effect: whatever differs from the latter has come since. */
    before: z.record(z.string(), Cell).optional(),
    left: z.record(z.string(), Cell).optional(),
  }).optional(),
});
export type WriteCall = z.output<typeof WriteCall>;

/** One value as it stands in a text (argv, path), and in JSON. */
export interface Bound {
  readonly text: string;
  readonly json: Json;
}
/** Values of all parameters of a command, checked. */
export type Values = Readonly<Record<string, Bound>>;

/** A declared write that a finding may offer. */
export interface Offer {
  readonly kind: string;
  readonly command: Command;
  /** SHA-256 of its declaration. */
  readonly declared: string;
}

/** The declared write of `<connection>.<command>`; undefined: there is none. */
export type Offers = (run: string) => Offer | undefined;
