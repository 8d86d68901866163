import { DiagError } from "../../core/words/errors.ts";
import type { ConsoleRow } from "./client.ts";

/** A name of somebody's: bounded. */
export const nameIn = (row: ConsoleRow, column: string): string => (row[column] ?? "").slice(0, 120);

/** A number; null: this version has no such column, or it stands empty there. */
export function maybeIn(row: ConsoleRow, column: string): number | null {
  const value = row[column];
  if (value === undefined || value === null || value === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** A number that every version has. Throws `bad_output` where it is not there. */
export function numberIn(row: ConsoleRow, column: string): number {
  const number = maybeIn(row, column);
  if (number === null)
    throw new DiagError("bad_output", `PgBouncer: the console's answer has no column ${column}`);
  return number;
}
