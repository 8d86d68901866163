import { type Command, DiagError } from "../src/sdk/index.ts";
import { incidentIn } from "./words.ts";

/** `/diag open <incident>`: an alert group that a storm shows as a line gets a thread of its own. */
export const open: Command = {
  name: "open",
  usage: "open <incident>",
  summary: "give an alert group of a storm a thread of its own",
  plan: ([which = "", ...more]) => {
    const incident = incidentIn(which);
    if (incident === undefined || more.length > 0)
      throw new DiagError("usage", "open needs the number of an incident", {
        hint: "it stands in its line of the storm: `/diag open 12`; `/diag storm` finds it",
      });
    return { do: "open", incident };
  },
};
