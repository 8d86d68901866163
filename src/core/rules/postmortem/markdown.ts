import type { Evidence } from "../../words/evidence.ts";
import { sayBytes, sayPercent, saySeconds } from "../../words/format.ts";

/** One line in which nothing is markup, no HTML and no link, at most `limit` characters; never empty. */
export const md = (text: string, limit = 300): string => {
  const line = text
    .slice(0, limit * 4)
    .replace(/\s+/g, " ")
    .trim();
  const cut = line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
  return cut.replace(/[\\`*_{}[\]<>#!|~&@$]/g, "\\$&").replace(/:\/\//g, ":\\//") || "–";
};

/** `2026-11-22 03:10:05`, UTC. */
export const moment = (at: Date): string => at.toISOString().slice(0, 19).replace("T", " ");

/** Lines as they are, in a fence that no line of theirs can end. */
export function fenced(text: string, limit = 6_000): string {
  const lines = text.slice(0, limit).trimEnd();
  const longest = Math.max(2, ...[...lines.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${lines}${text.length > limit ? "\n… (cut)" : ""}\n${fence}`;
}

const MOST_ROWS = 30;
const MOST_CELL = 120;

/** A table with escaped cells; what is left out is said below it. */
export function mdTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (columns.length === 0) return "";
  const line = (cells: readonly string[]) =>
    `| ${columns.map((_, at) => md(cells[at] ?? "–", MOST_CELL)).join(" | ")} |`;
  const shown = rows.slice(0, MOST_ROWS).map(line);
  const left = rows.length - shown.length;
  const head = [line(columns), `| ${columns.map(() => "---").join(" | ")} |`];
  return [...head, ...shown, ...(left > 0 ? ["", `${left} more rows are not shown.`] : [])].join("\n");
}

/** What a finding rests on, as Markdown. Of a series the figures: its chart hangs in the thread. */
export function mdEvidence(evidence: Evidence): string {
  switch (evidence.kind) {
    case "text":
      return md(evidence.text, 2_000);
    case "facts":
      return mdTable(
        ["figure", "value"],
        evidence.facts.map(({ name, value }) => [name, value]),
      );
    case "table":
      return [...titled(evidence.title), mdTable(evidence.columns, evidence.rows)].join("\n");
    case "code":
      return [...titled(evidence.title), fenced(evidence.text)].join("\n");
    case "series":
      return [...titled(evidence.title), seriesTable(evidence)].join("\n");
  }
}

const titled = (title: string | undefined): string[] => (title === undefined ? [] : [`**${md(title)}**`, ""]);

function seriesTable({ series, unit, threshold }: Extract<Evidence, { kind: "series" }>): string {
  const rows = series.map(({ name, points }) => {
    const known = points.flatMap(([at, value]) => (value === null ? [] : [{ at, value }]));
    const last = known.at(-1);
    if (last === undefined) return [name, "no data", "–", "–"];
    const highest = known.reduce((most, one) => (one.value > most.value ? one : most), last);
    return [name, say(last.value, unit), say(highest.value, unit), moment(new Date(highest.at * 1000))];
  });
  const limit = threshold === undefined ? [] : ["", `Threshold: ${say(threshold, unit)}.`];
  return [mdTable(["series", "last", "highest", "at (UTC)"], rows), ...limit].join("\n");
}

function say(value: number, unit: Extract<Evidence, { kind: "series" }>["unit"]): string {
  switch (unit) {
    case "bytes":
      return sayBytes(value);
    case "ratio":
      return sayPercent(value);
    case "seconds":
      return saySeconds(value);
    default:
      return `${Number(value.toPrecision(4))}${unit === "per second" ? " /s" : ""}`;
  }
}
