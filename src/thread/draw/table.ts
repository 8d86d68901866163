import type { KnownBlock } from "@slack/types";
import type { Evidence } from "../../core/words/evidence.ts";
import { count } from "../../core/words/format.ts";
import { bold, codeBlock, italic, plain, rich } from "../../slack/blocks.ts";
import { fitFacts, fitTable } from "../text/table.ts";

type Table = Extract<Evidence, { kind: "table" }>;

const MOST_ROWS = 12;
const MOST_FACTS = 20;
const SAID_ONCE = 300;

/** What a message shows of a piece of evidence, and whether that is all of it. */
export interface Shown {
  readonly blocks: KnownBlock[];
  /** What is missing, in words; empty: nothing. */
  readonly missing: string;
}

/**
 * A table as far as a message holds it. One row reads better as facts; what is the same in every row is said once, which
 * leaves room for the columns that tell the rows apart.
 */
export function drawTable({ columns, rows }: Table): Shown {
  const [only] = rows;
  if (only === undefined) return { blocks: [rich(italic("no rows"))], missing: "" };
  if (rows.length === 1) return drawFacts(asFacts(columns, only));
  const same = sameColumns(columns, rows);
  const left = columns.map((_, i) => i).filter((i) => !same.includes(i));
  const pick = (row: readonly string[]) => left.map((i) => row[i] ?? "");
  const table = fitTable(pick(columns), rows.slice(0, MOST_ROWS).map(pick));
  const once = same.map((i) => `${columns[i] ?? ""} ${rows[0]?.[i] ?? ""}`).join(", ");
  const rest = Math.max(0, rows.length - MOST_ROWS);
  const missing = [
    ...(rest > 0 ? [count(rest, "more row")] : []),
    ...(table.hidden.length > 0 ? [count(table.hidden.length, "more column")] : []),
    ...(table.isCut || once.length > SAID_ONCE ? ["the ends of long texts"] : []),
  ];
  return {
    blocks: [
      codeBlock(table.lines.join("\n")),
      ...(once === "" ? [] : [rich(bold("In every row: "), plain(once, SAID_ONCE))]),
    ],
    missing: missing.join(", "),
  };
}

/** Columns in which every row holds the same word; the first says what a row is about and stays. */
const sameColumns = (columns: readonly string[], rows: Table["rows"]): number[] =>
  columns
    .map((_, i) => i)
    .filter((i) => {
      const first = rows[0]?.[i] ?? "";
      return i > 0 && first.trim() !== "" && rows.every((row) => (row[i] ?? "") === first);
    });

const asFacts = (columns: readonly string[], row: readonly string[]) =>
  row
    .map((value, i) => ({ name: columns[i] ?? `column ${i + 1}`, value }))
    .filter(({ value }) => value.trim() !== "");

/** Names and values, one below the other. */
export function drawFacts(facts: Extract<Evidence, { kind: "facts" }>["facts"]): Shown {
  if (facts.length === 0) return { blocks: [], missing: "" };
  const rest = Math.max(0, facts.length - MOST_FACTS);
  const { lines, isCut } = fitFacts(facts.slice(0, MOST_FACTS));
  const missing = [
    ...(rest > 0 ? [count(rest, "more line")] : []),
    ...(isCut ? ["the ends of long texts"] : []),
  ];
  return { blocks: [codeBlock(lines.join("\n"))], missing: missing.join(", ") };
}
