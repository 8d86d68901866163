import type { Action, ActionContext, WriteAction, WriteContext } from "../core/words/action.ts";
import type { ConnectionFace } from "../core/words/connection.ts";
import { DiagError, toDiagError } from "../core/words/errors.ts";
import type { Json } from "../core/words/json.ts";
import type { StepError } from "../core/words/outcome.ts";
import { underSignal, within } from "../lib/deadline.ts";
import { redactDeep } from "../lib/redact.ts";

/** Largest output of one step kept in the database, in characters of JSON. */
const OUTPUT_LIMIT = 256 * 1024;

/**
 * Runs something of an action within a time limit, even if it ignores its signal. Throws `aborted` when the worker must
 * stop, `timeout` when the time is over.
 */
export async function bounded<T>(
  limits: { timeoutMs: number; stop: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return underSignal({ until: [limits.stop], ms: limits.timeoutMs }, async (signal) => {
    try {
      return await within(work(signal), {
        signal,
        late: () => (limits.stop.aborted ? stopped() : late(limits.timeoutMs)),
      });
    } catch (error) {
      if (limits.stop.aborted) throw stopped();
      if (signal.aborted && !(error instanceof DiagError)) throw late(limits.timeoutMs);
      throw error;
    }
  });
}

const stopped = () => new DiagError("aborted", "the worker stopped");
const late = (ms: number) => new DiagError("timeout", `no answer within ${(ms / 1000).toFixed(0)} s`);

export interface Reached {
  readonly client: unknown;
  readonly face: ConnectionFace;
}

/** Carries out a read: input and output are checked, secrets are taken out, the size is bounded. */
export async function callRead(
  action: Action,
  input: Json,
  { client, face }: Reached,
  options: { stop: AbortSignal; redact: (text: string) => string },
): Promise<Json> {
  const timeoutMs = action.timeoutSeconds * 1000;
  const output = await bounded({ timeoutMs, stop: options.stop }, (signal) =>
    action.effect === "read"
      ? action.run(client, action.input.parse(input), { signal, timeoutMs, connection: face })
      : Promise.reject(new DiagError("bug", `${action.name} is not a read`)),
  );
  return checked(action, output, options.redact);
}

/** Carries out a write, once. The caller has announced it. */
export async function callWrite(
  action: WriteAction,
  input: Json,
  { client, face }: Reached,
  options: {
    stop: AbortSignal;
    redact: (text: string) => string;
    effectKey: string;
    witness: Json;
    remainingMs: () => number;
  },
): Promise<Json> {
  const timeoutMs = options.remainingMs();
  if (timeoutMs <= 0)
    throw new DiagError("target_refused", "too late: the attempt's deadline had passed before it was sent");
  const output = await bounded({ timeoutMs, stop: options.stop }, (signal) => {
    const context: WriteContext = {
      signal,
      timeoutMs,
      connection: face,
      effectKey: options.effectKey,
      witness: options.witness,
      remainingMs: options.remainingMs,
    };
    return action.run(client, action.input.parse(input), context);
  });
  return checked(action, output, options.redact);
}

/** Preview or probe of a write: looks only. */
export const lookAt = <T>(
  action: WriteAction,
  { face }: Reached,
  stop: AbortSignal,
  look: (context: ActionContext) => Promise<T>,
): Promise<T> => {
  const timeoutMs = action.timeoutSeconds * 1000;
  return bounded({ timeoutMs, stop }, (signal) => look({ signal, timeoutMs, connection: face }));
};

function checked(action: Action, output: unknown, redact: (text: string) => string): Json {
  const parsed = action.output.safeParse(output);
  if (!parsed.success)
    throw new DiagError(
      "bad_output",
      `${action.name}: ${parsed.error.issues[0]?.message ?? "unexpected answer"}`,
    );
  // Bounded before it is cleaned and redacted: what comes from outside must not decide how long that takes.
  const size = JSON.stringify(parsed.data ?? null).length;
  if (size > OUTPUT_LIMIT)
    throw new DiagError(
      "output_too_large",
      `${action.name}: ${size} characters, the limit is ${OUTPUT_LIMIT}`,
    );
  return redactDeep(parsed.data, redact) as Json;
}

/** Anything thrown as it is kept in a row. */
export function stepError(thrown: unknown, redact: (text: string) => string): StepError {
  const error = toDiagError(thrown, "target_error");
  const message = redact(error.message).slice(0, 1000);
  // A code of the target's own in most cases; some give the target's last words.
  const detail = error.detail === undefined ? undefined : redact(error.detail).slice(0, 200);
  const said = saidOf(error, redact);
  return {
    code: error.code,
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(said === undefined ? {} : { said }),
    ...(error.hint === undefined ? {} : { hint: redact(error.hint).slice(0, 500) }),
  };
}

/** More fields, or longer ones, tell nothing more. */
const MOST_SAID = { fields: 16, name: 40, text: 500 };

function saidOf({ said }: DiagError, redact: (text: string) => string): StepError["said"] {
  const fields = Object.entries(said ?? {}).slice(0, MOST_SAID.fields);
  if (fields.length === 0) return undefined;
  return Object.fromEntries(
    fields.map(([name, text]) => [
      redact(name.slice(0, MOST_SAID.name)),
      redact(text.slice(0, MOST_SAID.text * 4)).slice(0, MOST_SAID.text),
    ]),
  );
}
