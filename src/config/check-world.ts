import type { Commands } from "../core/words/command.ts";
import type { Kind } from "../core/words/connection.ts";
import type { ConnectionSettings } from "./schema.ts";

/** Something wrong with a check, below its own place. */
export interface CheckComplaint {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The commands that a connection declares; none where its kind has no such thing. */
export type CommandsOf = (settings: ConnectionSettings) => Commands;
/** Columns of the answer of one of them; undefined: they are known once it was asked. */
export type ColumnsOf = (settings: ConnectionSettings, command: string) => readonly string[] | undefined;

/** What a check is held to besides the systems. */
export interface CheckWorld {
  readonly kinds: readonly Kind[];
  readonly commandsOf: CommandsOf;
  readonly columnsOf: ColumnsOf;
}
