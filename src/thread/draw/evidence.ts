import type { KnownBlock } from "@slack/types";
import type { Evidence } from "../../core/words/evidence.ts";
import { count } from "../../core/words/format.ts";
import { bold, codeBlock, italic, lines, rich } from "../../slack/blocks.ts";
import { literal } from "../../slack/escape.ts";
import { describeSeries } from "../plot/describe.ts";
import { WIDTH } from "../text/table.ts";
import { wholeEvidence } from "../text/whole.ts";
import type { PlotSpec, WantedFile } from "../wanted.ts";
import { drawFacts, drawTable, type Shown } from "./table.ts";

const MOST_LINES = 20;
/** Of a longer text; its end is where it broke, so that gets the larger part. */
const HEAD = 4;
const TAIL = 10;
const LINE = 240;
const CODE = 2_400;
const TEXT = 900;

/** Where what a message has no room for goes, and by what name people find it. */
export interface Attach {
  /** A chart; undefined where the run has enough of them. */
  plot(file: Omit<WantedFile, "name"> & { readonly content: PlotSpec }): string | undefined;
  /** A part of the run's one file of whole evidence; undefined where that is full. */
  whole(title: string, text: string): string | undefined;
}

/** Evidence as blocks; what is too long for a message goes whole into a file, and is said to. */
export function drawEvidence(evidence: Evidence, attach: Attach): KnownBlock[] {
  if (evidence.kind === "series") return drawSeries(evidence, attach);
  const title = "title" in evidence ? evidence.title : undefined;
  const { blocks, missing } = shownOf(evidence);
  const name = title === undefined || blocks.length === 0 ? [] : [rich(bold(title, 150))];
  if (missing === "") return [...name, ...blocks];
  const file = attach.whole(title ?? WORDS[evidence.kind], wholeEvidence(evidence));
  return [...name, ...blocks, rich(italic(sayMissing(missing, file), 300))];
}

const WORDS = { text: "Full text", facts: "Facts", table: "Table", code: "Output" } as const;

/** What is missing here is one click away: its absence must not read as "nothing there". */
export const sayMissing = (what: string, file: string | undefined): string =>
  `Not shown here: ${what}. All of it: ${file ?? "Details, step by step"}`;

function shownOf(evidence: Exclude<Evidence, { kind: "series" }>): Shown {
  if (evidence.kind === "facts") return drawFacts(evidence.facts);
  if (evidence.kind === "table") return drawTable(evidence);
  if (evidence.kind === "code") return drawCode(evidence.text);
  const isWhole = evidence.text.length <= TEXT;
  return { blocks: [rich(lines(evidence.text, TEXT))], missing: isWhole ? "" : "the rest" };
}

function drawCode(text: string): Shown {
  const all = text.slice(0, 400_000).split("\n");
  if (all.length <= MOST_LINES && text.length <= CODE) return { blocks: [codeBlock(text)], missing: "" };
  const left = all.length <= MOST_LINES ? 0 : all.length - HEAD - TAIL;
  const shown =
    left === 0 ? all : [...all.slice(0, HEAD), `… ${count(left, "line")} left out …`, ...all.slice(-TAIL)];
  const room = Math.min(LINE, Math.max(Math.floor(CODE / shown.length), WIDTH));
  const clipped = shown.map((line) => (line.length > room ? `${line.slice(0, room - 1)}…` : line));
  return {
    blocks: [codeBlock(clipped.join("\n"))],
    missing: left === 0 ? "the ends of long lines" : count(left, "line"),
  };
}

function drawSeries(evidence: PlotSpec, attach: Attach): KnownBlock[] {
  const said = describeSeries(evidence);
  const altText = literal(
    `${evidence.title}: ${said.map(({ name, value }) => `${name} ${value}`).join("; ")}`,
    900,
  );
  const file = attach.plot({ title: literal(evidence.title, 100), altText, content: evidence });
  const chart = file === undefined ? "not drawn, there are enough charts" : `chart ${file} below`;
  return [rich(bold(evidence.title, 150), italic(`  (${chart})`)), ...drawFacts(said).blocks];
}
