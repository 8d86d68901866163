import { readFileSync } from "node:fs";

/** What carries out an item, as a row of docs/guide-coverage.md names it. */
export interface CoverageRow {
  /** `runbook`, or what stands before the link: `check`, `command`, `schedule`, `checklist`, `file`, `bot`, `advice`. */
  readonly by: string;
  readonly name: string;
  /** Seen from docs/. */
  readonly link: string;
  readonly item: string;
  readonly extent: "whole" | "in part";
  readonly note: string;
}

const ROW =
  /^\| (?:([a-z]+) )?\[([^\]]+)\]\(([^)\s]+)\) +\| `([\w.-]+)` +\| (whole|in part) +\| (.*?) *\|$/gm;
const BEGIN = "<!-- Written by `npm run docs` from the rows below; do not edit. -->";
const END = "<!-- End of what is written. -->";

/** Every row of the page; what is no row is passed over. */
export const coverageRows = (page: string): CoverageRow[] =>
  [...page.matchAll(ROW)].map(([, by = "runbook", name = "", link = "", item = "", extent, note = ""]) => ({
    by,
    name,
    link,
    item,
    extent: extent === "whole" ? "whole" : "in part",
    note,
  }));

/** Ids of all items of the five guides. */
export const catalogIds = (): string[] =>
  readFileSync(new URL("../../docs/catalog-ids.txt", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "");

/** How much of an item is carried out: the best that one of its rows says. */
type Extent = "whole" | "in part" | "not";
const EXTENTS: readonly Extent[] = ["whole", "in part", "not"];

/**
 * The page with its summary counted again, and without rows that stand there twice (two people's tables, kept side by side).
 * Throws where the page has no place for it. Pure.
 */
export function withSummary(twofold: string, ids: readonly string[]): string {
  const page = withoutDoubles(twofold);
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error("docs/guide-coverage.md has no place for the summary");
  return `${page.slice(0, begin)}${BEGIN}\n\n${summary(coverageRows(page), ids)}\n\n${page.slice(end)}`;
}

function withoutDoubles(page: string): string {
  const seen = new Set<string>();
  return page
    .split("\n")
    .filter((line) => {
      const row = line.replace(/ +/g, " ");
      if (!line.startsWith("| ") || coverageRows(line).length === 0) return true;
      const isNew = !seen.has(row);
      seen.add(row);
      return isNew;
    })
    .join("\n");
}

function summary(rows: readonly CoverageRow[], ids: readonly string[]): string {
  const extentOf = (id: string): Extent => {
    const mine = rows.filter(({ item }) => item === id);
    if (mine.length === 0) return "not";
    return mine.some(({ extent }) => extent === "whole") ? "whole" : "in part";
  };
  const counted = (of: readonly string[]) =>
    EXTENTS.map((extent) => of.filter((id) => extentOf(id) === extent).length);
  const [whole, part, not] = counted(ids);
  const systems = [...new Set(ids.map((id) => id.replace(/\..*$/, "")))].toSorted();
  const lines = systems.map((system) => {
    const of = ids.filter((id) => id.startsWith(`${system}.`));
    return `| ${[system, ...counted(of), of.length].join(" | ")} |`;
  });
  const missing = ids.filter((id) => extentOf(id) === "not");
  return [
    `**${whole} whole, ${part} in part, ${not} not, of ${ids.length} items.**`,
    ["| guide | whole | in part | not | items |", "| --- | --- | --- | --- | --- |", ...lines].join("\n"),
    `Not: ${missing.map((id) => `\`${id}\``).join(", ") || "none"}.`,
  ].join("\n\n");
}
