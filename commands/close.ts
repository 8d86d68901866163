import { type Command, DiagError } from "../src/sdk/index.ts";
import { incidentIn } from "./words.ts";

/** `https://team.slack.com/archives/C0OPS/p1790000000000100`, as "Copy link" of Slack gives it. */
const LINK = /^<?https:\/\/[a-z0-9.-]+\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})(?:[?|].*)?>?$/i;

/** `/diag close <incident or link>`: the incident is over although no notification has said so. */
export const close: Command = {
  name: "close",
  usage: "close <incident or link> [reason]",
  summary: "end an incident whose alert ended unheard (under a silence); what waits is looked at again",
  plan: ([which = "", ...words]) => {
    const reason = words.join(" ");
    const link = LINK.exec(which);
    if (link !== null)
      return { do: "close", message: { channel: link[1] ?? "", ts: `${link[2]}.${link[3]}` }, reason };
    const incident = incidentIn(which);
    if (incident !== undefined) return { do: "close", incident, reason };
    throw new DiagError(
      "usage",
      "close needs the number of an incident, or the link to a message of its thread",
      {
        hint: "the number stands in the first message of its thread: `/diag close 12 silenced during the migration`",
      },
    );
  },
};
