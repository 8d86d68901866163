import { type Command, DiagError } from "../src/sdk/index.ts";
import { whichIncident } from "./words.ts";

/** `/diag close <incident or link>`: the incident is over although no notification has said so. */
export const close: Command = {
  name: "close",
  usage: "close <incident or link> [reason]",
  summary: "end an incident whose alert ended unheard (under a silence); what waits is looked at again",
  plan: ([which = "", ...words]) => {
    const found = whichIncident(which);
    if (found !== undefined) return { do: "close", ...found, reason: words.join(" ") };
    throw new DiagError(
      "usage",
      "close needs the number of an incident, or the link to a message of its thread",
      {
        hint: "the number stands in the first message of its thread: `/diag close 12 silenced during the migration`",
      },
    );
  },
};
