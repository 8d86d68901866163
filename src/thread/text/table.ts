import { clip } from "../../core/words/format.ts";
import { mono } from "../../slack/escape.ts";

/** Characters of a line that Slack shows in a code block of a thread pane without wrapping it. */
export const WIDTH = 56;
const GAP = "  ";
const MOST_COLUMNS = 8;
/** Text is not cut below this before a column goes; the first column says what a row is about. */
const TEXT_FLOOR = 16;
const FIRST_FLOOR = 18;
const NUMBER = /^[-+]?[\d.,]+ ?(%|[a-zµ/]{0,6}B?)$/i;

const MOST_CELL = 400;
const isTooLong = (text: string): boolean => text.length > MOST_CELL;
const cellOf = (text: string): string => mono(text.slice(0, MOST_CELL)).replace(/\s+/g, " ").trim();
const widthOf = (text: string): number => [...text].length;

/** A table that fits: its lines, and the headings of the columns that had no room. */
export interface FittedTable {
  readonly lines: string[];
  readonly hidden: string[];
  /** A cell or a heading does not stand there whole. */
  readonly isCut: boolean;
}

/**
 * Aligned columns in plain text without those that are empty, no line wider than `width`; figures stand right. Where there is not room for all, the
 * longest texts are cut as far as they stay readable, and then columns go from the right: runbooks name the important ones first.
 */
export function fitTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  width = WIDTH,
): FittedTable {
  const all = Math.max(columns.length, ...rows.map((row) => row.length), 1);
  const filled = Array.from({ length: all }, (_, i) => i).filter(
    (i) => rows.length === 0 || rows.some((row) => cellOf(row[i] ?? "") !== ""),
  );
  const pick = (row: readonly string[]) => filled.map((i) => cellOf(row[i] ?? ""));
  const head = columns.length === 0 ? [] : pick(columns);
  const body = rows.map(pick);
  for (let shown = Math.max(1, Math.min(MOST_COLUMNS, filled.length)); ; shown--) {
    const made = layOut(head, body, shown);
    const widths = narrow(made, width, shown <= 2);
    if (widths === undefined && shown > 1) continue;
    const used = widths ?? made.wanted;
    const isCut =
      used.some((room, i) => room < (made.wanted[i] ?? 0)) || rows.some((row) => row.some(isTooLong));
    return { lines: linesOf(made, used), hidden: head.slice(shown), isCut };
  }
}

type Facts = readonly { readonly name: string; readonly value: string }[];

/** `name:  value` lines; a value too long for the line goes on below itself, its fourth line is cut. */
export const alignFacts = (facts: Facts, width = WIDTH): string[] => fitFacts(facts, width).lines;

/** The same, and whether a name or a value does not stand there whole. */
export function fitFacts(facts: Facts, width = WIDTH): { readonly lines: string[]; readonly isCut: boolean } {
  const names = facts.map(({ name }) => `${clip(cellOf(name), MOST_NAME)}:`);
  const values = facts.map(({ value }) => cellOf(value));
  const left = Math.max(0, ...names.map(widthOf)) + GAP.length;
  const right = values.every((value) => NUMBER.test(value)) ? Math.max(0, ...values.map(widthOf)) : 0;
  const wrapped = values.map((value) => wrap(value, Math.max(8, width - left)));
  const isLong = ({ name, value }: Facts[number]) =>
    isTooLong(name) || isTooLong(value) || widthOf(cellOf(name)) > MOST_NAME;
  return {
    lines: names.flatMap((name, i) =>
      (wrapped[i]?.lines ?? []).map((part, line) =>
        `${pad(line === 0 ? name : "", left)}${pad(part, Math.max(right, widthOf(part)), true)}`.trimEnd(),
      ),
    ),
    isCut: wrapped.some(({ isCut }) => isCut) || facts.some(isLong),
  };
}

const MOST_NAME = 24;
const MOST_LINES = 3;

/** Lines of at most `room` characters, broken at spaces where there are any. */
function wrap(text: string, room: number): { readonly lines: string[]; readonly isCut: boolean } {
  const lines: string[] = [];
  let rest = [...text];
  while (rest.length > room && lines.length < MOST_LINES) {
    const space = rest.lastIndexOf(" ", room);
    const end = space > room / 2 ? space : room;
    lines.push(rest.slice(0, end).join(""));
    rest = rest.slice(rest[end] === " " ? end + 1 : end);
  }
  return { lines: [...lines, clip(rest.join(""), room)], isCut: rest.length > room };
}

interface Layout {
  readonly head: readonly string[];
  readonly body: readonly (readonly string[])[];
  readonly isFigure: readonly boolean[];
  readonly wanted: readonly number[];
}

function layOut(all: readonly string[], rows: readonly (readonly string[])[], shown: number): Layout {
  const head = all.slice(0, shown);
  const body = rows.map((row) => row.slice(0, shown));
  const at = Array.from({ length: shown }, (_, i) => i);
  return {
    head,
    body,
    isFigure: at.map((i) => body.length > 0 && body.every((row) => NUMBER.test(row[i] ?? ""))),
    wanted: at.map((i) => Math.max(1, widthOf(head[i] ?? ""), ...body.map((row) => widthOf(row[i] ?? "")))),
  };
}

/** Widths that fit, or undefined where a column would have to give more than it can; `force`: it must. */
function narrow({ body, isFigure, wanted }: Layout, width: number, force: boolean): number[] | undefined {
  const widths = [...wanted];
  const floors = wanted.map((whole, i) => {
    if (force) return Math.min(whole, 3);
    if (isFigure[i] === true)
      return Math.max(Math.min(whole, 8), ...body.map((row) => widthOf(row[i] ?? "")));
    return Math.min(whole, i === 0 ? FIRST_FLOOR : TEXT_FLOOR);
  });
  const slack = (i: number) => (widths[i] ?? 0) - (floors[i] ?? 0);
  let excess = widths.reduce((a, b) => a + b, 0) + GAP.length * (widths.length - 1) - width;
  for (; excess > 0; excess--) {
    const able = widths.map((_, i) => i).filter((i) => slack(i) > 0);
    const giving = able.reduce((a, b) => ((widths[b] ?? 0) >= (widths[a] ?? 0) ? b : a), able[0] ?? 0);
    if (slack(giving) <= 0) return undefined;
    widths[giving] = (widths[giving] ?? 0) - 1;
  }
  return widths;
}

function linesOf({ head, body, isFigure }: Layout, widths: readonly number[]): string[] {
  const fromLeft = widths.map((width, i) =>
    tellsMore(
      body.map((row) => row[i] ?? ""),
      width,
    ),
  );
  const line = (row: readonly string[], inBody: boolean) =>
    row
      .map((cell, i) => {
        const width = widths[i] ?? 1;
        return pad(
          inBody && fromLeft[i] === true ? endOf(cell, width) : clip(cell, width),
          width,
          isFigure[i],
        );
      })
      .join(GAP)
      .trimEnd();
  const rule = widths.map((w) => "─".repeat(w)).join(GAP);
  return [...(head.length > 0 ? [line(head, false), rule] : []), ...body.map((row) => line(row, true))];
}

/** The end of the cells tells them apart better than their beginning, as in paths and names of pods. */
function tellsMore(cells: readonly string[], width: number): boolean {
  const distinct = (cut: (cell: string, width: number) => string) =>
    new Set(cells.map((cell) => cut(cell, width))).size;
  const isPaths = cells.every((cell) => /^\/\S+$/.test(cell));
  return isPaths || distinct(endOf) > distinct(clip);
}

const endOf = (cell: string, width: number): string =>
  widthOf(cell) <= width ? cell : `…${[...cell].slice(1 - width).join("")}`;

const pad = (text: string, width: number, right = false): string => {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return right ? space + text : text + space;
};
