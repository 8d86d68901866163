import { type Evidence, table } from "../core/words/evidence.ts";

/** Rows kept of one table; people see the first few and get the rest as a file. */
const MOST_ROWS = 100;

type Cell = string | number | null | undefined;

/**
 * A table of `all`: one row each, at most 100, a column per entry. The order of the columns is their priority: where it is
 * narrow the last ones go first. A title may be empty.
 */
export const rows = <T>(
  title: string,
  all: readonly T[],
  columns: Readonly<Record<string, (one: T) => Cell>>,
): Evidence =>
  table(
    Object.keys(columns),
    all.slice(0, MOST_ROWS).map((one) => Object.values(columns).map((cell) => cell(one))),
    ...(title === "" ? [] : [title]),
  );
