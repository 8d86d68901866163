import type { Evidence } from "../../core/words/evidence.ts";
import { fileText } from "../../slack/escape.ts";
import { describeSeries } from "../plot/describe.ts";

const GAP = "  ";
/** A table with a longer cell is written row by row: nobody scrolls sideways for the next column. */
const WIDEST_CELL = 60;

const widthOf = (text: string): number => [...text].length;
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** Evidence as the text of a file: all rows, all columns, nothing cut. */
export function wholeEvidence(evidence: Evidence): string {
  switch (evidence.kind) {
    case "text":
    case "code":
      return fileText(evidence.text);
    case "facts":
      return fileText(evidence.facts.map(({ name, value }) => `${name}: ${value}`).join("\n"));
    case "table":
      return fileText(wholeTable(evidence.columns, evidence.rows));
    case "series":
      return fileText(
        describeSeries(evidence)
          .map(({ name, value }) => `${name}: ${value}`)
          .join("\n"),
      );
  }
}

function wholeTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(oneLine));
  if (cells.some((row) => row.some((cell) => widthOf(cell) > WIDEST_CELL))) return recordsOf(columns, cells);
  const all = [columns.map(oneLine), ...cells];
  const count = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) =>
    all.reduce((widest, row) => Math.max(widest, widthOf(row[i] ?? "")), 1),
  );
  const line = (row: readonly string[]) =>
    widths
      .map((width, i) => (row[i] ?? "") + " ".repeat(width - widthOf(row[i] ?? "")))
      .join(GAP)
      .trimEnd();
  return all.map(line).join("\n");
}

const recordsOf = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows
    .map((row, i) =>
      [`row ${i + 1}`, ...row.map((cell, at) => `  ${columns[at] ?? `column ${at + 1}`}: ${cell}`)].join(
        "\n",
      ),
    )
    .join("\n");
