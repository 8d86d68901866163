import { z } from "zod";
import { asWanted } from "../../core/rules/checks/wanted.ts";
import { actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { type Cell, MOST_CELL, MOST_COLUMNS, MOST_ROWS, Reading, Wants } from "../../core/words/reading.ts";
import type { PostgresClient, RawRows } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

/**
 * One SELECT of an author, for checks as data and for runbooks. It is the body of a cursor, parsed alone, in a READ ONLY transaction that is
 * rolled back: whatever is no query, or more than one statement, is refused by the server. At most 200 rows, columns and cells in their order: `named` of
 * the SDK gives rows by name. `wants`: columns that have to be there (`columns`), and hold numbers or null (`numbers`); `empty: false`
 * where no row is no answer.
 */
export const query = read({
  name: "postgres.query",
  title: "Asks Postgres one question in SQL",
  timeoutSeconds: 15,
  input: z.strictObject({ sql: z.string().trim().min(1).max(10_000), wants: Wants.prefault({}) }),
  output: Reading,
  run: async (client, { sql, wants }, context) =>
    asWanted(readingOf(await client.select(context, sql, MOST_ROWS + 1)), wants),
});

function readingOf({ columns, rows }: RawRows): Reading {
  if (columns.length > MOST_COLUMNS)
    throw new DiagError(
      "output_too_large",
      `the statement returns ${columns.length} columns, at most ${MOST_COLUMNS} are taken`,
    );
  return {
    columns: columns.map(({ name, type }) => ({
      name,
      ...(type === INTERVAL ? { unit: "seconds" as const } : {}),
    })),
    rows: rows.slice(0, MOST_ROWS).map((row) => row.map((text, at) => cellOf(text, columns[at]?.type ?? 0))),
    more: rows.length > MOST_ROWS,
  };
}

const BOOLEAN = 16;
const INTERVAL = 1186;
/** smallint, int, bigint, real, double precision, numeric, oid. */
const NUMBERS: ReadonlySet<number> = new Set([21, 23, 20, 700, 701, 1700, 26]);

/** A value as the server writes it in text. NaN and infinities are no numbers to compare: they stay text. */
export function cellOf(text: string | null, type: number): Cell {
  if (text === null) return null;
  if (type === BOOLEAN) return text === "t";
  if (type === INTERVAL) return secondsOf(text) ?? text.slice(0, MOST_CELL);
  const number = NUMBERS.has(type) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : text.slice(0, MOST_CELL);
}

const PART =
  /^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)W)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?[\d.]+)S)?)?$/;
const DAY = 86_400;
const LENGTHS = [365.25 * DAY, 30 * DAY, 7 * DAY, DAY, 3_600, 60, 1];

/** Seconds of an interval in ISO 8601, as `extract(epoch FROM …)` counts them. */
function secondsOf(iso: string): number | undefined {
  const parts = PART.exec(iso);
  if (parts === null) return undefined;
  return LENGTHS.reduce((sum, length, at) => sum + Number(parts[at + 1] ?? 0) * length, 0);
}
