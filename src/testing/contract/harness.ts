import type { ActionContext, Call } from "../../core/words/action.ts";
import type { ErrorCode } from "../../core/words/errors.ts";

/** A connection as in diagbot.yaml, without `kind`. */
export type Settings = Readonly<Record<string, unknown>>;

/** Something a connector cannot do, and how it must say so. */
export interface Failure {
  readonly settings?: Settings;
  /** Default: the target's `read`. */
  readonly call?: Call;
  readonly code: ErrorCode;
}

/** One write action: the situation it is for, made anew for every test. */
export interface WriteCase {
  prepare(): Promise<Call>;
  /** Takes away a condition the preview rested on: `run` is given the preview's witness, and must refuse. */
  spoil(call: Call): Promise<unknown>;
  /** What this machine lacks for it; its tests are skipped under that name. */
  readonly missing?: string | undefined;
  /** Where nobody can see that it was not done: the probe then says `unknown`, never `done`. */
  readonly notDoneIs?: "unknown";
}

/** What a read shows of something in the target that has been given this name. */
export type NamesOfOthers = (name: string, run: (call: Call) => Promise<unknown>) => Promise<unknown>;

/** A real target of one kind. */
export interface Target {
  /** A connection that works. */
  readonly settings: Settings;
  /** A read that a sound target answers. */
  readonly read: Call;
  /** What stands in `settings` and must never be seen. */
  readonly secrets: readonly string[];
  /** At least `unreachable`, and `denied` where there are credentials. */
  readonly failures: Readonly<Record<string, Failure>>;
  /** Something that never answers: the settings and call that reach it. `begun`: resolves once it is under way. */
  readonly hang: { readonly settings?: Settings; readonly call?: Call; begun?(): Promise<unknown> };
  /** Makes the target send, or try to, far more than anybody wants, best without end: the connector ends it at a limit of bytes. */
  flood(
    open: (settings?: Settings) => unknown,
    context: ActionContext,
    run: (call: Call, settings?: Settings) => Promise<unknown>,
  ): Promise<unknown>;
  /**
   * Gives something in the target this name (as far as it takes such names) and returns what a read shows of it; or why
   * there is no such thing: no read shows a name, text or value that anybody but you chooses.
   */
  readonly foreign: NamesOfOthers | { readonly none: string };
  /** By the name of the action: every write action has one. */
  readonly writes: Readonly<Record<string, WriteCase>>;
  stop(): Promise<unknown>;
}

/** What a connector's contract is tried on: the default export's place is taken by a constant named `harness`. */
export interface Harness {
  /** Why there is no such target on this machine; undefined: there is. */
  readonly missing?: string | undefined;
  start(): Promise<Target>;
}
