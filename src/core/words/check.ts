import { z } from "zod";
import type { Kind } from "./connection.ts";
import { DurationMs, parseDuration } from "./duration.ts";
import { DAMAGES, SEVERITIES } from "./finding.ts";
import { Covers, OF_GUIDE } from "./guide.ts";
import { NAME } from "./ids.ts";
import { UNITS } from "./reading.ts";
import { LabelMatch } from "./system.ts";

/** Name of a column, as conditions and placeholders write it. */
export const COLUMN = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
/** A column every reading has: how many rows there were. */
export const ROWS = "rows";

const columnName = z.string().regex(COLUMN, "the name of a column: letters, digits and _");
const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const words = (most: number) => z.string().trim().min(1).max(most);

/** A number; a duration such as `10m` is its seconds. */
const Amount = z.union([z.number(), z.string()]).transform((value, context) => {
  const ms = typeof value === "string" ? parseDuration(value) : undefined;
  if (typeof value === "number") return value;
  if (ms !== undefined) return ms / 1000;
  context.addIssue({ code: "custom", message: "a number, or a duration such as 10m" });
  return z.NEVER;
});

/** What must hold of one column; several must all hold. */
export const Condition = z
  .strictObject({
    above: Amount.optional(),
    below: Amount.optional(),
    equals: z.union([z.string(), z.number(), z.boolean()]).optional(),
    /** There is a value, and it is another. */
    not: z.union([z.string(), z.number(), z.boolean()]).optional(),
    /** The value is a text that holds this one, or does not; capitals count. */
    contains: z.string().min(1).max(500).optional(),
    lacks: z.string().min(1).max(500).optional(),
    /** `true`: there is no value (NULL, no such column or key, no row); `false`: there is one. */
    absent: z.boolean().optional(),
    /** `true`: another value than in the last finished run of this check on this system; `false`: the same. */
    changed: z.boolean().optional(),
  })
  .refine(
    (condition) => Object.values(condition).some((wanted) => wanted !== undefined),
    "a condition: above, below, equals, not, contains, lacks, absent or changed",
  );
export type Condition = z.infer<typeof Condition>;

const CheckFinding = z.strictObject({
  /** Default: made of the columns and conditions. */
  id: z.string().max(60).regex(ID, "lower-case words joined by -").optional(),
  when: z
    .record(columnName, Condition)
    .refine((when) => Object.keys(when).length > 0, "a map of columns to conditions"),
  severity: z.enum(SEVERITIES).default("warning"),
  /** The harm that this proves or makes likely: `escalate.damage` says who is told of it. */
  damage: z.enum(DAMAGES).optional(),
  title: words(200),
  because: words(1_000).optional(),
  advice: words(2_000).optional(),
  /** A declared write that is offered, by approval: once for each of the rows. Values are texts with `{{column}}`. */
  remedy: z
    .strictObject({
      run: z
        .string()
        .max(200)
        .regex(/^[A-Za-z0-9_-]+\.[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "<connection>.<command>"),
      params: z.record(z.string(), z.union([z.string().max(500), z.number()])).default({}),
    })
    .optional(),
});

/** A path of the service itself: no scheme, no host. */
const HttpPath = z
  .string()
  .max(500)
  .regex(/^\/(?!\/)[^\s#\\]*$/, "a path of the service, beginning with one /");

/** `data.queues[0].length`. */
const FieldPath = z
  .string()
  .max(200)
  .regex(/^[^.[\]\s]+(\[\d{1,4}\])*(\.[^.[\]\s]+(\[\d{1,4}\])*)*$/, "a path such as data.queues[0].length");

/** Of whose answers nobody but the asker may know. */
const SECRET_HEADER = /cookie|authorization|token|key|secret/i;

/** Columns out of a body or its headers, at most 20 of each kind. */
const columnsOf = <V extends z.ZodType>(value: V) =>
  z
    .record(columnName, value)
    .refine((columns) => Object.keys(columns).length <= 20, "at most 20 columns")
    .default({});

/** Columns of every answer to a GET, and those of several. A column of the author's own may be called `bytes`. */
export const HTTP_COLUMNS: readonly string[] = ["status", "ms", "bytes"];
export const SAMPLES_COLUMNS: readonly string[] = ["slowest", "failed"];

/** A GET of a path: what of its answer is a column, besides `status`, `ms` and `bytes`. */
const HttpRead = z
  .strictObject({
    path: HttpPath,
    /** Of a JSON body by path; with `rows`, of each of its entries. */
    fields: columnsOf(FieldPath),
    /** The path of the list whose entries are the rows. */
    rows: FieldPath.optional(),
    /** The value of a header of the answer. */
    headers: columnsOf(
      z
        .string()
        .regex(/^[A-Za-z0-9-]{1,60}$/, "the name of a header")
        .refine((name) => !SECRET_HEADER.test(name), "a header that holds no secret"),
    ),
    /** How often this text stands in the body: 0 where it does not. */
    text: columnsOf(z.string().min(1).max(500)),
    /** Of a page of metrics the sum of all series of this name; without one there is no value. */
    metrics: columnsOf(z.string().regex(/^[A-Za-z_:][A-Za-z0-9_:]{0,199}$/, "the name of a metric")),
    /** So many GETs one after the other: `ms` is their median; also `slowest` and `failed`. */
    samples: z.int().min(2).max(10).optional(),
  })
  .refine(
    ({ rows, fields }) => rows === undefined || Object.keys(fields).length > 0,
    "given `fields` with `rows`: what of each entry is a column",
  )
  .superRefine(({ fields, headers, text, metrics, samples }, context) => {
    const own = ["status", "ms", ...(samples === undefined ? [] : SAMPLES_COLUMNS)];
    const names = [fields, headers, text, metrics].flatMap((columns) => Object.keys(columns));
    const taken = names.find((name, index) => own.includes(name) || names.indexOf(name) < index);
    if (taken !== undefined)
      context.addIssue({ code: "custom", message: `without a second column called ${taken}` });
  });

const key = z.string().min(1).max(500);
const REDIS = {
  get: key.optional(),
  strlen: key.optional(),
  llen: key.optional(),
  scard: key.optional(),
  zcard: key.optional(),
  hlen: key.optional(),
  xlen: key.optional(),
  ttl: key.optional(),
  exists: key.optional(),
  type: key.optional(),
  hget: z.tuple([key, key]).optional(),
  /** A field of INFO. */
  info: z
    .string()
    .regex(/^\w{1,60}$/, "a field of INFO such as used_memory")
    .optional(),
  dbsize: z.literal(true).optional(),
} as const;

/** The closed list of what a check may ask a Redis: one read per column. */
export const RedisRead = z
  .strictObject(REDIS)
  .refine(
    (read) => Object.values(read).filter((one) => one !== undefined).length === 1,
    `exactly one of ${Object.keys(REDIS).join(", ")}`,
  );
export type RedisRead = z.infer<typeof RedisRead>;

const commandName = z.string().max(60).regex(ID, "the name of a command: lower-case words joined by -");

/** A command of the exec list, with its parameters. */
const CommandRead = z.strictObject({
  name: commandName,
  params: z.record(z.string(), z.union([z.string().max(500), z.number()])).default({}),
});

/** The kind of connection each way of asking needs. */
export const PROBES = {
  promql: "prometheus",
  sql: "postgres",
  http: "http",
  redis: "redis",
  command: "exec",
} as const satisfies Record<string, Kind>;
export type Probe = keyof typeof PROBES;
export const PROBE_NAMES = Object.keys(PROBES) as readonly Probe[];

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** How often something is started by itself; milliseconds once parsed. */
export const Every = DurationMs.refine((ms) => ms >= MINUTE && ms <= 7 * DAY, "between 1m and 7d");

/** A check as written: a runbook as data that only looks, and offers what is declared. */
export const CheckSchema = z
  .strictObject({
    id: z.string().max(60).regex(ID, "lower-case words joined by -"),
    title: words(120),
    ...OF_GUIDE,
    /** A kind of connection, or the name of one; default: the first connection of the kind it asks. */
    on: z.string().regex(NAME, "a kind of connection or the name of one").optional(),
    promql: words(4_000).optional(),
    /** With `promql`: so much of the past is plotted. */
    range: DurationMs.refine((ms) => ms >= MINUTE && ms <= 7 * DAY, "between 1m and 7d").optional(),
    /** With `promql`: an expression without a result is good news. */
    empty: z.literal("healthy").optional(),
    sql: words(10_000).optional(),
    http: HttpRead.optional(),
    redis: z
      .record(columnName, RedisRead)
      .refine((reads) => Object.keys(reads).length > 0 && Object.keys(reads).length <= 20, "1 to 20 columns")
      .optional(),
    command: z
      .union([commandName.transform((name) => ({ name, params: {} })), CommandRead], {
        error: "the name of a command, or { name, params }",
      })
      .optional(),
    /** What the numbers of a column are counted in. */
    units: z.record(columnName, z.enum(UNITS)).default({}),
    /** Columns that tell rows apart, for `changed`. */
    key: z.array(columnName).default([]),
    findings: z.array(CheckFinding).min(1, "a list of at least one finding").max(20),
    /** Names or labels of alerts that start it. */
    alerts: z.array(z.union([words(200), LabelMatch])).default([]),
    /** Kinds of connection the system must have besides. */
    needs: z.array(z.string().regex(NAME, "a kind of connection")).default([]),
    /** Only these systems have it; default: all that have the connection. */
    systems: z.array(z.string()).optional(),
    every: Every.optional(),
    /** `false`: it is no part of the health of a system (`/diag <system>`). */
    health: z.boolean().default(true),
  })
  .superRefine((check, context) => {
    const asked = PROBE_NAMES.filter((probe) => check[probe] !== undefined);
    const say = (message: string, path: PropertyKey[] = []) =>
      context.addIssue({ code: "custom", message, path });
    if (asked.length !== 1)
      say(`a check with exactly one of ${PROBE_NAMES.join(", ")}; it has ${asked.join(" and ") || "none"}`);
    for (const name of ["range", "empty"] as const)
      if (check[name] !== undefined && check.promql === undefined) say(`used with promql only`, [name]);
  });

/** A check, read and checked. */
export type Check = z.infer<typeof CheckSchema>;

/** The one way it asks. */
export const probeOf = (check: Check): Probe =>
  PROBE_NAMES.find((probe) => check[probe] !== undefined) ?? "sql";

/** The kind of connection it asks, and its name where it is a certain one. */
export function targetOf(check: Check): { readonly kind: Kind; readonly name?: string } {
  const kind = PROBES[probeOf(check)];
  return check.on === undefined || check.on === kind ? { kind } : { kind, name: check.on };
}

/** One entry of `schedules:`. */
export const ScheduleSchema = z.strictObject({
  system: z.string().min(1),
  runbook: z.string().min(1),
  every: Every,
  covers: Covers,
});
export type Schedule = z.infer<typeof ScheduleSchema>;
