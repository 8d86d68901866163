import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { type Cell, MOST_CELL, MOST_COLUMNS, MOST_ROWS, type Reading } from "../../core/words/reading.ts";
import { rowsIn } from "../json-cells.ts";
import type { ExecCommand } from "./settings.ts";

type How = Pick<ExecCommand, "output" | "columns" | "rows" | "pattern" | "separator">;
/** Characters of one line, and of a whole text, that a pattern looks at. */
const LONGEST = { line: 500, text: 4_000 };

/**
 * What a script wrote, as rows of named columns; `exit` is its exit code. Text that is a number is one. Throws `bad_output` where it
 * is not what its declaration says: nothing that could not be read is shown as empty.
 */
export function readOutput(how: How, stdout: string, exit: number): Reading {
  switch (how.output) {
    case "none":
      return { columns: [{ name: "exit" }], rows: [[exit]], more: false };
    case "json":
      return json(how, stdout, exit);
    case "csv":
      return csv(how, stdout, exit);
    case "text":
      return texts(how.pattern, "text", [stdout.trim().slice(0, LONGEST.text)], exit);
    case "lines":
      return texts(how.pattern, "line", linesIn(stdout), exit);
  }
}

const linesIn = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line) => line.slice(0, LONGEST.line));

function json({ columns = {}, rows }: How, stdout: string, exit: number): Reading {
  let body: unknown;
  try {
    body = JSON.parse(stdout);
  } catch {
    throw unreadable(`what it wrote is no JSON: ${clip(stdout.trim(), 80) || "nothing"}`);
  }
  const reading = rowsIn(body, { rows, columns }, { exit });
  if (reading === undefined) throw unreadable(`there is no list at ${rows}`);
  return reading;
}

function csv({ columns, separator }: How, stdout: string, exit: number): Reading {
  const [header, ...lines] = linesIn(stdout).map((line) => cellsOf(line, separator));
  if (header === undefined) throw unreadable("it wrote no header");
  const wanted =
    columns === undefined
      ? header.slice(0, MOST_COLUMNS - 1).map((word) => [columnOf(word), word] as const)
      : Object.entries(columns);
  const missing = wanted.find(([, word]) => !header.includes(word));
  if (missing !== undefined)
    throw unreadable(`there is no column ${missing[1]} in its header: ${clip(header.join(", "), 120)}`);
  const short = lines.find((cells) => cells.length !== header.length);
  if (short !== undefined)
    throw unreadable(`a line has ${short.length} columns, the header ${header.length}`);
  const rows = lines.map((cells) => wanted.map(([, word]) => plain(cells[header.indexOf(word)])));
  return beside(
    exit,
    wanted.map(([name]) => name),
    rows,
  );
}

/** Rows with the exit code before them, unless a column of theirs is called so. */
function beside(exit: number, names: readonly string[], rows: readonly (readonly Cell[])[]): Reading {
  const isOwn = names.includes("exit");
  return {
    columns: (isOwn ? names : ["exit", ...names]).map((name) => ({ name })),
    rows: rows.slice(0, MOST_ROWS).map((row) => (isOwn ? [...row] : [exit, ...row])),
    more: rows.length > MOST_ROWS,
  };
}

const columnOf = (word: string): string =>
  word
    .trim()
    .replace(/[^A-Za-z0-9_]+/g, "_")
    .replace(/^(?=\d)/, "_")
    .slice(0, 63) || "_";

/** Cells of one line; `"` encloses one that holds the separator, `""` within it is one `"`. */
function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? "";
    if (isQuoted && char === '"' && line[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (char === '"' && (isQuoted || cell === "")) isQuoted = !isQuoted;
    else if (char === separator && !isQuoted) {
      cells.push(cell);
      cell = "";
    } else cell += char;
  }
  return [...cells, cell].map((one) => one.trim());
}

function texts(pattern: string | undefined, name: string, all: readonly string[], exit: number): Reading {
  if (pattern === undefined)
    return beside(
      exit,
      [name],
      all.map((text) => [text.slice(0, MOST_CELL)]),
    );
  const expression = new RegExp(pattern, "mu");
  const found = all.flatMap((text): Record<string, string | undefined>[] => {
    const groups = expression.exec(text)?.groups;
    return groups === undefined ? [] : [{ ...groups }];
  });
  const [first] = found;
  if (first === undefined && all.some((text) => text !== ""))
    throw unreadable(`nothing it wrote fits its pattern: ${clip(all[0] ?? "", 80)}`);
  const names = Object.keys(first ?? {});
  return beside(
    exit,
    names,
    found.map((groups) => names.map((one) => plain(groups[one]))),
  );
}

/** A number where it is written like one. */
function plain(text: string | undefined): Cell {
  if (text === undefined || text === "") return null;
  return /^-?\d{1,15}(\.\d{1,10})?$/.test(text) ? Number(text) : text.slice(0, MOST_CELL);
}

const unreadable = (why: string): DiagError => new DiagError("bad_output", why);
