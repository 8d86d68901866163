import { type Command, DiagError } from "../src/sdk/index.ts";
import { whichIncident } from "./words.ts";

/** `/diag postmortem <incident or link>`: the record of an incident as a Markdown file in its thread. */
export const postmortem: Command = {
  name: "postmortem",
  usage: "postmortem <incident or link>",
  summary: "put the record of an incident into its thread as a Markdown file",
  plan: ([which = "", ...more]) => {
    const found = whichIncident(which);
    if (found !== undefined && more.length === 0) return { do: "postmortem", ...found };
    throw new DiagError(
      "usage",
      "postmortem needs the number of an incident, or the link to a message of its thread",
      {
        hint: "the number stands in the first message of its thread: `/diag postmortem 12`",
      },
    );
  },
};
