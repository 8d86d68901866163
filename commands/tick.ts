import { type Command, DiagError } from "../src/sdk/index.ts";
import { incidentIn } from "./words.ts";

/** `/diag tick <incident> <checklist> <item> [open]`: an item of an incident's checklist is done, or open again. */
export const tick: Command = {
  name: "tick",
  usage: "tick <incident> <checklist> <item> [open]",
  summary: "say that an item of a checklist is done, or open again",
  plan: ([which = "", checklist, item = "", word, ...more]) => {
    const incident = incidentIn(which);
    const number = /^[1-9]\d?$/.test(item) ? Number(item) : undefined;
    const isPlain = more.length === 0 && (word === undefined || word.toLowerCase() === "open");
    if (incident !== undefined && checklist !== undefined && number !== undefined && isPlain)
      return { do: "tick", incident, checklist, item: number, done: word === undefined };
    throw new DiagError("usage", "tick needs an incident, a checklist and the number of an item", {
      hint: "`/diag tick 12 triage 3`; `/diag tick 12 triage 3 open` takes it back",
    });
  },
};
