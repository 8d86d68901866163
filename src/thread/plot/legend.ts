import { literal } from "../../slack/escape.ts";
import { fits, measure, xml } from "./text.ts";

export const ROW_HEIGHT = 18;
const LEFT = 14;
const ROOM = 760 - 2 * LEFT;
const MARK = 24;
const GAP = 18;
const SIZE = 11;
const MOST_COLUMNS = 4;

const nameOf = (name: string): string => literal(name, 300);

/** Columns of equal width, as many as the longest name allows, so that no two entries can meet. */
function columnsFor(names: readonly string[], entries: number): number {
  const widest = names.reduce((most, name) => Math.max(most, measure(nameOf(name), SIZE)), 40) + MARK + GAP;
  return Math.min(MOST_COLUMNS, Math.max(2, Math.floor(ROOM / widest)), Math.max(1, entries));
}

const entriesOf = (names: number, hidden: number): number => names + (hidden > 0 ? 1 : 0);

/** Rows the legend needs; the chart gives way to them. */
export function legendRows(series: readonly { name: string }[], hidden: number): number {
  const names = series.map(({ name }) => name);
  const entries = entriesOf(names.length, hidden);
  return Math.ceil(entries / columnsFor(names, entries));
}

/** Name and colour of each series; names that are too long lose their middle. */
export function drawLegend(
  series: readonly { name: string; colour: string }[],
  hidden: number,
  top: number,
): string {
  const entries = entriesOf(series.length, hidden);
  const columns = columnsFor(
    series.map(({ name }) => name),
    entries,
  );
  const width = ROOM / columns;
  const place = (i: number) => ({
    x: LEFT + (i % columns) * width,
    y: top + Math.floor(i / columns) * ROW_HEIGHT,
  });
  const items = series.map(({ name, colour }, i) => {
    const { x, y } = place(i);
    const label = fits(nameOf(name), SIZE, width - MARK - GAP);
    const mark = `<path d="M${x.toFixed(2)} ${y - 4}h18" stroke="${colour}" stroke-width="3"/>`;
    return `${mark}<text x="${(x + MARK).toFixed(2)}" y="${y}">${xml(label)}</text>`;
  });
  if (hidden === 0) return items.join("");
  const { x, y } = place(series.length);
  return `${items.join("")}<text x="${x.toFixed(2)}" y="${y}" font-style="italic">and ${hidden} more</text>`;
}
