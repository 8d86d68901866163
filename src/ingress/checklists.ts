import type { Catalog } from "../core/ports/catalog.ts";
import type { Entry, Intake } from "../core/ports/intake.ts";
import type { Caller } from "../core/words/caller.ts";
import { DiagError } from "../core/words/errors.ts";
import type { Intent } from "../core/words/intent.ts";
import { type Reply, say } from "../core/words/reply.ts";
import { closest } from "../lib/closest.ts";
import { mustBeKnown } from "./rights.ts";

interface DoorDeps {
  readonly catalog: Catalog;
  readonly intake: Intake;
}
interface Asked {
  readonly entry: Entry;
  readonly caller: Caller;
}

/** Opens a checklist of diagbot.yaml in the thread of an incident. For the people of diagbot.yaml. */
export async function openChecklist(
  { catalog, intake }: DoorDeps,
  { entry, caller }: Asked,
  { id, incident: named, message }: Extract<Intent, { do: "checklist" }>,
): Promise<Reply> {
  mustBeKnown(caller, "open a checklist");
  const known = catalog.checklists ?? [];
  const checklist = known.find((one) => one.id === id);
  if (checklist === undefined) {
    const ids = known.map((one) => one.id);
    const near = closest(id, ids);
    throw new DiagError("usage", `there is no checklist "${id}"`, {
      hint:
        near !== undefined
          ? `did you mean "${near}"?`
          : ids.length === 0
            ? "add one under `checklists` in diagbot.yaml"
            : `known: ${ids.join(", ")}`,
    });
  }
  const { incident, opened } = await intake.openChecklist(entry, {
    checklist,
    by: caller,
    ...(named && { incident: named }),
    ...(message && { message }),
  });
  const title = opened
    ? `"${checklist.title}" is in the thread of incident #${incident}`
    : `"${checklist.title}" is open already in the thread of incident #${incident}`;
  return { ...say(title), data: { incident, checklist: id, opened } };
}

/** Ticks an item, or opens it again. For the people of diagbot.yaml. */
export async function tickItem(
  { intake }: DoorDeps,
  { entry, caller }: Asked,
  { incident, checklist, item, done, said }: Extract<Intent, { do: "tick" }>,
): Promise<Reply> {
  mustBeKnown(caller, "tick an item of a checklist");
  const { text, changed } = await intake.tick(entry, {
    ...{ incident, checklist, item, done, by: caller },
    ...(said === undefined ? {} : { said }),
  });
  const state = done ? "done" : "open again";
  return {
    ...say(
      changed ? `${state === "done" ? "Done" : "Open again"}: ${text}` : `That is ${state} already: ${text}`,
    ),
    data: { incident, checklist, item, done, changed },
  };
}
