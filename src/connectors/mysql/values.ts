import { z } from "zod";

/** A row as the driver gives it: columns by the names the statement gives them. */
export type Row = Readonly<Record<string, unknown>>;

/** A figure of the server; null: this product or version does not have it, or it is not said. */
export const known = z.number().nullable();

/** A count or a size of a column; null: it is NULL, missing or no number. */
export function numberIn(row: Row | undefined, column: string): number | null {
  const value = row?.[column];
  if (value === null || value === undefined || value === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Text of a column, clipped; empty: it is NULL or missing. Buffers are columns of a binary collation. */
export function textIn(row: Row | undefined, column: string, most = 300): string {
  const value = row?.[column];
  if (value === null || value === undefined) return "";
  const text = Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Figures by name of `SHOW GLOBAL STATUS` or `SHOW GLOBAL VARIABLES`. */
export const byName = (rows: readonly Row[]): ReadonlyMap<string, string> =>
  new Map(rows.map((row) => [textIn(row, "Variable_name").toLowerCase(), textIn(row, "Value", 2_000)]));

/** Of `byName`: null where there is none of that name, or no number. */
export function figure(names: ReadonlyMap<string, string>, name: string): number | null {
  const text = names.get(name.toLowerCase());
  return text === undefined || text === "" || !Number.isFinite(Number(text)) ? null : Number(text);
}

/** `ON`, `1` or `YES`; null: there is no such name. */
export function isOn(names: ReadonlyMap<string, string>, name: string): boolean | null {
  const text = names.get(name.toLowerCase());
  return text === undefined ? null : /^(?:on|1|yes|true)/i.test(text);
}
