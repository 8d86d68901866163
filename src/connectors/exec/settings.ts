import { z } from "zod";
import { namesIn } from "../../core/rules/commands/templates.ts";
import { COLUMN } from "../../core/words/check.ts";
import { commandShape, type Param } from "../../core/words/command.ts";
import { commandsSchema } from "../commands/knowing.ts";
import { isOneMachine, MACHINE } from "../machine/settings.ts";
import { groupsIn, isRisky } from "./pattern.ts";

const columnName = z.string().regex(COLUMN, "the name of a column: letters, digits and _");
const plainPath = z
  .string()
  .max(500)
  .regex(/^\/[^\0\n]*$/, "an absolute path");

/** How a script is run, and what its answer holds. */
const HOW = {
  /** The program and its words, as they are: no shell. `{name}` is a parameter. */
  argv: z.array(z.string().min(1).max(2_000)).min(1).max(50),
  workingDirectory: plainPath.optional(),
  /** Run as that user, by `sudo -n -u`. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, "the name of a user")
    .optional(),
  /** `none`: nothing of what it writes is kept, because it may hold secrets. */
  output: z.enum(["lines", "json", "csv", "text", "none"]).default("lines"),
  /** Columns by name: a path (json) or a word of the header (csv). */
  columns: z.record(columnName, z.string().min(1).max(200)).optional(),
  /** With `json`: the path of the list whose entries are the rows. */
  rows: z.string().min(1).max(200).optional(),
  /** With `lines` and `text`: a regular expression whose named groups are the columns. */
  pattern: z.string().min(1).max(500).optional(),
  separator: z.string().length(1).default(","),
  /** What each exit code means: `ok`, or in words what is wrong. */
  exitCodes: z
    .record(z.string().regex(/^\d{1,3}$/, "an exit code"), z.string().min(1).max(300))
    .default({ "0": "ok" }),
  /** Of a write: exit codes that say nothing was done, and why. */
  refuses: z.record(z.string().regex(/^\d{1,3}$/, "an exit code"), z.string().min(1).max(300)).default({}),
} as const;

const shape = commandShape(HOW);
/** A script of diagbot.yaml. */
export type ExecCommand = z.output<typeof shape>;

/** A `kind: exec` connection: a machine, and the scripts on it that diagbot may run. */
export const ExecSettings = z
  .strictObject({
    ...MACHINE,
    commands: commandsSchema(shape, {
      templates: ({ argv }) => argv.map((text, index) => ({ path: ["argv", index], text })),
      columns: columnsOf,
      complaints,
    }),
  })
  .refine(...isOneMachine);
export type ExecSettings = z.output<typeof ExecSettings>;

/** Columns of its answer; undefined: only its header says. */
export function columnsOf({ output, columns, pattern }: ExecCommand): readonly string[] | undefined {
  if (output === "none") return ["exit", "rows"];
  if (columns !== undefined) return ["exit", "rows", ...Object.keys(columns)];
  if (output === "csv") return undefined;
  if (pattern !== undefined) return ["exit", "rows", ...groupsIn(pattern)];
  return ["exit", "rows", output === "text" ? "text" : "line"];
}

interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function complaints(command: ExecCommand): Complaint[] {
  return [...wordComplaints(command), ...outputComplaints(command)];
}

/** A program that is named whole, and words none of which a parameter turns into an option. */
function wordComplaints({ argv, params }: ExecCommand): Complaint[] {
  const [program = ""] = argv;
  const isFixed = program.startsWith("/") && namesIn(program).length === 0;
  const words = argv.flatMap((word, index): Complaint[] => {
    const path = ["argv", index];
    if (/\p{Cc}/u.test(word)) return [{ path, message: "without control characters" }];
    const [first = ""] = namesIn(word);
    const param = word.startsWith("{") ? params[first] : undefined;
    if (param === undefined || !mayBeginWithDash(param)) return [];
    return [
      { path, message: `safe: {${first}} may begin with -; put it behind a word, as in --name={${first}}` },
    ];
  });
  const path = ["argv", 0];
  return [
    ...(isFixed ? [] : [{ path, message: "the absolute path of a program, without parameters" }]),
    ...words,
  ];
}

/** Each way of reading an answer has its own settings. */
function outputComplaints({ output, columns, rows, pattern }: ExecCommand): Complaint[] {
  const say = (is: boolean, path: string, message: string) => (is ? [{ path: [path], message }] : []);
  return [
    ...say(output === "json" && columns === undefined, "columns", "given for JSON: column → path"),
    ...say(
      columns !== undefined && !["json", "csv"].includes(output),
      "columns",
      "used with json or csv only",
    ),
    ...say(rows !== undefined && output !== "json", "rows", "used with json only"),
    ...(pattern === undefined ? [] : patternComplaints(pattern, output)),
  ];
}

function patternComplaints(pattern: string, output: ExecCommand["output"]): Complaint[] {
  const path = ["pattern"];
  if (output !== "lines" && output !== "text") return [{ path, message: "used with lines or text only" }];
  try {
    new RegExp(pattern, "u");
  } catch (error) {
    return [{ path, message: `a regular expression: ${error instanceof Error ? error.message : ""}` }];
  }
  if (groupsIn(pattern).length === 0) return [{ path, message: "with named groups: (?<queue>\\S+)" }];
  return isRisky(pattern)
    ? [{ path, message: "without a repeated group that repeats within, look-around or back reference" }]
    : [];
}

const mayBeginWithDash = (param: Param): boolean =>
  (param.type === "enum" && param.values.some((value) => value.startsWith("-"))) ||
  (param.type === "integer" && param.min < 0);
