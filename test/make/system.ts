import { kinds } from "../../src/connectors/index.ts";
import type { Connection, ConnectionFace } from "../../src/core/words/connection.ts";
import type { System } from "../../src/core/words/system.ts";
import { makeConnectionOf, makeSystemOf } from "./system-of.ts";

/** A connection of any kind diagbot knows, as written in diagbot.yaml. */
export const makeConnection = (name: string, written: unknown): Connection =>
  makeConnectionOf(kinds, name, written);

/** A system with connections of any kind, as written in diagbot.yaml. */
export const makeSystem = (id: string, written: unknown = {}): System => makeSystemOf(kinds, id, written);

/** As for a run that names no connection: the first of each kind, and the first with an address. */
export const chosen = (connections: readonly ConnectionFace[]): Record<string, string> => ({
  ...Object.fromEntries(connections.toReversed().map(({ kind, name }) => [kind, name])),
  ...Object.fromEntries(
    connections
      .filter(({ endpoint }) => endpoint !== undefined)
      .slice(0, 1)
      .map(({ name }) => ["endpoint", name]),
  ),
});
