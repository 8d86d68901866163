import { declarationOf } from "../../src/core/rules/commands/declaration.ts";
import type { ConnectionKind } from "../../src/core/words/kind.ts";
import { sha256 } from "../../src/lib/sha256.ts";

/** The digest of a command's declaration in a connection's settings, as a plan holds it. */
export function declaredIn(kind: ConnectionKind, settings: object, command: string): string {
  const parsed: unknown = kind.settings.parse({ ...settings, kind: kind.name });
  return sha256(declarationOf(kind.commands?.(parsed) ?? {}, command));
}
