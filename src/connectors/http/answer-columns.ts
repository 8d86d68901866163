import { DiagError } from "../../core/words/errors.ts";
import { type Cell, MOST_CELL, type Reading } from "../../core/words/reading.ts";
import { cellOf, rowsIn, valueAt } from "../json-cells.ts";
import type { Answer } from "./client.ts";
import { metricsIn } from "./metrics-page.ts";

/** What of an answer is a column, besides `status`, `ms` and `bytes`. */
export interface Wanted {
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly rows?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, string>>;
  /** An answer that is none of 200 to 299 is one, too: its body need not be what is wanted. */
  readonly anyStatus: boolean;
  readonly countsFailures: boolean;
}

/** How several GETs went; empty: there was one. */
type Samples = readonly { readonly ms: number; readonly isGood: boolean }[];

/** An answer as columns; several rows where `rows` names a list. Throws DiagError where it is not what is wanted. Pure. */
export function columnsOf(answer: Answer, wanted: Wanted, samples: Samples): Reading {
  const page = pageCells(answer, wanted);
  const common: Record<string, Cell> = { ...basics(answer, samples), ...page };
  const { rows, fields, path } = wanted;
  const isGood = answer.status >= 200 && answer.status <= 299;
  // An error page need not be JSON: its status is what the findings ask for.
  const body = Object.keys(fields).length === 0 ? undefined : jsonOf(path, answer, isGood);
  if (rows !== undefined && isGood) {
    const others = Object.entries(common).filter(([name]) => !Object.hasOwn(fields, name));
    const reading = rowsIn(body, { rows, columns: fields }, Object.fromEntries(others));
    if (reading === undefined)
      throw new DiagError("target_error", `GET ${path}: there is no list at ${rows} in its answer`);
    return reading;
  }
  const found = Object.entries(fields).flatMap(([name, at]) => {
    const cell = cellOf(valueAt(body, at));
    return cell === undefined ? [] : [[name, cell] as const];
  });
  const cells = Object.entries({ ...common, ...Object.fromEntries(found) });
  return {
    columns: cells.map(([name]) => ({ name })),
    rows: [cells.map(([, cell]) => cell)],
    more: false,
  };
}

function basics({ status, body, timings }: Answer, samples: Samples): Record<string, Cell> {
  const bytes = Buffer.byteLength(body);
  if (samples.length === 0) return { status, ms: timings.totalMs, bytes };
  const good = samples.filter(({ isGood }) => isGood).map(({ ms }) => ms);
  // What was not answered took no time that could be compared.
  const sorted = good.toSorted((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
  return {
    status,
    ms: median,
    bytes,
    slowest: sorted.at(-1) ?? null,
    failed: samples.length - good.length,
  };
}

/** Headers, texts and metrics. */
function pageCells(answer: Answer, { path, headers, text, metrics }: Wanted): Record<string, Cell> {
  const cells: [string, Cell][] = Object.entries(headers).flatMap(([column, name]) => {
    const value = answer.headers[name.toLowerCase()];
    return value === undefined ? [] : [[column, value.slice(0, MOST_CELL)]];
  });
  if (Object.keys({ ...text, ...metrics }).length === 0) return Object.fromEntries(cells);
  if (answer.isCut) throw new DiagError("output_too_large", `GET ${path}: the page is larger than 1 MiB`);
  for (const [column, wanted] of Object.entries(text))
    cells.push([column, answer.body.split(wanted).length - 1]);
  const known = Object.keys(metrics).length === 0 ? new Map() : metricsIn(answer.body);
  for (const [column, name] of Object.entries(metrics)) {
    const value: unknown = known.get(name);
    if (typeof value === "number") cells.push([column, value]);
  }
  return Object.fromEntries(cells);
}

function jsonOf(path: string, answer: Answer, isGood: boolean): unknown {
  if (answer.isCut) throw new DiagError("output_too_large", `GET ${path}: the body is larger than 64 KiB`);
  try {
    return JSON.parse(answer.body);
  } catch {
    if (!isGood) return undefined;
    throw new DiagError("target_error", `GET ${path} was answered ${answer.status}, but not with JSON`);
  }
}
