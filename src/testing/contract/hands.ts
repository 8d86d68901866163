import assert from "node:assert/strict";
import { inspect } from "node:util";
import { readConnection } from "../../core/rules/connections.ts";
import type { Action, Call, Preview, Probed, WriteAction, WriteContext } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import type { DiagError } from "../../core/words/errors.ts";
import type { Json } from "../../core/words/json.ts";
import type { ConnectionKind } from "../../core/words/kind.ts";
import { inTime } from "../../lib/deadline.ts";
import { ended, failed, fitting, notEnded } from "./ended.ts";
import type { Settings, Target } from "./harness.ts";

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
  /** Of a write: what its preview returned. An undo is sent without, as the engine does it. */
  readonly witness?: Json;
  /** Of a write: default, what is left of `timeoutMs`. */
  remainingMs?(): number;
}

/** One connection of a kind in use: opens clients at need, closes all of them. */
export class Hands {
  readonly patienceMs: number;
  readonly #clients: unknown[] = [];
  readonly #seen: string[] = [];
  readonly #kind: ConnectionKind;
  readonly #target: Target;

  constructor(kind: ConnectionKind, target: Target, patienceMs: number) {
    this.#kind = kind;
    this.#target = target;
    this.patienceMs = patienceMs;
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

  context({ signal, timeoutMs = UNHURRIED_MS, witness = null, remainingMs }: Bounds = {}): WriteContext {
    const end = performance.now() + timeoutMs;
    return {
      signal: signal ?? AbortSignal.timeout(timeoutMs),
      timeoutMs,
      connection: this.connection().face,
      effectKey: "contract",
      witness,
      remainingMs: remainingMs ?? (() => end - performance.now()),
    };
  }

  /** Reads, or writes once, as the engine does; what comes of it is remembered for `shown`. */
  async run(call: Call, settings?: Settings, bounds: Bounds = {}): Promise<unknown> {
    const action = this.action(call);
    const { input, output, name: what } = action;
    const context = { ...this.context(bounds), connection: this.connection(settings).face };
    const given = fitting(input, call.input, `the harness gives ${what} what its \`input\` does not take`);
    try {
      const made = await ended({ what, timeoutMs: context.timeoutMs, patienceMs: this.patienceMs }, () =>
        action.run(this.open(settings), given, context),
      );
      const kept = fitting(output, made, `${what} returned what its \`output\` does not take`);
      this.#seen.push(inspect(kept, { depth: 20 }));
      return kept;
    } catch (thrown) {
      this.#seen.push(inspect(thrown, { depth: 5 }));
      throw thrown;
    }
  }

  preview(action: WriteAction, call: Call): Promise<Preview> {
    return this.#looks(`the preview of ${action.name}`, (context) =>
      action.preview(this.open(), action.input.parse(call.input), context),
    );
  }

  probe(action: WriteAction, call: Call, witness: Json): Promise<Probed> {
    return this.#looks(`the probe of ${action.name}`, (context) =>
      action.probe(this.open(), action.input.parse(call.input), witness, context),
    );
  }

  /** The error of what must not work, one of the closed set. */
  fail(call: Call, settings?: Settings, bounds?: Bounds): Promise<DiagError> {
    return failed(call.action, this.run(call, settings, bounds));
  }

  /** Everything that was returned, thrown and printed. */
  shown(): string {
    return this.#seen.join("\n");
  }

  /** A client that does not let go is left behind, and said to be. */
  async close(): Promise<void> {
    const closing = this.#clients.splice(0).map((client) => this.connector.close(client));
    const closed = await inTime(Promise.all(closing), { ms: this.patienceMs });
    if (closed.state === "failed") throw closed.error;
    if (closed.state === "late") throw notEnded("`close` of the connector", this.patienceMs, "its call");
  }

  #looks<T>(what: string, look: (context: WriteContext) => Promise<T>): Promise<T> {
    const context = this.context();
    return ended({ what, timeoutMs: context.timeoutMs, patienceMs: this.patienceMs }, () => look(context));
  }
}

/** An output that may be kept: not too large, and what Postgres takes. */
export function storableJson(output: unknown): string {
  const json = JSON.stringify(output ?? null);
  assert.ok(json.length <= OUTPUT_BYTES, `an output of ${json.length} bytes: a step keeps ${OUTPUT_BYTES}`);
  return json;
}
