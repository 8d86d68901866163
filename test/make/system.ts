import { systemSchema } from "../../src/config/schema.ts";
import { kinds } from "../../src/connectors/index.ts";
import { kindNamed, readConnection } from "../../src/core/rules/connections.ts";
import type { Connection } from "../../src/core/words/connection.ts";
import type { System } from "../../src/core/words/system.ts";

/** A connection as written in diagbot.yaml: `{ kind: "redis", url: "redis://cache" }`. */
export function makeConnection(name: string, written: unknown): Connection {
  const kind = kindNamed(kinds, String((written as { kind: unknown }).kind));
  if (kind === undefined) throw new Error(`no kind of ${JSON.stringify(written)}`);
  return readConnection(kind, name, kind.settings.parse(written));
}

/** A system as written in diagbot.yaml. */
export function makeSystem(id: string, written: unknown = {}): System {
  const { connections, ...more } = systemSchema(kinds).parse(written);
  const made = Object.entries(connections).map(([name, one]) => [name, makeConnection(name, one)] as const);
  return { ...more, id, connections: Object.fromEntries(made) };
}
