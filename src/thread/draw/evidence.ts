import type { KnownBlock } from "@slack/types";
import type { Evidence } from "../../core/evidence.ts";
import { count } from "../../core/format.ts";
import { fileText, literal } from "../../lib/escape.ts";
import { bold, codeBlock, italic, lines, rich } from "../blocks.ts";
import { describeSeries } from "../plot/describe.ts";
import { alignFacts, fitTable, WIDTH } from "../text/table.ts";
import type { WantedFile } from "../wanted.ts";

const MOST_ROWS = 12;
const MOST_FACTS = 20;
const MOST_LINES = 20;
/** Of a longer text; its end is where it broke, so that gets the larger part. */
const HEAD = 4;
const TAIL = 10;
const LINE = 240;
const CODE = 2_400;
const TEXT = 900;

/** Takes a file of the thread and gives its name, or undefined when the run has enough of them. */
export type Attach = (file: Omit<WantedFile, "name">) => string | undefined;

/** Evidence as blocks; what is too long for a message goes whole into a file. */
export function drawEvidence(evidence: Evidence, attach: Attach): KnownBlock[] {
  if (evidence.kind === "text") return drawText(evidence.text, attach);
  if (evidence.kind === "facts") return drawFacts(evidence.facts);
  if (evidence.kind === "table") return drawTable(evidence, attach);
  if (evidence.kind === "code") return drawCode(evidence, attach);
  return drawSeries(evidence, attach);
}

const more = (what: string, file: string | undefined): string =>
  file === undefined ? `${what} not shown` : `${what} not shown here, all in ${file} below`;

function drawText(text: string, attach: Attach): KnownBlock[] {
  if (text.length <= TEXT) return [rich(lines(text, TEXT))];
  const file = attach({ title: "Full text", altText: "Full text", content: fileText(text) });
  return [rich(lines(text, TEXT)), rich(italic(more("The rest is", file)))];
}

function drawFacts(facts: Extract<Evidence, { kind: "facts" }>["facts"]): KnownBlock[] {
  if (facts.length === 0) return [];
  const rest = facts.length - MOST_FACTS;
  const shown = alignFacts(facts.slice(0, MOST_FACTS));
  return [codeBlock([...shown, ...(rest > 0 ? [`… ${rest} more`] : [])].join("\n"))];
}

function drawTable(
  { title, columns, rows }: Extract<Evidence, { kind: "table" }>,
  attach: Attach,
): KnownBlock[] {
  const name = title === undefined ? [] : [rich(bold(title, 150))];
  if (rows.length === 0) return [...name, rich(italic("no rows"))];
  const table = fitTable(columns, rows.slice(0, MOST_ROWS));
  const block = codeBlock(table.lines.join("\n"));
  const rest = rows.length - MOST_ROWS;
  if (rest <= 0) return [...name, block, ...sayHidden(table.hidden)];
  const whole = [columns, ...rows].map((row) => row.join("\t")).join("\n");
  const words = literal(title ?? "Table", 100);
  const file = attach({ title: words, altText: words, content: fileText(whole) });
  return [...name, block, rich(italic(more(count(rest, "row"), file)))];
}

/** What was looked at and does not fit is named: its absence must not read as "nothing there". */
const sayHidden = (columns: readonly string[]): KnownBlock[] =>
  columns.length === 0 ? [] : [rich(italic(`no room for: ${columns.join(", ")}`, 200))];

function drawCode({ title, text }: Extract<Evidence, { kind: "code" }>, attach: Attach): KnownBlock[] {
  const name = title === undefined ? [] : [rich(bold(title, 150))];
  const all = text.slice(0, 400_000).split("\n");
  if (all.length <= MOST_LINES && text.length <= CODE) return [...name, codeBlock(text)];
  const words = literal(title ?? "Output", 100);
  const file = attach({ title: words, altText: words, content: fileText(text) });
  const left = all.length <= MOST_LINES ? 0 : all.length - HEAD - TAIL;
  const shown =
    left === 0 ? all : [...all.slice(0, HEAD), `… ${count(left, "line")} left out …`, ...all.slice(-TAIL)];
  const room = Math.floor(CODE / shown.length);
  const clipped = shown.map((line) =>
    line.length > Math.min(LINE, Math.max(room, WIDTH))
      ? `${line.slice(0, Math.min(LINE, Math.max(room, WIDTH)) - 1)}…`
      : line,
  );
  return [
    ...name,
    codeBlock(clipped.join("\n")),
    rich(italic(more(left === 0 ? "The ends of long lines are" : count(left, "line"), file))),
  ];
}

function drawSeries(evidence: Extract<Evidence, { kind: "series" }>, attach: Attach): KnownBlock[] {
  const said = describeSeries(evidence);
  const altText = literal(
    `${evidence.title}: ${said.map(({ name, value }) => `${name} ${value}`).join("; ")}`,
    900,
  );
  const file = attach({ title: literal(evidence.title, 100), altText, content: evidence });
  const chart = file === undefined ? "not drawn, there are enough charts" : `chart ${file} below`;
  return [rich(bold(evidence.title, 150), italic(`  (${chart})`)), ...drawFacts(said)];
}
