import type { Kind } from "../words/connection.ts";
import type { Runbook } from "../words/runbook.ts";
import { connectionsOf, type System } from "../words/system.ts";
import { isRunbookDisabled } from "./restrict.ts";

/** Kinds of connection the runbook needs and the system lacks. */
export const missingKinds = (system: System, runbook: Runbook): Kind[] =>
  runbook.needs.filter((kind) => connectionsOf(system, kind).length === 0);

/** Why the runbook is not for this system, whatever kinds of connection it has; undefined: it is. */
export function otherwhere({ id, connections }: System, { only }: Runbook): string | undefined {
  if (only?.systems?.includes(id) === false)
    return `it is for ${only.systems.join(", ") || "no system"} only`;
  const missing = Object.entries(only?.connections ?? {}).find(
    ([name, kind]) => connections[name]?.kind !== kind,
  );
  return missing === undefined ? undefined : `${id} has no ${missing[1]} connection "${missing[0]}"`;
}

/** The system has what the runbook needs, the runbook is for it, and diagbot.yaml does not disable it there. */
export const mayRunOn = (system: System, runbook: Runbook): boolean =>
  missingKinds(system, runbook).length === 0 &&
  otherwhere(system, runbook) === undefined &&
  !isRunbookDisabled(system, runbook.id);

/** Nothing has to be typed for it: every parameter has a default. */
export const needsNoWords = (runbook: Runbook): boolean => runbook.params.safeParse({}).success;
