import type { Check } from "../../words/check.ts";
import { type Evidence, facts, table } from "../../words/evidence.ts";
import { clip, count } from "../../words/format.ts";
import type { Reading } from "../../words/reading.ts";
import { sayCell } from "./fill.ts";
import type { Row } from "./judge.ts";

/** Rows of a table; the rest is counted. */
const MOST_SHOWN = 50;
/** Characters of one value. */
const MOST_TEXT = 200;

/** What a finding rests on: the rows it is about, and the plot where there is one. */
export function evidenceOf(
  check: Check,
  { columns, rows: all, series }: Reading,
  rule: Check["findings"][number],
  rows: readonly Row[],
): Evidence[] {
  const say = (row: Row, { name, unit }: Reading["columns"][number]) =>
    clip(sayCell(row(name), check.units[name] ?? unit), MOST_TEXT);
  const isOne = all.length <= 1 && columns.length <= 6;
  const [first] = rows;
  const shown =
    all.length === 0 || first === undefined || columns.length === 0
      ? []
      : isOne
        ? [facts(Object.fromEntries(columns.map((column) => [column.name, say(first, column)])))]
        : [
            table(
              columns.map(({ name }) => name),
              rows.slice(0, MOST_SHOWN).map((row) => columns.map((column) => say(row, column))),
              ...(rows.length > MOST_SHOWN ? [`${MOST_SHOWN} of ${count(rows.length, "row")}`] : []),
            ),
          ];
  return [...shown, ...plotOf(check, series, rule)];
}

function plotOf(
  { title, units }: Check,
  series: Reading["series"],
  { when }: Check["findings"][number],
): Evidence[] {
  if (series === undefined || series.length === 0) return [];
  const threshold = when.value?.above ?? when.value?.below;
  const unit = units.value ?? "count";
  return [{ kind: "series", title, unit, series, ...(threshold === undefined ? {} : { threshold }) }];
}
