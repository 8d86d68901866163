import { z } from "zod";
import { asWanted } from "../../core/rules/checks/wanted.ts";
import { actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { type Cell, Reading, Wants } from "../../core/words/reading.ts";
import { cellOf, valueAt } from "../json-cells.ts";
import type { Answer, HttpClient } from "./client.ts";
import { Path } from "./shapes.ts";

const { read } = actionsOn<HttpClient>("http");

/**
 * One GET of an author, for checks as data: columns are `status`, `ms` and the named fields of a JSON body (64 KiB at most).
 * A field that is not there has no column. A status that nobody asked for, or a body that is no JSON, is no answer.
 */
export const getJson = read({
  name: "http.get-json",
  title: "Reads fields of a service's JSON",
  input: z.strictObject({
    path: Path,
    /** Column → where it is in the body, e.g. `data.queues[0].length`; `length` of a list counts it. */
    fields: z.record(z.string(), z.string().max(200)).default({}),
    /** Findings look at the status themselves. */
    anyStatus: z.boolean().default(false),
    wants: Wants.prefault({}),
  }),
  output: Reading,
  run: async (client, { path, fields, anyStatus, wants }, context) => {
    const answer = await client.get(path, { timeoutMs: context.timeoutMs - 500 }, context);
    if (!anyStatus && (answer.status < 200 || answer.status > 299)) throw badStatus(path, answer);
    const named = Object.entries(fields);
    // An error page need not be JSON: its status is what the findings ask for.
    const body = named.length === 0 ? undefined : bodyOf(path, answer, anyStatus);
    const found = named.flatMap(([name, at]) => {
      const cell = cellOf(valueAt(body, at));
      return cell === undefined ? [] : [[name, cell] as const];
    });
    const cells: (readonly [string, Cell])[] = [
      ["status", answer.status],
      ["ms", answer.timings.totalMs],
      ...found,
    ];
    const reading = {
      columns: cells.map(([name]) => ({ name })),
      rows: [cells.map(([, cell]) => cell)],
      more: false,
    };
    return asWanted(reading, wants);
  },
});

function badStatus(path: string, { status, redirect, safeBody }: Answer): DiagError {
  const where = redirect === undefined ? "" : ` and leads to ${redirect}`;
  const words = clip(safeBody.replace(/\s+/g, " ").trim(), 160);
  return new DiagError(
    status === 401 || status === 403 ? "target_auth" : "target_error",
    `GET ${path} was answered ${status}${where}${words === "" ? "" : `: ${words}`}`,
    { detail: String(status) },
  );
}

function bodyOf(path: string, answer: Answer, anyStatus: boolean): unknown {
  const isGood = answer.status >= 200 && answer.status <= 299;
  if (answer.isCut) throw new DiagError("output_too_large", `GET ${path}: the body is larger than 64 KiB`);
  try {
    return JSON.parse(answer.body);
  } catch {
    if (anyStatus && !isGood) return undefined;
    throw new DiagError("target_error", `GET ${path} was answered ${answer.status}, but not with JSON`);
  }
}
