import assert from "node:assert/strict";
import { inspect } from "node:util";
import { z } from "zod";
import { DiagError, type ErrorCode } from "../../core/words/errors.ts";
import { inTime } from "../../lib/deadline.ts";

/** The words a connector may fail with. */
const CODES: readonly string[] = [
  "bad_parameter",
  "missing_connection",
  "target_auth",
  "target_unreachable",
  "timeout",
  "target_refused",
  "target_error",
  "output_too_large",
  "bad_output",
  "aborted",
];

const MUST_BE =
  "What an action throws is a DiagError: `reachError` makes them of errors of a socket, resolver or TLS handshake, `stopped` of a signal, `refused` where nothing was done";

/** Work that has to end by itself. */
export interface Ending {
  /** For messages: whose work it is. */
  readonly what: string;
  /** After how many milliseconds it should have ended, and how long it is waited for then. */
  readonly timeoutMs: number;
  readonly patienceMs: number;
}

/** What comes of work of a connector: it must end, and fail with nothing but a DiagError. */
export async function ended<T>(ending: Ending, work: () => Promise<T>): Promise<T> {
  const { what, timeoutMs, patienceMs } = ending;
  // What is thrown at once is no different.
  const came = await inTime((async () => work())(), { ms: timeoutMs + patienceMs });
  if (came.state === "done") return came.value;
  if (came.state === "late") throw notEnded(what, patienceMs, "its deadline");
  if (came.error instanceof DiagError) throw came.error;
  throw wrong(`${what} threw ${sayThrown(came.error)}. ${MUST_BE}`, came.error);
}

/** Of what hangs. `since`: what it should have ended at. */
export const notEnded = (what: string, patienceMs: number, since: string): Error =>
  wrong(
    `${what} did not end within ${Math.round(patienceMs / 1000)} s of ${since}. Whatever waits must end with \`context.signal\` and after \`context.timeoutMs\`: exchange, within and underSignal do`,
  );

/** The error of what must fail, one of the closed set. Rejects where it is none, and where it did not fail. */
export async function failed(what: string, running: Promise<unknown>): Promise<DiagError> {
  const error = await running.then(
    (output) => wrong(`${what} has to fail, and was answered: ${inspect(output)}`, output),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DiagError)) throw error;
  assert.ok(CODES.includes(error.code), `${error.code} is not a word of the closed set`);
  return error;
}

/** That an error is of this code; where it is not, it is said with the error's own words. */
export function assertCode({ code: actual, message }: DiagError, code: ErrorCode, what: string): void {
  assert.equal(actual, code, `${what}: ${code} is expected, it was ${actual} (${message})`);
}

/** A value as its schema gives it; `what` begins the sentence that says that it does not fit. */
export function fitting(schema: z.ZodType, value: unknown, what: string): unknown {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw wrong(`${what}: ${z.prettifyError(read.error)}`, value);
}

const wrong = (message: string, actual?: unknown): Error => new assert.AssertionError({ message, actual });

function sayThrown(thrown: unknown): string {
  if (thrown instanceof z.ZodError) return `a ZodError (${z.prettifyError(thrown)})`;
  return thrown instanceof Error ? `a plain ${thrown.name} (${thrown.message})` : inspect(thrown);
}
