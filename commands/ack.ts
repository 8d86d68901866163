import { type Command, DiagError } from "../src/sdk/index.ts";
import { whichIncident } from "./words.ts";

/** `/diag ack <incident or link> [words]`: somebody looks after it, so nobody else is told that nobody does. */
export const ack: Command = {
  name: "ack",
  usage: "ack <incident or link> [words]",
  summary: "say that you look after an incident; nobody further is told of it",
  plan: ([which = "", ...words]) => {
    const found = whichIncident(which);
    if (found !== undefined) return { do: "ack", ...found, words: words.join(" ") };
    throw new DiagError(
      "usage",
      "ack needs the number of an incident, or the link to a message of its thread",
      {
        hint: "the number stands in the first message of its thread: `/diag ack 12 restarting the importer`",
      },
    );
  },
};
