import type { Catalog } from "../core/ports/catalog.ts";
import type { Entry, Intake } from "../core/ports/intake.ts";
import type { Reader } from "../core/ports/reader.ts";
import { postmortemOf } from "../core/rules/postmortem/postmortem.ts";
import type { Caller } from "../core/words/caller.ts";
import { DiagError } from "../core/words/errors.ts";
import type { Intent } from "../core/words/intent.ts";
import { type Reply, say } from "../core/words/reply.ts";
import { type Redact, redactDeep } from "../lib/redact.ts";
import { mustBeKnown, mustRead } from "./rights.ts";

interface DoorDeps {
  readonly catalog: Catalog;
  readonly intake: Intake;
  readonly reader: Reader;
  readonly redact?: Redact;
}

/**
 * The record of an incident, made from the rows as they are now: a file of its thread, or, for the command line, the text itself.
 * For those who may read what is found on its system.
 */
export async function showPostmortem(
  { catalog, intake, reader, redact = (text) => text }: DoorDeps,
  { entry, caller }: { readonly entry: Entry; readonly caller: Caller },
  { incident: named, message }: Extract<Intent, { do: "postmortem" }>,
): Promise<Reply> {
  const thread = await reader.threadOf({ ...(named && { incident: named }), ...(message && { message }) });
  const view = thread === undefined ? undefined : await reader.thread(thread);
  const incident = view?.incident;
  if (view === undefined || incident === undefined)
    throw new DiagError("unknown_incident", "there is no such incident", {
      hint: "its number stands in the first message of its thread; a link to that message does as well",
    });
  for (const system of new Set([incident.system, ...view.runs.map((run) => run.system)]))
    if (system === undefined) mustBeKnown(caller, "read an incident of no system");
    else mustRead(catalog, caller, system);
  // Before anything is escaped: a secret with a backslash in it would not be found.
  const safe = redactDeep({ incident, runs: view.runs, checklists: view.checklists ?? [] }, redact);
  const markdown = postmortemOf({ ...safe, now: new Date() });
  const title = `Postmortem of incident #${incident.id}`;
  if (caller.via === "cli") {
    return { ...say(markdown), data: { incident: incident.id, markdown } };
  }
  const { n } = await intake.keepPostmortem(entry, { incident: incident.id, markdown, by: caller });
  return say(
    title,
    `File ${n} comes into its thread within seconds. Situation, timeline, actions, result and figures are filled in; the last part is yours.`,
  );
}
