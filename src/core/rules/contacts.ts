import type { Runbook } from "../words/runbook.ts";
import type { System } from "../words/system.ts";
import type { RunView } from "../words/view.ts";

/** Somebody to ask about what was found. */
export type Contact = System["contacts"][number];

interface Known {
  readonly runbooks: readonly Runbook[];
  readonly systems: readonly System[];
}

/**
 * Contacts of the run's system: those named for its runbook, for a kind of connection the runbook needs or for a connection
 * it looked at, and those that are for everything. Nobody for a system that is not configured any more.
 */
export function contactsOfRun(
  { runbooks, systems }: Known,
  { system, runbook, steps }: Pick<RunView, "system" | "runbook" | "steps">,
): readonly Contact[] {
  const kinds = runbooks.find(({ id }) => id === runbook)?.needs ?? [];
  const topics = new Set<string>([runbook, ...kinds, ...steps.map(({ on }) => on)]);
  const contacts = systems.find(({ id }) => id === system)?.contacts ?? [];
  return contacts.filter(({ for: topic }) => topic === undefined || topics.has(topic));
}
