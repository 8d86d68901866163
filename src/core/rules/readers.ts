import type { Caller } from "../words/caller.ts";
import type { Principal } from "../words/policy.ts";

/** In `readers:` of a system: every full member of the workspace. */
export const EVERYBODY = "everybody";

/** A system as far as reading goes; undefined where a run's system has left diagbot.yaml. */
type Readable = { readonly readers?: readonly string[] | undefined } | undefined;

/**
 * May the caller read what is found on the system (findings, status, history, details) and ask for it? `readers` names
 * people and roles. Without it: the people of diagbot.yaml, and every account of a command line that can reach the
 * database anyway. What is said in a channel is for those who are in the channel.
 */
export function mayRead(
  system: Readable,
  people: readonly Principal[],
  caller: Pick<Caller, "via" | "principal">,
): boolean {
  const readers = system?.readers;
  if (readers === undefined) return caller.principal !== undefined || caller.via === "cli";
  if (readers.includes(EVERYBODY)) return true;
  const person = people.find(({ id }) => id === caller.principal);
  return person !== undefined && readers.some((word) => word === person.id || person.roles.includes(word));
}
