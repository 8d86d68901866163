import type { Evidence } from "../core/words/evidence.ts";
import { sayBytes, sayPercent, saySeconds } from "../core/words/format.ts";
import { columns } from "./columns.ts";
import { plain } from "./plain.ts";

const MOST_LINES = 40;
const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const BAR_WIDTH = 40;

type Series = Extract<Evidence, { kind: "series" }>;

/** Evidence as plain lines for a terminal. */
export function evidenceText(evidence: Evidence): string {
  switch (evidence.kind) {
    case "text":
      return shorten(plain(evidence.text));
    case "facts":
      return columns(evidence.facts.map(({ name, value }) => [`${name}:`, value]));
    case "table":
      return titled(evidence.title, tableText(evidence.columns, evidence.rows));
    case "code":
      return titled(evidence.title, shorten(plain(evidence.text)));
    case "series":
      return titled(
        evidence.title,
        columns(
          evidence.series.map(({ name, points }) => [name, bars(points), spanOf(points, evidence.unit)]),
        ),
      );
  }
}

const titled = (title: string | undefined, text: string): string =>
  title === undefined ? text : `${plain(title)}\n${text}`;

function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const more = rows.length - MOST_LINES;
  const text = columns(rows.slice(0, MOST_LINES), head);
  return more > 0 ? `${text}\n… ${more} more` : text;
}

function shorten(text: string): string {
  const lines = text.split("\n");
  const more = lines.length - MOST_LINES;
  return more > 0 ? `${lines.slice(0, MOST_LINES).join("\n")}\n… ${more} more lines` : text;
}

function bars(points: Series["series"][number]["points"]): string {
  const values = points.map(([, value]) => value);
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return "no data";
  const [low, high] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
  const step = Math.max(1, Math.ceil(values.length / BAR_WIDTH));
  return values
    .filter((_, index) => index % step === 0)
    .map((value) =>
      value === null ? " " : (BARS[Math.round(((value - low) / (high - low || 1)) * 7)] ?? " "),
    )
    .join("");
}

function spanOf(points: Series["series"][number]["points"], unit: Series["unit"]): string {
  const known = points.map(([, value]) => value).filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return "";
  const most = known.reduce((a, b) => Math.max(a, b));
  return `now ${say(last, unit)}, at most ${say(most, unit)}`;
}

function say(value: number, unit: Series["unit"]): string {
  if (unit === "seconds") return saySeconds(value);
  if (unit === "bytes") return sayBytes(value);
  if (unit === "ratio") return sayPercent(value);
  const figure = Number.isInteger(value) ? String(value) : value.toPrecision(3);
  return unit === "per second" ? `${figure}/s` : figure;
}
