import { type Command, DiagError } from "../src/sdk/index.ts";

/** `/diag changes <system>`: what was changed there lately, as tools told of it. */
export const changes: Command = {
  name: "changes",
  usage: "changes <system>",
  summary: "what was deployed, switched or migrated on a system in the last day",
  plan: ([system, ...more]) => {
    if (system === undefined || more.length > 0)
      throw new DiagError("usage", "changes needs one system", { hint: "type `/diag changes <system>`" });
    return { do: "changes", system };
  },
};
