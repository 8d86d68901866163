import { clip } from "../core/words/format.ts";
import { oneLine } from "./plain.ts";

const GAP = "  ";
const WIDEST_CELL = 60;
/** The last column pushes nothing aside. */
const WIDEST_LAST = 300;
const FIGURE = /^[-+]?[\d.,]+( ?[%a-zA-Zµ/]{1,6})?$/;

/** Aligned columns, one row a line; columns of figures stand right. `head` may be left out. */
export function columns(rows: readonly (readonly string[])[], head?: readonly string[]): string {
  const cells = rows.map((row) =>
    row.map((cell, i) => clip(oneLine(cell), i === row.length - 1 ? WIDEST_LAST : WIDEST_CELL)),
  );
  const all = head === undefined ? cells : [head, ...cells];
  const count = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) =>
    Math.max(...all.map((row) => widthOf(row[i] ?? ""))),
  );
  const isFigures = widths.map(
    (_, i) => cells.length > 0 && cells.every((row) => row[i] === "–" || FIGURE.test(row[i] ?? "")),
  );
  const line = (row: readonly string[]) =>
    widths
      .map((width, i) => pad(row[i] ?? "", width, isFigures[i] === true))
      .join(GAP)
      .trimEnd();
  return all.map(line).join("\n");
}

const widthOf = (text: string): number => [...text].length;

const pad = (text: string, width: number, right: boolean): string => {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return right ? space + text : text + space;
};
