import { DiagError } from "../../core/words/errors.ts";
import { underSignal } from "../../lib/deadline.ts";

/** Limits of one command. At the deadline its whole process group is killed. */
export interface Limits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Of standard output; beyond it the command is killed. */
  readonly maxBytes: number;
}

/** How a command ended. `cut`: it was killed because it had written `maxBytes`. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly cut: boolean;
}

/** A machine commands run on: this one or one behind SSH. Takes argument lists only, never a shell line. */
export interface Machine {
  /** For messages: `this machine`, `ops@10.0.0.5`. */
  readonly label: string;
  run(argv: readonly string[], limits: Limits): Promise<Ran>;
  close(): Promise<void>;
}

/** Collects output up to a limit; what comes later is dropped. */
export class Gathered {
  readonly #chunks: Buffer[] = [];
  readonly #limit: number;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True while there is room. */
  add(chunk: Buffer): boolean {
    if (this.#size < this.#limit) this.#chunks.push(chunk.subarray(0, this.#limit - this.#size));
    this.#size += chunk.length;
    return !this.isFull;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  get isFull(): boolean {
    return this.#size >= this.#limit;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}

/** The command was taken, and neither it nor what starts it wrote a word in time: `detail` of the error. Trouble reads it. */
export const NO_WORD = "no-word";

/** Why a command was given up: the time limit, or the caller. `taken`: the other side began it and has said nothing since. */
export function givenUp(signal: AbortSignal, label: string, taken = false): DiagError {
  const reason: unknown = signal.reason;
  if (reason instanceof DiagError) return reason;
  if (reason instanceof Error && reason.name === "TimeoutError")
    return taken
      ? new DiagError("timeout", `${label} took the command and wrote nothing in time`, { detail: NO_WORD })
      : new DiagError("timeout", `no answer from ${label} in time`);
  return new DiagError("aborted", `the command on ${label} was stopped`);
}

/** Work under the caller's signal and the time limit in one. */
export const inLimits = <T>(limits: Limits, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  underSignal({ until: [limits.signal], ms: limits.timeoutMs }, work);
