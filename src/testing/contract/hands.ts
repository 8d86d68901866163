import assert from "node:assert/strict";
import { inspect } from "node:util";
import { readConnection } from "../../core/rules/connections.ts";
import type { Action, ActionContext, Call, WriteContext } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { ConnectionKind } from "../../core/words/kind.ts";
import type { Settings, Target } from "./harness.ts";

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
/** Names that somebody outside may have chosen; each holds `MARK`. */
export const MARK = "diagbot-name";
export const NAMES = {
  quotes: `${MARK} "it's" \`q\``,
  newline: `${MARK}\nnext line`,
  mention: `${MARK} <!channel> <@U0>`,
  "right-to-left": `${MARK} \u202Egnp.exe`,
  NUL: `${MARK}\u0000end`,
} as const;
/** What a step keeps at most. */
const OUTPUT_BYTES = 256 * 1024;

/** Longer than any step may take: what is slow here is the machine. */
const UNHURRIED_MS = 120_000;

/** What a case has: the target, and a connection to it that is used. */
export interface Holding {
  readonly target: Target;
  readonly hands: Hands;
  skip(reason: string): void;
}

/** Something that holds of a connector. */
export interface Case {
  readonly title: string;
  holds(holding: Holding): Promise<void>;
}

export interface Bounds {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** One connection of a kind in use: opens clients at need, closes all of them. */
export class Hands {
  readonly #clients: unknown[] = [];
  readonly #seen: string[] = [];
  readonly #kind: ConnectionKind;
  readonly #target: Target;

  constructor(kind: ConnectionKind, target: Target) {
    this.#kind = kind;
    this.#target = target;
  }

  get connector(): Connector {
    const { connector } = this.#kind;
    if (connector === undefined) throw new Error(`${this.#kind.name} has no connector`);
    return connector;
  }

  action({ action: wanted }: Call): Action {
    const found = this.connector.actions.find(({ name }) => name === wanted);
    if (found === undefined) throw new Error(`${this.#kind.name} has no action ${wanted}`);
    return found;
  }

  connection(settings: Settings = this.#target.settings) {
    const { name, settings: schema } = this.#kind;
    return readConnection(this.#kind, "x", schema.parse({ ...settings, kind: name }));
  }

  open(settings?: Settings): unknown {
    const client = this.connector.open(this.connection(settings));
    this.#clients.push(client);
    return client;
  }

  context({ signal, timeoutMs = UNHURRIED_MS }: Bounds = {}): WriteContext {
    const end = performance.now() + timeoutMs;
    return {
      signal: signal ?? AbortSignal.timeout(timeoutMs),
      timeoutMs,
      connection: this.connection().face,
      effectKey: "contract",
      witness: null,
      remainingMs: () => end - performance.now(),
    };
  }

  /** Reads, or writes once, as the engine does; what comes of it is remembered for `shown`. */
  async run(call: Call, settings?: Settings, bounds: Bounds = {}): Promise<unknown> {
    const action = this.action(call);
    const context: ActionContext = {
      ...this.context(bounds),
      connection: this.connection(settings).face,
    };
    try {
      const output = await action.run(this.open(settings), action.input.parse(call.input), context as never);
      const parsed = action.output.parse(output);
      this.#seen.push(inspect(parsed, { depth: 20 }));
      return parsed;
    } catch (thrown) {
      this.#seen.push(inspect(thrown, { depth: 5 }));
      throw thrown;
    }
  }

  /** The error of what must not work, one of the closed set. */
  async fail(call: Call, settings?: Settings, bounds?: Bounds): Promise<DiagError> {
    const error = await this.run(call, settings, bounds).then(
      (output) => new Error(`it was answered: ${inspect(output)}`),
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof DiagError)) throw error;
    assert.ok(CODES.includes(error.code), `${error.code} is not a word of the closed set`);
    return error;
  }

  /** Everything that was returned, thrown and printed. */
  shown(): string {
    return this.#seen.join("\n");
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => this.connector.close(client)));
  }
}

/** An output that may be kept: not too large, and what Postgres takes. */
export function storableJson(output: unknown): string {
  const json = JSON.stringify(output ?? null);
  assert.ok(json.length <= OUTPUT_BYTES, `an output of ${json.length} bytes: a step keeps ${OUTPUT_BYTES}`);
  return json;
}
