import { z } from "zod";
import { asWanted } from "../../core/rules/checks/wanted.ts";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { DiagError, toDiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { Reading, Wants } from "../../core/words/reading.ts";
import { answerTrouble } from "./answer/say.ts";
import { columnsOf, type Wanted } from "./answer-columns.ts";
import type { Answer, HttpClient } from "./client.ts";
import { readOf } from "./read-of.ts";
import { Path } from "./shapes.ts";

const { read } = actionsOn<HttpClient>("http");
const columns = z.record(z.string(), z.string().max(500)).default({});
/** What is read of a body: 64 KiB of JSON, more of a page that is searched. */
const PAGE_BYTES = 1024 * 1024;
const MOST_MS = 5_000;

/**
 * A GET of an author, for checks as data: columns are `status`, `ms`, `bytes` and what is asked for of a JSON body, of headers, of
 * the text of the page, or of a page of metrics. What is not there has no column. A status that nobody asked for, a body that is
 * no JSON where fields are wanted, or one that is too large to be read whole (64 KiB; 1 MiB of a page), is no answer.
 * With `samples` it is asked so often, one after the other, 5 s each; it stops where asking again costs or cannot tell more.
 */
export const getJson = read({
  name: "http.get-json",
  title: "Reads what a service answers",
  timeoutSeconds: 30,
  input: z.strictObject({
    path: Path,
    /** Column → where it is in the body, e.g. `data.queues[0].length`; `length` of a list counts it. */
    fields: columns,
    rows: z.string().max(200).optional(),
    headers: columns,
    text: columns,
    metrics: columns,
    samples: z.int().min(2).max(10).optional(),
    /** Findings look at the status themselves. */
    anyStatus: z.boolean().default(false),
    /** Findings look at how many of the samples failed. */
    countsFailures: z.boolean().default(false),
    wants: Wants.prefault({}),
  }),
  output: Reading,
  run: async (client, { wants, samples, ...wanted }, context) => {
    const taken = samples === undefined ? [] : await sampled(client, wanted, samples, context);
    const answer = samples === undefined ? await one(client, wanted, context) : answerOf(taken, wanted);
    const tries = taken.map(({ ms, isGood }) => ({ ms, isGood }));
    return judgeable(columnsOf(answer, wanted, tries), wants, isGood(answer) ? undefined : answer);
  },
});

/**
 * The reading, where it can be judged. An answer that is none of 200 to 299, but that findings are about, need not hold what they
 * ask of a good one: those columns are said not to have been seen.
 */
function judgeable(reading: Reading, wants: Wants, ill: Answer | undefined): Reading {
  const has = (name: string) => reading.columns.some((column) => column.name === name);
  const gone = ill === undefined ? [] : wants.columns.filter((name) => !has(name));
  const seen = asWanted(reading, { ...wants, columns: wants.columns.filter((name) => !gone.includes(name)) });
  if (ill === undefined || gone.length === 0) return seen;
  return { ...seen, notSeen: [{ what: gone.join(", "), why: `the answer was ${ill.status}` }] };
}

type Asked = Wanted & { readonly anyStatus: boolean; readonly countsFailures: boolean };

const bytesFor = ({ text, metrics }: Wanted): { maxBytes?: number } =>
  Object.keys({ ...text, ...metrics }).length === 0 ? {} : { maxBytes: PAGE_BYTES };

async function one(client: HttpClient, wanted: Asked, context: ActionContext): Promise<Answer> {
  const timeoutMs = Math.min(10_000, context.timeoutMs - 500);
  const answer = await client.get(wanted.path, { timeoutMs, ...bytesFor(wanted) }, context);
  if (!wanted.anyStatus && !isGood(answer)) throw badStatus(wanted.path, answer);
  return answer;
}

const isGood = ({ status }: Answer): boolean => status >= 200 && status <= 299;

/** One of several GETs: the answer, or why there is none. */
interface Taken {
  readonly ms: number;
  readonly isGood: boolean;
  readonly answer?: Answer;
  readonly error?: DiagError;
}

async function sampled(
  client: HttpClient,
  wanted: Asked,
  most: number,
  context: ActionContext,
): Promise<Taken[]> {
  const taken: Taken[] = [];
  const end = performance.now() + context.timeoutMs - 500;
  while (taken.length < most && performance.now() < end) {
    const begin = performance.now();
    const timeoutMs = Math.min(MOST_MS, end - begin);
    try {
      const answer = await client.get(wanted.path, { timeoutMs, ...bytesFor(wanted) }, context);
      taken.push({ ms: answer.timings.totalMs, isGood: isGood(answer), answer });
      const trouble = answerTrouble(readOf(client, wanted.path, answer));
      // A limit, a refusal or a wrong path: asking again eats the quota or locks the account.
      if (trouble !== undefined && !isGood(answer) && answer.status < 500) break;
      if (answer.headers["retry-after"] !== undefined) break;
    } catch (thrown) {
      const error = toDiagError(thrown);
      if (error.code === "aborted" || context.signal.aborted) throw thrown;
      taken.push({ ms: Math.round(performance.now() - begin), isGood: false, error });
    }
  }
  return taken;
}

/** The answer whose body counts: the first that failed, else the last. Throws where failures are not what the findings are about. */
function answerOf(taken: readonly Taken[], { path, anyStatus, countsFailures }: Asked): Answer {
  const failed = taken.find((sample) => !sample.isGood);
  const answered = taken.findLast(({ answer }) => answer !== undefined)?.answer;
  if (failed !== undefined && !countsFailures) {
    if (failed.error !== undefined) throw failed.error;
    if (!anyStatus && failed.answer !== undefined) throw badStatus(path, failed.answer);
  }
  const counts = failed?.answer ?? answered;
  if (counts !== undefined) return counts;
  throw failed?.error ?? new DiagError("timeout", `there was no time for a GET ${path}`);
}

function badStatus(path: string, { status, redirect, safeBody }: Answer): DiagError {
  const where = redirect === undefined ? "" : ` and leads to ${redirect}`;
  const words = clip(safeBody.replace(/\s+/g, " ").trim(), 160);
  return new DiagError(
    status === 401 || status === 403 ? "target_auth" : "target_error",
    `GET ${path} was answered ${status}${where}${words === "" ? "" : `: ${words}`}`,
    { detail: String(status) },
  );
}
