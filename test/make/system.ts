import { kinds } from "../../src/connectors/index.ts";
import type { Connection } from "../../src/core/words/connection.ts";
import type { System } from "../../src/core/words/system.ts";
import { makeConnectionOf, makeSystemOf } from "./system-of.ts";

/** A connection of any kind diagbot knows, as written in diagbot.yaml. */
export const makeConnection = (name: string, written: unknown): Connection =>
  makeConnectionOf(kinds, name, written);

/** A system with connections of any kind, as written in diagbot.yaml. */
export const makeSystem = (id: string, written: unknown = {}): System => makeSystemOf(kinds, id, written);
