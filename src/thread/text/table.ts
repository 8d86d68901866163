import { clip } from "../../core/format.ts";
import { mono } from "../../lib/escape.ts";

/** Characters of a line that Slack shows in a code block of a thread without wrapping. */
export const WIDTH = 76;
const GAP = "  ";
const MOST_COLUMNS = 8;
const NUMBER = /^[-+]?[\d.,]+ ?(%|[a-zµ/]{0,6}B?)$/i;

const cellOf = (text: string): string => mono(text.slice(0, 400)).replace(/\s+/g, " ").trim();
const widthOf = (text: string): number => [...text].length;

/**
 * Aligned columns in plain text, no line wider than `width`. Wide columns give way first; figures stand right.
 * Columns beyond the eighth are left out and counted in the heading.
 */
export function alignTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  width = WIDTH,
): string[] {
  const shown = Math.min(MOST_COLUMNS, Math.max(columns.length, ...rows.map((row) => row.length), 1));
  const head = cells(columns, shown);
  const hidden = columns.length - shown;
  if (hidden > 0) head[shown - 1] = `${head[shown - 1]} (+${hidden} columns)`;
  const body = rows.map((row) => cells(row, shown));
  const wanted = head.map((title, i) =>
    Math.max(widthOf(title), ...body.map((row) => widthOf(row[i] ?? ""))),
  );
  const widths = shrink(wanted, width - GAP.length * (shown - 1));
  const isFigure = widths.map((_, i) => body.length > 0 && body.every((row) => NUMBER.test(row[i] ?? "")));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => pad(cell, widths[i] ?? 1, isFigure[i] === true))
      .join(GAP)
      .trimEnd();
  const rule = widths.map((w) => "─".repeat(w)).join(GAP);
  const headed = columns.length > 0 ? [line(head), rule] : [];
  return [...headed, ...body.map(line)];
}

/** `name  value` lines; values too long for the line are cut. */
export function alignFacts(facts: readonly { name: string; value: string }[], width = WIDTH): string[] {
  return alignTable(
    [],
    facts.map(({ name, value }) => [`${name}:`, value]),
    width,
  ).map((line) => line);
}

const cells = (row: readonly string[], count: number): string[] =>
  Array.from({ length: count }, (_, i) => cellOf(row[i] ?? ""));

const pad = (cell: string, width: number, right: boolean): string => {
  const text = clip(cell, width);
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return right ? space + text : text + space;
};

/** Takes from the widest column until the sum fits; no column below 3. */
function shrink(wanted: readonly number[], room: number): number[] {
  const widths = wanted.map((w) => Math.max(1, w));
  for (let total = widths.reduce((a, b) => a + b, 0); total > room; total--) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= 3) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
