import { z } from "zod";
import { notSeen } from "./not-seen.ts";

/** What numbers are counted in: how they are shown. */
export const UNITS = ["seconds", "ratio", "bytes", "count", "per second"] as const;
export type Unit = (typeof UNITS)[number];

/** One value of a reading. `null`: the answer holds nothing there, which is not the same as 0. */
export const Cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type Cell = z.infer<typeof Cell>;

/** Rows kept of one reading. */
export const MOST_ROWS = 200;
/** Columns of one reading. */
export const MOST_COLUMNS = 50;
/** Characters kept of one value. */
export const MOST_CELL = 500;

/** What a check sees: rows of named columns, whatever it asked. Text in it is text of others. */
export const Reading = z.object({
  columns: z.array(z.object({ name: z.string(), unit: z.enum(UNITS).optional() })).max(MOST_COLUMNS),
  rows: z.array(z.array(Cell)).max(MOST_ROWS),
  /** There were more rows than are kept. */
  more: z.boolean(),
  /** Lines of a plot: [unix seconds, value or null for a gap]. */
  series: z
    .array(
      z.object({ name: z.string(), points: z.array(z.tuple([z.number(), z.number().nullable()])).max(241) }),
    )
    .max(8)
    .optional(),
  /** Columns that were asked for and could not be read, though there is an answer. */
  notSeen,
});
export type Reading = z.infer<typeof Reading>;

/** The cells of one row by the names of their columns. */
export type Cells = Readonly<Record<string, Cell>>;

/**
 * The rows of a reading by name: `named(reading)[0]?.waiting`. `null` is a cell with nothing in it, undefined a column that is
 * not there (`wants.columns` of the question makes that an error). Of two columns of one name the last one counts.
 */
export const named = ({ columns, rows }: Pick<Reading, "columns" | "rows">): Cells[] =>
  rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null])));

/**
 * What must be in a reading, or it is no answer but an error (`bad_output`), which silences the rule that counts on it. Of a
 * check it is decided from its findings; a runbook says it: `postgres.query({ sql, wants: { columns: ["waiting"], numbers: ["waiting"] } })`.
 */
export const Wants = z.strictObject({
  /** Columns that have to be there; their values may be null. */
  columns: z.array(z.string()).default([]),
  /** Columns that are compared with a number: their values are numbers or null. */
  numbers: z.array(z.string()).default([]),
  /** The largest number of rows a finding is about, where that is more than are read. */
  rowsUpTo: z.number().exactOptional(),
  /** No row at all is an answer, too. */
  empty: z.boolean().default(true),
});
export type Wants = z.infer<typeof Wants>;
