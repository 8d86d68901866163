import { type Cell, MOST_CELL, MOST_ROWS, type Reading } from "../core/words/reading.ts";

/** What stands at `data.queues[0].length`; own members only. Undefined: nothing does. */
export function valueAt(body: unknown, path: string): unknown {
  let at = body;
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (Array.isArray(at)) at = name === "length" ? at.length : at[Number(index ?? name)];
    else if (typeof at === "object" && at !== null && Object.hasOwn(at, name ?? index ?? ""))
      at = (at as Record<string, unknown>)[name ?? index ?? ""];
    else return undefined;
  }
  return at;
}

/** Lists and objects are shown as their JSON. */
export function cellOf(value: unknown): Cell | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return value.slice(0, MOST_CELL);
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  return JSON.stringify(value).slice(0, MOST_CELL);
}

/** Where rows and columns stand in a JSON body. */
export interface JsonColumns {
  /** Path of a list: a row each. Absent: the body is the one row. */
  readonly rows?: string | undefined;
  readonly columns: Readonly<Record<string, string>>;
}

/**
 * The rows of a JSON body, with the same `more` cells in each. A value that is not there has no cell: null. Undefined: there is
 * no list where the rows should be.
 */
export function rowsIn(
  body: unknown,
  { rows: at, columns }: JsonColumns,
  more: Readonly<Record<string, Cell>> = {},
): Reading | undefined {
  const list = at === undefined ? [body] : valueAt(body, at);
  if (!Array.isArray(list)) return undefined;
  // What is declared is what was meant: a `status` of the body, not that of the answer.
  const own = Object.entries(more).filter(([name]) => !Object.hasOwn(columns, name));
  const names = [...own.map(([name]) => name), ...Object.keys(columns)];
  return {
    columns: names.map((name) => ({ name })),
    rows: list
      .slice(0, MOST_ROWS)
      .map((one) => [
        ...own.map(([, cell]) => cell),
        ...Object.values(columns).map((path) => cellOf(valueAt(one, path)) ?? null),
      ]),
    more: list.length > MOST_ROWS,
  };
}
