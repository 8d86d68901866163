import { type Command, DiagError } from "../src/sdk/index.ts";
import { incidentIn } from "./words.ts";

/** `/diag tick <incident> <checklist> <item> [open]`: an item of an incident's checklist is done, or open again. */
export const tick: Command = {
  name: "tick",
  usage: "tick <incident> <checklist> <item> [open | what it asks for]",
  summary: "say that an item of a checklist is done, or open again",
  plan: ([which = "", checklist, item = "", ...words]) => {
    const incident = incidentIn(which);
    const number = /^[1-9]\d?$/.test(item) ? Number(item) : undefined;
    const isOpened = words.length === 1 && words[0]?.toLowerCase() === "open";
    const said = words.length === 0 || isOpened ? {} : { said: words.join(" ") };
    if (incident !== undefined && checklist !== undefined && number !== undefined)
      return { do: "tick", incident, checklist, item: number, done: !isOpened, ...said };
    throw new DiagError("usage", "tick needs an incident, a checklist and the number of an item", {
      hint: "`/diag tick 12 triage 3`; `/diag tick 12 triage 3 open` takes it back; `/diag tick 12 triage 15 owner=bob due=2026-12-08` where it asks",
    });
  },
};
