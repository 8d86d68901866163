import { type Command, DiagError } from "../src/sdk/index.ts";
import { whichIncident } from "./words.ts";

/** `/diag checklist <id> <incident or link>`: opens a checklist of diagbot.yaml in the thread of an incident. */
export const checklist: Command = {
  name: "checklist",
  usage: "checklist <id> <incident or link>",
  summary: "open a checklist of diagbot.yaml in the thread of an incident",
  plan: ([id, which = "", ...more]) => {
    const found = whichIncident(which);
    if (id !== undefined && found !== undefined && more.length === 0)
      return { do: "checklist", id, ...found };
    throw new DiagError("usage", "checklist needs the id of a checklist and the number of an incident", {
      hint: "`/diag checklist triage 12`; a link to a message of the thread does as well",
    });
  },
};
