import { z } from "zod";
import { textsOf } from "../../core/rules/commands/templates.ts";
import { COLUMN } from "../../core/words/check.ts";
import { commandShape } from "../../core/words/command.ts";
import { commandsSchema } from "../commands/knowing.ts";
import { headers, url } from "../settings.ts";

const status = z.int().min(200).max(599);
const columnName = z.string().regex(COLUMN, "the name of a column: letters, digits and _");
const FIELD = /^[^.[\]\s]+(\[\d{1,4}\])*(\.[^.[\]\s]+(\[\d{1,4}\])*)*$/;
const fieldPath = z.string().max(200).regex(FIELD, "a path such as data.queues[0].length");

/** How a request is made, and what its answer holds. */
const HOW = {
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  /** Of the service itself, below the path of `url`. `{name}` is a parameter, percent-encoded. */
  path: z
    .string()
    .max(500)
    .regex(/^\/(?!\/)[^\s#\\]*$/, "a path of the service, beginning with one /")
    .refine((path) => !path.split(/[/?]/).includes(".."), "a path that does not climb"),
  /** JSON; a text that is one `{name}` becomes its value. */
  body: z.json().optional(),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,60}$/, "the name of a header"), z.string()).default({}),
  /** The status of an answer that is one. Default: 200 to 299. */
  status: z
    .union([status.transform((one) => [one]), z.array(status).min(1)], {
      error: "a status, or a list of them",
    })
    .optional(),
  /** Of a write: statuses that say nothing was done, and why. */
  refuses: z
    .record(z.string().regex(/^[45]\d\d$/, "a status from 400"), z.string().min(1).max(300))
    .default({}),
  /** Columns of a JSON body by path. */
  columns: z.record(columnName, fieldPath).default({}),
  /** The path of the list whose entries are the rows. */
  rows: fieldPath.optional(),
} as const;

const shape = commandShape(HOW);
/** A request of diagbot.yaml. */
export type HttpCommand = z.output<typeof shape>;

/** Columns of its answer. */
export const columnsOf = ({ columns }: HttpCommand): readonly string[] => [
  "status",
  "rows",
  ...Object.keys(columns),
];

/** A `kind: http` connection. */
export const HttpSettings = z.strictObject({
  url,
  health: z.string().startsWith("/").default("/health"),
  /** External dependency (someone else's API) rather than a part of this system. */
  external: z.boolean().default(false),
  headers,
  /** Its admin API, as far as diagbot may use it. */
  commands: commandsSchema(shape, {
    templates: ({ path, body }) => [
      { path: ["path"], text: path },
      ...(body === undefined ? [] : textsOf(body).map((text) => ({ path: ["body"], text }))),
    ],
    columns: columnsOf,
    complaints,
  }).default({}),
});
export type HttpSettings = z.output<typeof HttpSettings>;

function complaints({ method, effect, body }: HttpCommand) {
  const isBare = method === "GET" || method === "HEAD";
  return [
    ...(isBare && effect === "write"
      ? [{ path: ["method"], message: "another than GET: a GET changes nothing" }]
      : []),
    ...(isBare && body !== undefined
      ? [{ path: ["body"], message: "used with POST, PUT, PATCH or DELETE" }]
      : []),
  ];
}
