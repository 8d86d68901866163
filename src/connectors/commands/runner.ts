import type { ActionContext, WriteContext } from "../../core/words/action.ts";
import type { Command, Commands, Values } from "../../core/words/command.ts";
import type { Reading } from "../../core/words/reading.ts";

/** How one kind of connection carries its commands out. `values` are checked; nothing else of a call reaches the target. */
export interface Runner<Client, C extends Command> {
  commands(client: Client): Commands<C>;
  /** Asks a command with effect `read`. */
  ask(client: Client, command: C, values: Values, context: ActionContext): Promise<Reading>;
  /**
   * Carries out a write, once. `target_refused` only where it is proven that nothing was done. Returns what it said: nothing
   * where it may hold secrets.
   */
  send(client: Client, command: C, values: Values, context: WriteContext): Promise<Sent>;
  /** Exactly what would be carried out, e.g. `POST https://api/breakers/zoho/reset {"force":true}`. */
  act(client: Client, command: C, values: Values): string;
}

/** What became of a write: its code (exit code, HTTP status), and columns of its answer where some are declared. */
export interface Sent {
  readonly code: number;
  readonly answer?: Reading;
}
