import type { Catalog } from "../core/ports/catalog.ts";
import { mayRead } from "../core/rules/readers.ts";
import type { Caller } from "../core/words/caller.ts";
import { DiagError } from "../core/words/errors.ts";

/** Throws `not_allowed` unless the caller may read what is found on the system. */
export function mustRead(catalog: Catalog, caller: Caller, systemId: string): void {
  // Nobody reads: what a schedule finds goes to the system's own channel.
  if (caller.via === "schedule") return;
  const system = catalog.systems.find(({ id }) => id === systemId);
  if (mayRead(system, catalog.people, caller)) return;
  throw new DiagError("not_allowed", `you may not read what is found on ${systemId}`, {
    hint:
      system?.readers === undefined
        ? "ask whoever keeps diagbot.yaml to add you under `people`"
        : `ask whoever keeps diagbot.yaml to add you to the \`readers\` of ${systemId}`,
  });
}

/** Systems the caller may read. */
export const readable = (catalog: Catalog, caller: Caller): string[] =>
  catalog.systems.filter((system) => mayRead(system, catalog.people, caller)).map(({ id }) => id);

/** Throws `not_allowed` unless diagbot.yaml knows the caller. */
export function mustBeKnown(caller: Caller, what: string): void {
  if (caller.principal !== undefined) return;
  throw new DiagError("not_allowed", `you may not ${what}: diagbot.yaml does not know you`, {
    hint:
      caller.via === "cli"
        ? `add \`login: [${caller.name}]\` to a person under \`people\` in diagbot.yaml`
        : "ask whoever keeps diagbot.yaml to add you under `people`",
  });
}
