import { systemSchema } from "../../src/config/schema.ts";
import { kindNamed, readConnection } from "../../src/core/rules/connections.ts";
import type { Connection } from "../../src/core/words/connection.ts";
import type { ConnectionKind } from "../../src/core/words/kind.ts";
import type { System } from "../../src/core/words/system.ts";

/** A connection as written in diagbot.yaml: `{ kind: "redis", url: "redis://cache" }`. */
export function makeConnectionOf(
  kinds: readonly ConnectionKind[],
  name: string,
  written: unknown,
): Connection {
  const kind = kindNamed(kinds, String((written as { kind: unknown }).kind));
  if (kind === undefined) throw new Error(`no kind of ${JSON.stringify(written)}`);
  return readConnection(kind, name, kind.settings.parse(written));
}

/** A system as written in diagbot.yaml, where only these kinds are known: programs that are bundled load no other. */
export function makeSystemOf(kinds: readonly ConnectionKind[], id: string, written: unknown = {}): System {
  const { connections, ...more } = systemSchema(kinds).parse(written);
  const made = Object.entries(connections).map(
    ([name, one]) => [name, makeConnectionOf(kinds, name, one)] as const,
  );
  return { ...more, id, connections: Object.fromEntries(made) };
}
